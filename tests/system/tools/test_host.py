# SPDX-License-Identifier: MIT
"""The set-up scripts: what they refuse and why, and what they leave alone."""

import glob
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))


def script(name, *arguments, **env):
    """Run a script of tools/; returns (exit status, output)."""
    done = subprocess.run([os.path.join(TOP, name), *arguments], text=True, check=False,
                          env={**os.environ, **env}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


class Install(unittest.TestCase):
    """tools/install and the front door."""

    def test_install_is_quick_and_silent_when_nothing_is_missing(self):
        before = os.times()
        status, output = script("tools/install", "test")
        after = os.times()
        self.assertEqual((status, output), (0, ""))
        self.assertLess(after.children_user + after.children_system
                        - before.children_user - before.children_system, 0.5)

    def test_install_refuses_an_unknown_word(self):
        self.assertEqual(script("tools/install", "everything")[0], 2)

    def test_help_names_the_two_commands(self):
        status, output = script("keyward", "help")
        self.assertEqual(status, 0)
        self.assertIn("./keyward run", output)
        self.assertIn("./keyward test", output)

    def test_help_lists_what_make_can_make_by_subject(self):
        made = set()
        for path in [TOP + "/Makefile", *glob.glob(TOP + "/*.mk"), *glob.glob(TOP + "/tests/**/*.mk")]:
            with open(path, encoding="utf-8") as file:
                made |= {line.partition(":")[0] for line in file if re.match(r"[a-z].* ## ", line)}
        self.assertIn("linux-pku", made)
        self.assertEqual(set(script("tools/targets", "--names")[1].split()), made)
        usage, listed = script("keyward", "help")[1].split("by subject\n")
        self.assertIn("./keyward TARGET", usage)
        rows = [re.fullmatch(r"([A-Z][a-z ]+)|  make ([a-z-]+) +(\S.*)", line).groups()
                for line in listed.splitlines()]
        self.assertEqual({target for _, target, _ in rows if target}, made)
        subjects = [subject for subject, _, _ in rows if subject]
        self.assertEqual((rows[0][0], len(subjects)), ("Build", len(set(subjects))))

    def test_a_mistyped_command_names_the_nearest_and_installs_nothing(self):
        for typed, meant in (("rum", "run"), ("tset", "test"), ("matrx", "matrix"),
                             ("linux-pk", "linux-pku")):
            status, output = script("keyward", typed, PATH="/usr/bin:/bin")
            self.assertEqual((status, output.splitlines()[0]), (
                2, "keyward: no such command: %s; did you mean %s?" % (typed, meant)))
        for typed in ("x", "pks=strict", "build/keyward.elf"):
            status, output = script("keyward", typed)
            self.assertEqual((status, output.splitlines()[0]),
                             (2, "keyward: no such command: " + typed))


class Unit(unittest.TestCase):
    """tools/unit, which runs these tests."""

    def test_what_it_starts_can_be_interrupted_although_it_ignores_sigint_itself(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "test_a.py"), "w", encoding="utf-8") as file:
                file.write("import subprocess, unittest\n"
                           "class A(unittest.TestCase):\n"
                           "    def test_b(self):\n"
                           "        done = subprocess.run(['sh', '-c', 'kill -INT $$; exit 3'])\n"
                           "        self.assertEqual(done.returncode, -2)\n")
            done = subprocess.run(["sh", "-c", "trap '' INT; exec tools/unit " + folder], cwd=TOP,
                                  stdout=subprocess.PIPE, text=True, check=False)
            self.assertIn("ok 1 - test_a.A.test_b", done.stdout)
            self.assertEqual(done.returncode, 0, done.stdout)


# A stand-in for mmdebstrap unpacks this: a loader that prints its arguments or, with --list, the
# library that the program needs; and some files that an emulator does not need.
ARCHIVE = """
    for last; do root=$before; before=$last; done
    echo once >>%(count)s
    sleep %(pause)s
    lib=$root/usr/lib/x86_64-linux-gnu
    mkdir -p "$root/usr/bin" "$lib/bochs/plugins" "$lib/qemu" "$root/usr/share/bochs" \\
        "$root/usr/share/seabios" "$root/usr/share/qemu"
    echo firmware | tee "$root/usr/share/bochs/BIOS-bochs-latest" \\
        "$root/usr/share/qemu/kvmvapic.bin" >"$root/usr/share/seabios/bios.bin"
    echo unused | tee "$root/usr/share/qemu/other.rom" "$lib/libunused.so" >"$lib/qemu/audio.so"
    for file in "$lib/libneeded.so" "$lib/qemu/accel-tcg-x86_64.so" "$lib/bochs/plugins/one.so" \\
        "$root/usr/bin/bochs-bin" "$root/usr/bin/qemu-system-x86_64"; do
        echo code >"$file"
        chmod +x "$file"
    done
    cat >"$lib/ld-linux-x86-64.so.2" <<'END'
#!/bin/sh
if [ "$3" = --list ]; then
    echo "  libneeded.so => ${2%%%%:*}/%(needed)s (0x1)"
else
    printf '[%%s]' "$@" "$BXSHARE" "$LTDL_LIBRARY_PATH" "$QEMU_MODULE_DIR"
fi
END
    chmod +x "$lib/ld-linux-x86-64.so.2" """


class Emulators(unittest.TestCase):
    """tools/fetch and tools/emulator with stand-ins, without an archive."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.cache = os.path.join(self.scratch.name, "cache")
        self.bin = os.path.join(self.scratch.name, "bin")
        self.count = os.path.join(self.scratch.name, "count")
        os.mkdir(self.bin)
        self.tool("bochs", "exit 1")        # as if this host had none

    def tearDown(self):
        self.scratch.cleanup()

    def tool(self, name, body):
        """A stand-in for a command of the host, earlier in PATH."""
        path = os.path.join(self.bin, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + body + "\n")
        os.chmod(path, 0o755)

    def archive(self, pause=0, needed="libneeded.so"):
        """Install a mmdebstrap that unpacks ARCHIVE."""
        self.tool("mmdebstrap", ARCHIVE % {"count": self.count, "pause": pause, "needed": needed})

    def environment(self):
        """An empty cache and the stand-ins in front."""
        return {"XDG_CACHE_HOME": self.cache, "PATH": self.bin + ":" + os.environ["PATH"]}

    def fetch(self, *arguments):
        """Run tools/fetch."""
        return script("tools/fetch", *arguments, **self.environment())

    def start(self, *arguments):
        """Run tools/emulator."""
        return script("tools/emulator", *arguments, **self.environment())

    def root(self, name):
        """The folder of a fetched emulator, such as qemu-sid."""
        return os.path.join(self.cache, "keyward", name)

    def files(self, name):
        """The names of the files that were kept, without folders."""
        return sorted(f for _, _, found in os.walk(self.root(name)) for f in found)

    def test_bad_usage_fetches_nothing(self):
        self.tool("mmdebstrap", "echo fetched; exit 1")
        for words in ([], ["trixie"], ["potato", "qemu"], ["trixie", "kvm"], ["--where"]):
            status, output = self.fetch(*words)
            self.assertEqual(status, 2, output)
            self.assertRegex(output, "^fetch: usage: .*\n$")
        self.assertEqual(self.start()[0], 2)

    def test_bookworm_bochs_is_refused_for_lack_of_pks(self):
        status, output = self.fetch("bookworm", "bochs")
        self.assertEqual(status, 2)
        self.assertIn("no PKS", output)

    def test_a_host_bochs_with_pks_is_used(self):
        self.tool("bochs", 'echo sapphire_rapids "$@"')
        self.assertEqual(self.fetch("--where", "trixie", "bochs"), (0, "\n"))
        self.assertEqual(self.fetch("trixie", "bochs"), (0, ""))
        self.assertEqual(self.start("trixie", "bochs", "-q")[1], "sapphire_rapids -q\n")

    def test_a_host_bochs_replaces_neither_the_newest_nor_qemu(self):
        self.tool("bochs", "echo sapphire_rapids")
        self.assertEqual(self.fetch("--where", "sid", "bochs")[0], 1)
        self.assertEqual(self.fetch("--where", "trixie", "qemu")[0], 1)

    def test_a_host_bochs_without_pks_is_not_used(self):
        self.tool("bochs", "echo corei7_skylake_x")
        self.assertEqual(self.fetch("--where", "trixie", "bochs")[0], 1)

    def test_failed_fetch_leaves_nothing_and_says_why(self):
        self.tool("mmdebstrap", "echo no network >&2; exit 1")
        status, output = self.fetch("trixie", "bochs")
        self.assertEqual(status, 2, output)
        self.assertIn("no network", output)
        self.assertEqual(os.listdir(self.root("")), ["lock"])

    def test_a_missing_library_fails_the_fetch(self):
        self.archive(needed="../nowhere; echo libneeded.so '=>' not found")
        self.tool("cp", '/bin/cp "$@" 2>/dev/null || true')
        status, output = self.fetch("sid", "qemu")
        self.assertEqual(status, 2, output)
        self.assertIn("lacks a library", output)
        self.assertEqual(os.listdir(self.root("")), ["lock"])

    def test_a_fetched_emulator_is_not_fetched_again(self):
        self.archive()
        self.assertEqual(self.fetch("trixie", "bochs")[0], 0)
        self.tool("mmdebstrap", "echo fetched twice; exit 1")
        self.assertEqual(self.fetch("trixie", "bochs"), (0, ""))
        self.assertEqual(self.fetch("--where", "trixie", "bochs"),
                         (0, self.root("bochs-trixie") + "\n"))
        self.assertEqual(sorted(os.listdir(self.root(""))), ["bochs-trixie", "lock"])

    def test_only_what_was_asked_for_is_fetched(self):
        self.tool("mmdebstrap", 'echo "$@" >&2; exit 1')
        for one, other in (("bochs", "qemu"), ("qemu", "bochs")):
            output = self.fetch("trixie", one)[1]
            packages = output.partition("--include=")[2].partition(" trixie ")[0]
            self.assertIn(one, packages)
            self.assertNotIn(other, packages)

    def test_only_what_it_needs_is_kept(self):
        self.archive()
        self.assertEqual(self.fetch("sid", "qemu")[0], 0)
        self.assertEqual(self.files("qemu-sid"), [
            "accel-tcg-x86_64.so", "bios.bin", "kvmvapic.bin", "ld-linux-x86-64.so.2",
            "libneeded.so", "qemu-system-x86_64"])
        self.assertEqual(self.fetch("sid", "bochs")[0], 0)
        self.assertEqual(self.files("bochs-sid"), [
            "BIOS-bochs-latest", "bochs-bin", "ld-linux-x86-64.so.2", "libneeded.so", "one.so"])

    def test_two_clones_fetch_once(self):
        self.archive(pause=1)
        command = [os.path.join(TOP, "tools", "fetch"), "sid", "qemu"]
        env = {**os.environ, **self.environment()}
        both = [subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL) for _ in "12"]
        self.assertEqual([one.wait(30) for one in both], [0, 0])
        with open(self.count, encoding="ascii") as file:
            self.assertEqual(file.read(), "once\n")

    def test_starting_a_missing_emulator_names_the_fetch_command(self):
        status, output = self.start("sid", "qemu", "--version")
        self.assertEqual(status, 2)
        self.assertIn("tools/fetch sid qemu", output)

    def test_an_emulator_starts_with_its_own_libraries_and_data(self):
        self.archive()
        self.fetch("sid", "qemu")
        self.fetch("sid", "bochs")
        root = self.root("qemu-sid")
        lib = root + "/usr/lib/x86_64-linux-gnu"
        words = ["--library-path", lib, root + "/usr/bin/qemu-system-x86_64",
                 "-L", root + "/usr/share/seabios", "-L", root + "/usr/share/qemu",
                 "-cdrom", "a b", "", "", lib + "/qemu"]
        self.assertEqual(self.start("sid", "qemu", "-cdrom", "a b"),
                         (0, "".join("[%s]" % w for w in words)))
        root = self.root("bochs-sid")
        lib = root + "/usr/lib/x86_64-linux-gnu"
        words = ["--library-path", lib, root + "/usr/bin/bochs-bin", "a b",
                 root + "/usr/share/bochs", lib + "/bochs/plugins", ""]
        self.assertEqual(self.start("sid", "bochs", "a b"),
                         (0, "".join("[%s]" % w for w in words)))


@unittest.skipUnless(shutil.which("faketime"), "faketime is not installed")
class Iso(unittest.TestCase):
    """tools/mkiso."""

    def test_the_iso_is_the_same_at_any_time_and_place(self):
        with tempfile.TemporaryDirectory() as scratch:
            kernel = os.path.join(scratch, "kernel")
            with open(kernel, "wb") as file:
                file.write(b"not a kernel\n" * 1000)
            outs = [os.path.join(scratch, name) for name in ("a.iso", "other name.iso")]
            for out, zone in zip(outs, ("UTC", "Asia/Tokyo")):
                status, output = script("tools/mkiso", kernel, out, TZ=zone)
                self.assertEqual(status, 0, output)
                os.utime(kernel, (1, 1))
                time.sleep(1.1)
            with open(outs[0], "rb") as one, open(outs[1], "rb") as two:
                whole = one.read()
                self.assertEqual(whole, two.read())
            self.assertLess(len(whole), 8 << 20)


if __name__ == "__main__":
    unittest.main()
