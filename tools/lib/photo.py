# SPDX-License-Identifier: MIT
"""Read the QR codes in photographs of a screen (kernel/codes.h) and put their parts together.

The photographs come in any order, with one code or several in each, and a code may be there more than
once. zbarimg reads them; what it does not read at first it may after ImageMagick has changed the
picture.
"""

import re
import shutil
import subprocess

from machine import SetupError
from image import hash64

# How files of pictures begin.
_PICTURE = re.compile(rb"\x89PNG\r\n|\xff\xd8\xff|P[1-6]\s|GIF8|BM....\0\0\0\0|RIFF....WEBP|II\*\0|MM\0\*"
                      rb"|....ftyp(?:heic|heix|mif1|avif)", re.DOTALL)
_HEAD = re.compile(rb"^KEYWARD1 ([0-9a-f]{16}) (\d{1,3})/(\d{1,3}) (\d{1,4})\n", re.MULTILINE)
# What ImageMagick tries, one after the other, until no code is missing.
TREATMENTS = (["-colorspace", "Gray", "-normalize"], ["-resize", "50%"], ["-resize", "25%"],
              ["-resize", "200%"], ["-blur", "0x1.5", "-normalize"])


def is_picture(data):
    """Whether a file's bytes are those of a picture, not of a log."""
    return bool(_PICTURE.match(data))


class Album:
    """The codes found so far."""

    def __init__(self):
        self.run = None         # (checksum, number of codes)
        self.parts = {}         # number of a code -> its part of the text

    def take(self, raw, path):
        """Take what zbarimg read in a picture; returns how many codes it has."""
        heads = list(_HEAD.finditer(raw))
        for head in heads:
            run, number = (head[1].decode(), int(head[3])), int(head[2])
            part = raw[head.end():head.end() + int(head[4])]
            if len(part) != int(head[4]) or not 0 < number <= run[1]:
                raise SetupError("%s: a code that is damaged" % path)
            if self.run not in (None, run):
                raise SetupError("%s: this picture is of another run than those before it: judge "
                                 "each run by itself" % path)
            if self.parts.setdefault(number, part) != part:
                raise SetupError("%s: code %d is there twice, and differs" % (path, number))
            self.run = run
        return len(heads)

    def missing(self):
        """The numbers of the codes that no picture has; [1] if there is none at all."""
        return [n for n in range(1, (self.run[1] if self.run else 1) + 1) if n not in self.parts]

    def text(self):
        """The whole text; SetupError without one."""
        if not self.run:
            raise SetupError("no code of Keyward's was found in the pictures: take them again, sharp, "
                             "with the whole screen and little else")
        if self.missing():
            raise SetupError("the pictures lack code %s of %d: take that page again; the pictures of "
                             "the other pages are good" % (", ".join(map(str, self.missing())), self.run[1]))
        whole = b"".join(self.parts[n] for n in sorted(self.parts))
        if "%016x" % hash64(0, whole) != self.run[0]:
            raise SetupError("the codes do not add up to what the kernel wrote: take the pictures again")
        return whole


def _zbar(path, data=None):
    """What zbarimg reads in a file, or in a picture's bytes; b"" without a code."""
    done = subprocess.run(["zbarimg", "--raw", "--quiet", "-Sdisable", "-Sqrcode.enable", path],
                          input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode not in (0, 4):       # 4: it has found none
        raise SetupError("%s: zbarimg cannot read it: %s"
                         % (path, " ".join(done.stderr.decode(errors="replace").split())[-200:]))
    return done.stdout


def imagemagick():
    """The path of ImageMagick's program, or None. Other programs are called `convert` too: it comes last."""
    return next(filter(None, map(shutil.which, ("magick", "convert-im6.q16", "convert"))), None)


def _treated(path, treatment):
    """The picture as ImageMagick changes it; None if it cannot."""
    tool = imagemagick()
    done = tool and subprocess.run([tool, path, *treatment, "png:-"], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, check=False)
    return done.stdout if done and not done.returncode else None


def read(paths):
    """The lines that the codes in these pictures hold. SetupError if they are not whole."""
    if not shutil.which("zbarimg"):
        raise SetupError("zbarimg is missing, which reads codes; this installs it: tools/install test, "
                         "or apt-get install zbar-tools")
    album = Album()
    for path in paths:
        album.take(_zbar(path), path)
    for treatment in TREATMENTS:
        for path in paths if album.missing() else ():
            changed = _treated(path, treatment)
            if changed:
                album.take(_zbar("png:-", changed), path)
    return album.text().decode("ascii", "replace").splitlines()
