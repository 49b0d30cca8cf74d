# SPDX-License-Identifier: MIT
"""Make the copy of the ISO that one run boots, with the kernel's command line in it."""

import os
import re
import subprocess
import sys

import words
from machine import SetupError

# Arguments that GRUB, its quoting and the kernel's command line all pass on unchanged.
_ARGUMENT = re.compile(r"[a-z][a-z0-9_]*=[A-Za-z0-9_.,:;*?\[\]!/+@%^-]+")


def check(arguments):
    """Raise SetupError for an argument that cannot reach the kernel as it was typed, or that it
    would not understand."""
    understood = words.read()
    for argument in arguments:
        if not _ARGUMENT.fullmatch(argument):
            raise SetupError("not a key=value word that can be passed on: '%s' (%s)" % (
                argument, "one machine runs at a time" if "=" not in argument else
                "no value" if argument.endswith("=") else
                "keys are lower case; no spaces, quotes or shell signs; tests=GLOB,GLOB is one word"))
        why = words.objection(understood, argument)
        if why:
            raise SetupError(why)


def config(arguments):
    """GRUB's script for this run: no menu, no wait. Quotes keep globs from being expanded."""
    line = " ".join("'%s'" % a for a in arguments)
    return "multiboot2 /boot/keyward.bin %s\nboot\n" % line


def make(iso, out, arguments):
    """Copy `iso` to `out`, so that it boots at once with these arguments."""
    make_script(iso, out, config(arguments).encode("ascii"))


def make_script(iso, out, script):
    """Copy `iso` to `out` with /boot/grub/run.cfg, which iso/grub.cfg prefers to its menu."""
    cfg = out + ".cfg"
    with open(cfg, "wb") as file:
        file.write(script)
    # GRUB finds its folder by the volume's date, so the copy must have the same date.
    date = _volume_date(iso)
    if os.path.exists(out):
        os.remove(out)
    try:
        run = subprocess.run(
            ["xorriso", "-indev", iso, "-outdev", out, "-boot_image", "any", "replay",
             "-volume_date", "uuid", date, "-map", cfg, "/boot/grub/run.cfg", "-commit"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    except FileNotFoundError as error:
        raise SetupError("xorriso is missing; this installs it: tools/install run") from error
    finally:
        os.remove(cfg)
    if run.returncode or not os.path.exists(out):
        raise SetupError("xorriso could not copy %s:\n%s" % (iso, run.stdout))


def _volume_date(iso):
    """The ISO 9660 primary descriptor's modification date (sector 16, offset 830)."""
    with open(iso, "rb") as file:
        file.seek(16 * 2048 + 830)
        return file.read(16).decode("ascii", "replace")


if __name__ == "__main__":      # tools/mknetboot needs only the script
    try:
        check(sys.argv[1:])
    except SetupError as problem:
        sys.exit("mknetboot: %s" % problem)
    sys.stdout.write(config(sys.argv[1:]))
