# SPDX-License-Identifier: MIT
"""Make the boot medium of one run: a CD, a USB stick, or a tree on a server.

A machine's `medium` names one of MEDIA. Each writes files into the run's folder that the machine's
command names in braces. All media hold the kernel of the given ISO.
"""

import os
import subprocess
import sys

import runiso
from machine import TOP, SetupError

STICK = 64 << 20        # bytes; larger than the ISO, as a stick is


def _iso(iso, folder, words):
    runiso.make(iso, os.path.join(folder, "iso"), words)


def _usb(iso, folder, words):
    """A stick written by tools/usb, as a user would do it."""
    _iso(iso, folder, words)
    stick = os.path.join(folder, "usb")
    with open(stick, "wb") as file:
        file.truncate(STICK)
    _tool(["tools/usb", "--iso", os.path.join(folder, "iso"), "--file", "--write", stick], "usb\n")


def _net(iso, folder, words):
    kernel = os.path.join(folder, "kernel")
    _tool(["xorriso", "-osirrox", "on", "-indev", iso, "-extract", "/boot/keyward.bin", kernel])
    _tool(["tools/mknetboot", kernel, os.path.join(folder, "net"), *words])


def _tool(command, answer=""):
    try:
        run = subprocess.run(command, cwd=TOP, input=answer, stdout=subprocess.PIPE, text=True,
                             stderr=subprocess.STDOUT, check=False)
    except FileNotFoundError as error:
        raise SetupError("%s is missing; this installs it: tools/install run"
                         % command[0]) from error
    if run.returncode:
        raise SetupError("%s failed:\n%s" % (command[0], run.stdout))


MEDIA = {"iso": _iso, "usb": _usb, "net": _net}


def make(medium, iso, folder, words):
    """Make the medium, with these key=value words as the kernel's command line; returns the values
    of the names in braces."""
    if medium not in MEDIA:
        raise SetupError("no medium is called %s; there are: %s" % (medium, " ".join(MEDIA)))
    MEDIA[medium](os.path.abspath(iso), folder, words)
    places = {name: os.path.join(folder, name) for name in ("iso", "usb", "net", "log")}
    return {**places, "http": "%s %s %s" % (sys.executable, os.path.join(TOP, "tools/lib/http1.py"),
                                            places["net"])}
