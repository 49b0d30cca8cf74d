# SPDX-License-Identifier: MIT
"""The cases about images of persistent memory that hold no store, or a damaged one: each is refused in
one clear line, and the file is as it was. tests/host/t_store_*.c have many more, without a boot."""

import os
import random
import re

from cases import add
from guest import FAILED
from store_image import SIZE, block, image

LENGTH = 2 << 20    # of the file; the kernel looks at its first 128 KiB


def refuses_image(name, line, data):
    """A case with this image: its store is refused with this line, and nothing is written."""
    data = data + bytes(LENGTH - len(data))

    def case(host):
        path = os.path.join(host.folder, "pmem")
        with open(path, "wb") as file:
            file.write(data)
        boot = host.boot(
            words=["tests=powercut.*"], board="q35,nvdimm=on", memory="256M,slots=2,maxmem=2G", ending=True,
            vga=False, more=("-object", "memory-backend-file,id=pmem,share=on,mem-path=%s,size=%d"
                             % (path, LENGTH), "-device", "nvdimm,memdev=pmem"))
        problems = [] if boot.status == FAILED else ["no test has failed, " + boot.end()]
        problems += boot.on_every_console("^# store: pmem0: refused: %s$" % re.escape(line))
        problems += boot.on_every_console("^# store: pmem0: nothing was written; format=yes makes a new "
                                          "store$")
        with open(path, "rb") as file:
            if file.read() != data:
                problems.append("the image has changed")
        return boot, problems
    add("store." + name, case)


NONE = "there is no store: no superblock (byte 0)"
refuses_image("zeros", NONE, b"")
refuses_image("random_bytes", NONE, random.Random(1).randbytes(LENGTH))
refuses_image("another_version", "the store is of another version (byte 0)",
              image(second=block(2, 2, 2, 8448, version=2)))
refuses_image("longer_than_its_medium", "the store is longer than its medium (byte 0)",
              image(*2 * [block(2, 2, 2, 8448, size=256 << 10)]))
refuses_image("damaged_record", "a record is damaged (byte 8256)",
              image()[:8300] + b"!" + image()[8301:SIZE])
