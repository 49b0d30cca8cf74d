# SPDX-License-Identifier: MIT
"""tools/run --pmem, and a machine whose emulator lacks a device."""

import os

from test_ktap import GOOD
from test_run import Case


class PersistentMemory(Case):
    """The image of a machine's persistent memory: the machine finds `old` or nothing in it and
    leaves `new` there."""

    def setUp(self):
        super().setUp()
        self.machine(GOOD, then="cp {pmem} %s; echo {pmem_size} >%s; printf new >{pmem}" % (
            self.path("found"), self.path("size")), extra="pmem = 2M")

    def found(self):
        """What the machine found, without the zeros of a new image, and its size."""
        with open(self.path("found"), "rb") as found, open(self.path("size"), "rb") as size:
            return found.read().rstrip(b"\0"), int(size.read())

    def test_the_image_is_new_for_each_run(self):
        for _ in range(2):
            self.assertEqual(self.run_it()[0], 0)
            self.assertEqual(self.found(), (b"", 2 << 20))
        self.assertEqual(os.listdir(self.path("build/run")), [])

    def test_the_users_image_is_kept(self):
        image = self.path("image")
        self.assertEqual(self.run_it("--pmem", image)[0], 0)
        self.assertEqual(self.found(), (b"", 2 << 20))
        with open(image, "rb") as file:
            self.assertEqual(file.read(), b"new")
        self.assertEqual(self.run_it("--pmem", image)[0], 0)
        self.assertEqual(self.found(), (b"new", 3))     # as long as it is

    def test_only_a_new_image_may_be_formatted_unasked(self):
        self.machine(GOOD, then="grep -ao 'format=[a-z]*' {iso} | sort -u >%s" % self.path("format"),
                     extra="pmem = 2M")
        for arguments, words in (((), "format=yes\n"), (("format=no",), "format=no\n"),
                                 (("--pmem", self.path("image")), ""),
                                 (("--pmem", self.path("image"), "format=yes"), "format=yes\n")):
            self.assertEqual(self.run_it(*arguments)[0], 0)
            with open(self.path("format"), encoding="utf-8") as file:
                self.assertEqual(file.read(), words, arguments)
        self.machine(GOOD, then="grep -ao 'format=[a-z]*' {iso} >%s" % self.path("format"))
        self.assertEqual(self.run_it()[0], 0)
        self.assertEqual(os.path.getsize(self.path("format")), 0)

    def test_2_an_image_that_cannot_be_made(self):
        status, out = self.run_it("--pmem", self.path("nowhere/image"))
        self.assertEqual(status, 2)
        self.assertIn("no image of 2M can be made", out)

    def test_2_a_machine_without_persistent_memory(self):
        self.machine(GOOD)
        status, out = self.run_it("--pmem", self.path("image"))
        self.assertEqual(status, 2)
        self.assertIn("fake has no persistent memory for --pmem", out)
        self.assertFalse(os.path.exists(self.path("image")))

    def test_an_emulator_without_the_device_is_skipped(self):
        fake = self.path("emulator")
        with open(fake, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n[ $1 = --version ] && exec echo version 1.2\nexit 1\n")
        os.chmod(fake, 0o755)
        with open(self.path("machines/fake"), "w", encoding="utf-8") as file:
            file.write("[machine]\nemulator = %s\ncommand = {iso}\ndevices = nvdimm\n" % fake)
        why = "fake needs an emulator with the device nvdimm; this one is version 1.2"
        status, out = self.run_it("--tap")
        self.assertEqual((status, out), (0, "ok 1 - fake # SKIP %s\n1..1\n" % why))
        status, out = self.run_it()
        self.assertEqual(status, 2)
        self.assertIn(why, out)
