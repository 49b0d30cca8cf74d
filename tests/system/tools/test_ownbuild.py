# SPDX-License-Identifier: MIT
"""--emulator PATH of tools/run, tools/matrix and the debuggers, with programs that act as emulators."""

import json
import os
import shutil
import subprocess
import sys
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "system", "tools"))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import test_run                                         # noqa: E402
from test_divergence import KNOWN, MATRIX               # noqa: E402
from test_ktap import FAILING, GOOD                     # noqa: E402

# Its own QEMU and the folder that fetches it are not there: with --emulator nobody misses them.
MACHINE = """\
[machine]
emulator = tools/emulator sid %(family)s
needs    = qemu-system-none
prepare  = sh -c 'exit 1'
versions = 9.1 10.0
limit    = 10
command  = -q "{iso}"
%(extra)s
[known]
%(known)s
"""
PROGRAM = """\
#!/bin/sh
echo "$@" >>%(folder)s/said
echo "$BXSHARE" >>%(folder)s/share
case $1 in
--version) echo '%(version)s'; exit %(status)s ;;
-device) exit 1 ;;
esac
cat %(folder)s/text
"""


class Case(test_run.Case):
    """One machine called `fake`, and programs to run in place of its emulator."""

    def fake(self, text=GOOD, family="qemu", known="", extra=""):
        """Write the machine, and what its emulator will print."""
        with open(self.path("text"), "w", encoding="utf-8") as file:
            file.write(text)
        with open(self.path("machines/fake"), "w", encoding="utf-8") as file:
            file.write(MACHINE % {"family": family, "known": known, "extra": extra})

    def program(self, version="QEMU emulator version 10.0.8", status=0, name="mine"):
        """Write a program that calls itself this; returns its path."""
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(PROGRAM % {"folder": self.folder, "version": version, "status": status})
        os.chmod(self.path(name), 0o755)
        return self.path(name)

    def own(self, path, *arguments):
        """Run the machine with this program."""
        return self.run_it("--emulator", path, *arguments)

    def tool(self, name, *arguments):
        """Run another tool; returns (exit status, output)."""
        env = dict(os.environ, KEYWARD_MACHINES=self.path("machines"))
        done = subprocess.run([sys.executable, os.path.join(TOP, "tools", name), *arguments], env=env,
                              text=True, check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60)
        return done.returncode, done.stdout


class Run(Case):
    """tools/run."""

    def test_the_program_runs_in_place_of_the_machines_emulator(self):
        self.fake()
        status, output = self.own(self.program())
        self.assertEqual(status, 0, output)
        with open(self.path("said"), encoding="utf-8") as file:
            self.assertRegex(file.read(), r"(?m)^-q /\S+/iso$")

    def test_the_verdict_names_the_programs_own_version(self):
        self.fake()
        for version in ("QEMU emulator version 10.0.8", "QEMU emulator version 9.1"):
            self.assertRegex(self.own(self.program(version))[1],
                             r": all as expected \(.*\); ran %s\n$" % version.replace(".", r"\."))

    def test_the_verdict_says_if_the_version_is_not_listed(self):
        self.fake()
        for version in ("9.2.0", "10.0.50 (v10.0.0-12-gabc)", "11.0", "100.0", "1.9.1"):
            self.assertIn("; ran QEMU emulator version %s, which is not a version that machines/fake "
                          "lists (9.1, 10.0)\n" % version,
                          self.own(self.program("QEMU emulator version " + version))[1])

    def test_the_known_list_applies_as_it_stands(self):
        known = "harness.null* = so it is"
        self.fake(FAILING, known=known)
        status, output = self.own(self.program("QEMU emulator version 12.0"))
        self.assertEqual(status, 0, output)
        self.assertIn("XFAIL 1: so it is\n   harness.null_faults\n", output)
        self.fake(GOOD, known=known)
        status, output = self.own(self.program("QEMU emulator version 12.0"))
        self.assertEqual(status, 1, output)
        self.assertIn("FAILED harness.null_faults: listed as known (so it is) but passes now", output)

    def test_the_list_of_a_version_follows_the_programs_version(self):
        self.fake(FAILING, extra="[known before 10.0]\nharness.null* = once\n")
        self.assertEqual(self.own(self.program("QEMU emulator version 9.1.2"))[0], 0)
        self.assertEqual(self.own(self.program("QEMU emulator version 10.0.2"))[0], 1)

    def test_the_command_that_repeats_a_case_has_the_program(self):
        self.fake(FAILING)
        mine = self.program()
        self.assertIn("again: tools/run fake tests=harness.null_faults --emulator %s\n" % mine,
                      self.own(mine)[1])
        self.fake(MATRIX)
        self.assertIn("case=kind:xchg,mode:user --emulator %s\n" % mine,
                      self.own(mine, "tests=matrix.*")[1])

    def test_without_the_option_the_machines_own_emulator_is_needed(self):
        self.fake()
        status, output = self.run_it()
        self.assertEqual(status, 2)
        self.assertIn("fake needs qemu-system-none", output)

    def test_a_name_is_searched_for_and_a_path_is_not(self):
        self.fake()
        before = os.environ["PATH"]
        os.environ["PATH"] = self.folder + ":" + before
        try:
            self.assertEqual(self.own(os.path.basename(self.program(name="kw-mine")))[0], 0)
            status, output = self.own("./kw-mine")
        finally:
            os.environ["PATH"] = before
        self.assertEqual((status, output), (2, "tools/run: --emulator: ./kw-mine is not there\n"))

    def test_a_device_that_the_program_lacks_is_named_with_its_version(self):
        self.fake(extra="devices = nvdimm")
        status, output = self.own(self.program())
        self.assertEqual(status, 2)
        self.assertIn("needs an emulator with the device nvdimm; this one is QEMU emulator version "
                      "10.0.8", output)

    def test_a_bochs_finds_its_bios_beside_itself_or_in_the_users_folder(self):
        self.fake(family="bochs")
        for folder in ("tree/bios", "prefix/share/bochs"):
            os.makedirs(self.path(folder))
            with open(self.path(folder + "/BIOS-bochs-latest"), "w", encoding="ascii"):
                pass
        for name, share in (("tree/bochs", "tree/bios"), ("prefix/bin/bochs", "prefix/share/bochs"),
                            ("alone/bochs", "")):
            self.own(self.program("Bochs x86 Emulator 10.0", name=name))
            with open(self.path("share"), encoding="utf-8") as file:
                last = file.read().splitlines()[-1]
            self.assertEqual(last, share and self.path(share))
        os.environ["BXSHARE"] = "/users/own"
        try:
            self.own(self.path("tree/bochs"))
        finally:
            del os.environ["BXSHARE"]
        with open(self.path("share"), encoding="utf-8") as file:
            self.assertEqual(file.read().splitlines()[-1], "/users/own")


class Refused(Case):
    """What is no emulator: one line, and status 2."""

    def refused(self, path, why):
        """The program is refused with this one line."""
        status, output = self.own(path)
        self.assertEqual((status, output), (2, "tools/run: --emulator: %s\n" % why))

    def test_a_bad_path(self):
        self.fake()
        self.refused(self.path("nowhere"), self.path("nowhere") + " is not there")
        self.refused("", " is not there")
        self.refused(self.folder, self.folder + " is not a program that can be started")
        self.refused(self.path("text"), self.path("text") + " is not a program that can be started")

    def test_another_emulator(self):
        self.fake()
        bochs = self.program("Bochs x86 Emulator 3.0")
        self.refused(bochs, "fake wants QEMU; %s calls itself: Bochs x86 Emulator 3.0" % bochs)
        self.fake(family="bochs")
        qemu = self.program("QEMU emulator version 10.0")
        self.refused(qemu, "fake wants Bochs; %s calls itself: QEMU emulator version 10.0" % qemu)

    def test_a_program_without_a_version(self):
        self.fake()
        for program in (self.program("no number"), self.program(status=3)):
            status, output = self.own(program)
            self.assertEqual((status, output.count("\n")), (2, 1), output)
            self.assertIn("--emulator: fake does not print its version", output)

    def test_a_machine_that_is_no_emulator(self):
        self.fake(family="other")
        self.refused(self.program(), "fake starts neither QEMU nor Bochs")


class Others(Case):
    """The other tools that start a machine."""

    def test_the_matrix_runs_the_named_machines_with_it(self):
        self.fake(MATRIX, known="\n".join("%s = %s" % pair for pair in KNOWN.items()))
        os.mkdir(self.path("build"))
        shutil.copy(self.iso, self.path("build/keyward.iso"))
        mine = self.program("QEMU emulator version 12.0.50")
        status, output = self.tool("matrix", "--build", self.path("build"), "fake", "--emulator", mine)
        self.assertEqual(status, 0, output)
        with open(self.path("build/matrix/fake.json"), encoding="utf-8") as file:
            got = json.load(file)
        self.assertEqual(got["emulator"], "QEMU emulator version 12.0.50")
        self.assertEqual(got["command"],
                         "tools/run fake tests=matrix.* extent=full --emulator " + mine)

    def test_the_matrix_refuses_it_before_any_run(self):
        self.fake()
        self.assertEqual(self.tool("matrix", "fake", "--emulator", "/nowhere"),
                         (2, "tools/matrix: --emulator: /nowhere is not there\n"))
        status, output = self.tool("matrix", "--emulator", self.program())
        self.assertEqual((status, output.count("\n")), (2, 1))
        self.assertIn("wants the machines that it stands for", output)

    def test_the_debuggers_start_it(self):
        self.fake()
        shutil.copy(self.path("machines/fake"), self.path("machines/bochs"))
        subprocess.run(["gcc", "-x", "c", "-static", "-nostdlib", "-o", self.path("keyward.elf"), "-"],
                       input="void _start(void) {}", text=True, check=True)
        for tool, words in (("qemu-debug", ["--machine", "fake"]), ("bochs-debug", [])):
            status, output = self.tool(tool, *words, "--emulator", "/nowhere", "--build", self.folder)
            self.assertEqual(status, 2)
            self.assertIn("%s: --emulator: /nowhere is not there\n" % tool, output)


if __name__ == "__main__":
    unittest.main()
