# SPDX-License-Identifier: MIT
"""tools/mknetboot: the tree it makes and what it refuses; and the HTTP server of one connection."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "system", "tools"))

from test_host import script        # noqa: E402

LOADERS = ("boot/grub/i386-pc/core.0", "boot/grub/x86_64-efi/core.efi", "keyward.efi")


@unittest.skipUnless(shutil.which("grub-mknetdir"), "GRUB is not installed")
class Netboot(unittest.TestCase):
    """tools/mknetboot."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.kernel = self.path("kernel")
        with open(self.kernel, "wb") as file:
            file.write(b"not a kernel\n" * 1000)
        self.tree = self.path("net")

    def tearDown(self):
        self.scratch.cleanup()

    def path(self, *names):
        """A file of this case."""
        return os.path.join(self.scratch.name, *names)

    def make(self, *words, tree=None, **env):
        """Make the tree; returns (exit status, output)."""
        return script("tools/mknetboot", self.kernel, tree or self.tree, *words, **env)

    def read(self, name, tree=None):
        """A file of the tree."""
        with open(os.path.join(tree or self.tree, name), "rb") as file:
            return file.read()

    def files(self, tree):
        """The content of each file of a tree."""
        return {os.path.relpath(os.path.join(folder, name), tree): self.read(
            os.path.join(folder, name)) for folder, _, names in os.walk(tree) for name in names}

    def test_the_tree_has_kernel_menu_and_loaders(self):
        self.assertEqual(self.make(), (0, ""))
        whole, menu = self.read("boot/keyward.bin"), self.read("boot/grub/grub.cfg")
        with open(os.path.join(TOP, "iso", "grub.cfg"), "rb") as file:
            self.assertEqual(menu, file.read())
        with open(self.kernel, "rb") as file:
            self.assertEqual(whole, file.read())
        self.assertIn(whole, self.read("keyward.efi"))
        self.assertIn(menu, self.read("keyward.efi"))
        self.assertFalse(os.path.exists(self.path("net/boot/grub/run.cfg")))
        for loader in LOADERS:
            self.assertIn(loader, self.read("README").decode())
            self.assertGreater(len(self.read(loader)), 10000)
        self.assertEqual(os.stat(self.tree).st_mode & 0o555, 0o555, "a server may read it")

    def test_words_reach_the_tree_and_keyward_efi(self):
        self.assertEqual(self.make("pks=strict", "tests=policy.*"), (0, ""))
        run = b"multiboot2 /boot/keyward.bin 'pks=strict' 'tests=policy.*'\nboot\n"
        self.assertEqual(self.read("boot/grub/run.cfg"), run)
        self.assertIn(run, self.read("keyward.efi"))

    def test_the_tree_is_reproducible_and_replaces_an_older_one(self):
        self.make("pks=strict")
        time.sleep(1.1)
        other = self.path("other name")
        for words in ((), ("pks=strict",)):
            self.assertEqual(self.make(*words, tree=other), (0, ""))
        self.assertTrue(self.files(self.tree) == self.files(other))
        self.assertEqual(sorted(os.listdir(self.scratch.name)), ["kernel", "net", "other name"])

    def test_words_that_cannot_be_passed_on_are_refused(self):
        status, output = self.make("pks=a b")
        self.assertEqual(status, 2)
        self.assertIn("mknetboot: not a key=value word", output)
        self.assertEqual(os.listdir(self.scratch.name), ["kernel"])

    def test_missing_arguments_and_a_missing_kernel_are_refused(self):
        self.assertEqual(script("tools/mknetboot", self.kernel)[0], 2)
        self.kernel += "s"
        status, output = self.make()
        self.assertEqual(status, 2)
        self.assertIn("make kernel", output)

    def test_a_folder_that_is_no_tree_is_not_replaced(self):
        os.mkdir(self.tree)
        with open(self.path("net", "thesis"), "w", encoding="ascii") as file:
            file.write("years of work")
        status, output = self.make()
        self.assertEqual(status, 2)
        self.assertIn("is no earlier tree", output)
        self.assertEqual(os.listdir(self.tree), ["thesis"])

    def test_a_failure_of_grub_leaves_no_tree(self):
        os.mkdir(self.path("bin"))
        with open(self.path("bin", "grub-mknetdir"), "w", encoding="ascii") as file:
            file.write("#!/bin/sh\necho disk full; exit 1\n")
        os.chmod(self.path("bin", "grub-mknetdir"), 0o755)
        status, output = self.make(PATH=self.path("bin") + ":" + os.environ["PATH"])
        self.assertEqual((status, output), (1, "disk full\n"))
        self.assertEqual(sorted(os.listdir(self.scratch.name)), ["bin", "kernel"])


class Lacking(unittest.TestCase):
    """tools/mkiso and tools/mknetboot without a part of GRUB."""

    def test_missing_tools_and_platforms_are_named(self):
        with tempfile.TemporaryDirectory() as scratch:
            for tool in ("sh", "dirname", "env"):
                os.symlink(shutil.which(tool), os.path.join(scratch, tool))
            for name in ("mkiso", "mknetboot"):
                status, output = script("tools/" + name, "kernel", "out", PATH=scratch)
                self.assertEqual(status, 2)
                self.assertRegex(output, r"^%s: grub-mk\w+ is missing; this installs what is needed: "
                                 "tools/install run\n$" % name)
            for here, lacks in ((None, "i386-pc"), ("i386-pc", "x86_64-efi")):
                if here:
                    os.mkdir(os.path.join(scratch, here))
                    with open(os.path.join(scratch, here, "multiboot2.mod"), "wb"):
                        pass
                for name in ("mkiso", "mknetboot"):
                    status, output = script("tools/" + name, "kernel", "out", KEYWARD_GRUB=scratch)
                    self.assertEqual(status, 2)
                    self.assertIn("%s: GRUB's modules for %s are missing" % (name, lacks), output)


class Http(unittest.TestCase):
    """tools/lib/http1.py, which answers UEFI's HTTP boot in QEMU."""

    def test_one_connection_answers_several_requests(self):
        with tempfile.TemporaryDirectory() as scratch:
            with open(os.path.join(scratch, "a.efi"), "wb") as file:
                file.write(b"whole")
            done = subprocess.run(
                [sys.executable, os.path.join(TOP, "tools", "lib", "http1.py"), scratch],
                input=b"HEAD /a.efi HTTP/1.1\r\nHost: x\r\n\r\nGET /a.efi HTTP/1.1\r\nHost: x\r\n\r\n"
                b"GET /../none HTTP/1.1\r\nHost: x\r\n\r\n", stdout=subprocess.PIPE, check=True)
        head, get, none = done.stdout.split(b"HTTP/1.1 ")[1:]
        for answer in (head, get):
            self.assertTrue(answer.startswith(b"200 "), done.stdout)
            self.assertIn(b"Content-Length: 5\r\n", answer)
        self.assertTrue(head.endswith(b"\r\n\r\n"))
        self.assertTrue(get.endswith(b"\r\n\r\nwhole"))
        self.assertTrue(none.startswith(b"404 "))


if __name__ == "__main__":
    unittest.main()
