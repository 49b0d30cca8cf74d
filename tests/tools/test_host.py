# SPDX-License-Identifier: MIT
"""The set-up scripts: what they refuse, what they leave alone, and that they say why."""

import os
import shutil
import subprocess
import tempfile
import time
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def script(name, *arguments, **env):
    """Run a script of tools/; returns (exit status, everything it said)."""
    done = subprocess.run([os.path.join(TOP, name), *arguments], text=True, check=False,
                          env={**os.environ, **env}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


class Install(unittest.TestCase):
    """tools/install and the front door."""

    def test_quick_and_silent_when_all_is_there(self):
        started = time.monotonic()
        status, said = script("tools/install", "test")
        self.assertEqual((status, said), (0, ""))
        self.assertLess(time.monotonic() - started, 0.5)

    def test_usage(self):
        self.assertEqual(script("tools/install", "everything")[0], 2)

    def test_help_names_the_two_commands(self):
        status, said = script("keyward", "help")
        self.assertEqual(status, 0)
        self.assertIn("./keyward run", said)
        self.assertIn("./keyward test", said)


class Bochs(unittest.TestCase):
    """tools/fetch-bochs, without fetching."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.cache = os.path.join(self.scratch.name, "cache")
        self.bin = os.path.join(self.scratch.name, "bin")
        os.mkdir(self.bin)

    def tearDown(self):
        self.scratch.cleanup()

    def tool(self, name, body):
        """A stand-in for a command of the host, found before it."""
        path = os.path.join(self.bin, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + body + "\n")
        os.chmod(path, 0o755)

    def fetch(self, *arguments):
        """Run it with an empty cache and the stand-ins in front."""
        return script("tools/fetch-bochs", *arguments, XDG_CACHE_HOME=self.cache,
                      PATH=self.bin + ":" + os.environ["PATH"])

    def test_host_bochs_with_the_model_is_taken(self):
        self.tool("bochs", "echo sapphire_rapids")
        self.assertEqual(self.fetch("--where"), (0, "\n"))
        self.assertEqual(self.fetch(), (0, ""))

    def test_host_bochs_too_old_is_not(self):
        self.tool("bochs", "echo corei7_skylake_x")
        self.assertEqual(self.fetch("--where")[0], 1)

    def test_failed_fetch_leaves_nothing_and_says_why(self):
        self.tool("bochs", "exit 1")
        self.tool("mmdebstrap", "echo no network >&2; exit 1")
        status, said = self.fetch()
        self.assertEqual(status, 2, said)
        self.assertIn("no network", said)
        self.assertEqual(os.listdir(os.path.join(self.cache, "keyward")), ["lock"])

    def test_fetched_one_is_moved_in_whole_and_found_again(self):
        self.tool("bochs", "exit 1")
        self.tool("mmdebstrap", """
            for last; do root=$before; before=$last; done
            mkdir -p "$root/usr/bin" "$root/usr/lib/x86_64-linux-gnu" "$root/usr/share/bochs" \\
                "$root/usr/share/vgabios"
            echo >"$root/usr/bin/bochs-bin"; chmod +x "$root/usr/bin/bochs-bin" """)
        status, said = self.fetch()
        self.assertEqual(status, 0, said)
        os.remove(os.path.join(self.bin, "mmdebstrap"))
        self.tool("mmdebstrap", "echo fetched twice; exit 1")
        self.assertEqual(self.fetch(), (0, ""))
        root = os.path.join(self.cache, "keyward", "bochs-trixie")
        self.assertEqual(self.fetch("--where"), (0, root + "\n"))


@unittest.skipUnless(shutil.which("faketime"), "faketime is not installed")
class Iso(unittest.TestCase):
    """tools/mkiso and the copy that a run makes of its work."""

    def test_same_bytes_whenever_and_wherever(self):
        with tempfile.TemporaryDirectory() as scratch:
            kernel = os.path.join(scratch, "kernel")
            with open(kernel, "wb") as file:
                file.write(b"not a kernel\n" * 1000)
            outs = [os.path.join(scratch, name) for name in ("a.iso", "other name.iso")]
            for out, zone in zip(outs, ("UTC", "Asia/Tokyo")):
                status, said = script("tools/mkiso", kernel, out, TZ=zone)
                self.assertEqual(status, 0, said)
                os.utime(kernel, (1, 1))
                time.sleep(1.1)
            with open(outs[0], "rb") as one, open(outs[1], "rb") as two:
                whole = one.read()
                self.assertEqual(whole, two.read())
            self.assertLess(len(whole), 8 << 20)


if __name__ == "__main__":
    unittest.main()
