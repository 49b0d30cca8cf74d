# SPDX-License-Identifier: MIT
"""tools/lib/machine.py: inheritance, [mended], versions, and what is refused."""

import os
import shlex
import re
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import launch                               # noqa: E402
import machine                              # noqa: E402
from machine import Machine, SetupError     # noqa: E402

OLD = """\
[machine]
emulator = sh -c
command = "{cpu} {iso}" x
cpu = max
limit = 60
[icount]
add = extra
[known]
register.a = wrong
register.b = wrong too
"""


class Case(unittest.TestCase):
    """A folder of machines with one called `old`."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.before, machine.FOLDER = machine.FOLDER, self.scratch.name
        self.write("old", OLD)

    def tearDown(self):
        machine.FOLDER = self.before
        self.scratch.cleanup()

    def write(self, name, text):
        """Write one machine."""
        with open(os.path.join(self.scratch.name, name), "w", encoding="utf-8") as file:
            file.write(text)

    def refused(self, name):
        """The error that reading this machine raises."""
        with self.assertRaises(SetupError) as caught:
            Machine(name)
        return str(caught.exception)


class OfABuild(Case):
    """The file of tools/run --known, beside the machine's."""

    def knows(self, text):
        """The machine `old` with a --known file of this text."""
        self.write("extra", text)
        found = Machine("old")
        found.knows(os.path.join(self.scratch.name, "extra"))
        return found

    def test_its_known_list_is_added(self):
        self.assertEqual(self.knows("[known]\nsaved.x = by design\n").known,
                         {"register.a": "wrong", "register.b": "wrong too",
                          "saved.x": "by design"})
        self.assertEqual(len(Machine("old").known), 2)

    def test_a_bad_file_is_refused(self):
        for text, why in (("[known]\nsaved.x =\n", "listed without a reason"),
                          ("[known]\nmatrix.a b c = so\n", "neither a glob of tests nor"),
                          ("[machine]\ncpu = x\n", "one section, \\[known\\]"),
                          ("", "one section"), ("saved.x = y\n", "no section headers")):
            with self.assertRaisesRegex(SetupError, why):
                self.knows(text)
        with self.assertRaisesRegex(SetupError, "No such file"):
            Machine("old").knows("/nowhere/at/all")

    def test_the_lists_in_tests_saved_are_sound(self):
        for name in ("stack", "slot", "cpu"):
            Machine("old").knows(os.path.join(TOP, "tests", "saved", name))


class Inheriting(Case):
    """A base, and a base of the base."""

    def test_settings_pass_through_two_generations(self):
        self.write("new", "[machine]\nbase = old\ncpu = other\n[known]\nregister.c = new\n")
        self.write("newest", "[machine]\nbase = new\nlimit = 90\n")
        new = Machine("newest")
        self.assertEqual(new.settings["cpu"], "other")
        self.assertEqual(new.limit([]), 90)
        self.assertEqual(new.extra("icount")["add"], "extra")
        self.assertEqual(sorted(new.known), ["register.a", "register.b", "register.c"])
        self.assertEqual(Machine("new").limit([]), 60)

    def test_mended_holds_for_a_machine_and_its_heirs(self):
        self.write("new", "[machine]\nbase = old\n[mended]\nregister.a = since 2\n")
        self.write("newest", "[machine]\nbase = new\n")
        self.assertEqual(list(Machine("newest").known), ["register.b"])
        self.assertEqual(list(Machine("new").known), ["register.b"])
        self.assertEqual(len(Machine("old").known), 2)

    def test_mended_holds_for_entries_of_a_version_too(self):
        self.write("new", "[machine]\nbase = old\nemulator = echo 7.2\n[known before 10.0]\nx.old = a\n")
        self.write("newest", "[machine]\nbase = new\n[mended]\nx.old = not here\n")
        self.assertIn("x.old", Machine("new").known)
        self.assertNotIn("x.old", Machine("newest").known)

    def test_a_mended_entry_can_be_listed_again(self):
        self.write("new", "[machine]\nbase = old\n[mended]\nregister.a = since 2\n")
        self.write("newest", "[machine]\nbase = new\n[known]\nregister.a = again since 3\n")
        self.assertEqual(Machine("newest").known["register.a"], "again since 3")

    def test_mended_needs_an_entry_in_a_base(self):
        self.write("new", "[machine]\nbase = old\n[mended]\nregister.z = since 2\n")
        self.assertIn("machines/new: register.z", self.refused("new"))

    def test_mended_needs_a_reason(self):
        self.write("new", "[machine]\nbase = old\n[mended]\nregister.a =\n")
        self.assertIn("without a reason", self.refused("new"))

    def test_the_version_decides_what_is_known(self):
        text = "[machine]\nemulator = echo %s\n[known before 10.0]\nx.old = a\n[known from 10.0]\nx.new = b\n"
        for version, expected in [("QEMU 7.2.15", ["x.old"]), ("QEMU 9.10", ["x.old"]), ("QEMU 10.0", ["x.new"]),
                                  ("QEMU 10.0.8 (Debian 1:10.0.8+ds-0)", ["x.new"]), ("QEMU 11.1", ["x.new"])]:
            self.write("new", text % shlex.quote(version))
            self.write("heir", "[machine]\nbase = new\n")
            self.assertEqual(list(Machine("heir").known), expected, version)

    def test_mended_removes_what_a_version_decides(self):
        self.write("new", "[machine]\nemulator = echo QEMU 7.2\n[known before 10.0]\nx.a = a\nx.b = b\n")
        self.write("heir", "[machine]\nbase = new\n[mended]\nx.a = not here\n")
        self.assertEqual(list(Machine("heir").known), ["x.b"])
        self.assertEqual(list(Machine("new").known), ["x.a", "x.b"])

    def test_without_a_version_only_what_always_holds_is_known(self):
        self.write("new", "[machine]\nemulator = false\n[known]\nx.a = a\n[known from 1.0]\nx.new = b\n")
        self.assertEqual(list(Machine("new").known), ["x.a"])

    def test_a_version_is_a_number_and_each_entry_has_a_reason(self):
        self.write("new", "[known since 10]\nx.new = b\n")
        self.assertIn("neither [known from 1.2] nor [known before 1.2]", self.refused("new"))
        self.write("new", "[known from ten]\nx.new = b\n")
        self.assertIn("[known from ten] is neither", self.refused("new"))
        self.write("new", "[known from 10.0]\nx.new =\n")
        self.assertIn("without a reason", self.refused("new"))

    def test_a_circle_of_bases_is_refused(self):
        self.write("new", "[machine]\nbase = newest\n")
        self.write("newest", "[machine]\nbase = new\n")
        self.assertIn("its own base", self.refused("new"))

    def test_an_unknown_base_is_refused(self):
        self.write("new", "[machine]\nbase = none\n")
        self.assertIn("no machine is called none; there are: ", self.refused("new"))
        self.assertIn("no machine is called NEW; did you mean new?; there are: ", self.refused("NEW"))


class Lists(Case):
    """Which list of classes a run is compared with."""

    def setUp(self):
        super().setUp()
        os.mkdir(os.path.join(self.scratch.name, "classes"))
        self.write("host", "[machine]\ncpu = max\ncpus = 1\nemulator = echo 10.0\n")
        self.write("heir", "[machine]\nbase = host\ncpu = other\n")
        self.write("fetched", "[machine]\nbase = host\nprepare = true\n")
        self.lists(host="echo 7.2 --version", fetched="10.0 --version")

    def lists(self, **emulators):
        """Write a machine's list, of this emulator."""
        for name, emulator in emulators.items():
            self.write("classes/" + name, "emulator %s\nslice full cases=1\n" % emulator)

    def here(self, name):
        """The machine whose list a run is compared with."""
        found = Machine(name).listed_here()
        return found and os.path.basename(found.path)

    def test_a_list_of_the_version_that_runs_is_its_own(self):
        self.lists(host="10.0 --version")
        self.assertEqual(self.here("host"), "host")

    def test_another_version_takes_the_list_of_a_machine_with_the_same_processors(self):
        self.assertEqual(self.here("host"), "fetched")
        self.assertEqual(self.here("heir"), "fetched")      # as its base, whose list it shares
        self.assertEqual(os.path.basename(Machine("host").listed().path), "host")

    def test_other_processors_or_another_version_do_not_fit(self):
        for text in ("cpu = other\n", "cpus = 2\n", "kind = process\n"):
            with self.subTest(text):
                self.write("fetched", "[machine]\nbase = host\nprepare = true\n" + text)
                self.assertEqual(self.here("host"), "host")
        self.write("fetched", "[machine]\nbase = host\nprepare = true\n")
        self.lists(fetched="11.0 --version")
        self.assertEqual(self.here("host"), "host")

    def test_what_is_fetched_is_not_asked_for_its_version_before(self):
        self.write("fetched", "[machine]\nbase = host\nprepare = true\nemulator = false\n")
        self.lists(fetched="7.0")
        self.assertEqual(self.here("fetched"), "fetched")

    def test_there_may_be_no_list(self):
        self.assertIsNone(self.here("old"))


class Everyday(Case):
    """Which machines `make test` runs."""

    def test_machines_are_everyday_unless_they_say_no(self):
        self.write("new", "[machine]\nbase = old\neveryday = no\n")
        self.write("heir", "[machine]\nbase = new\n")
        self.write("back", "[machine]\nbase = new\neveryday = yes\n")
        self.assertEqual(machine.everyday(), ["back", "old"])
        self.assertEqual(machine.names(), ["back", "heir", "new", "old"])

    def test_everyday_is_yes_or_no(self):
        self.write("new", "[machine]\nbase = old\neveryday = sometimes\n")
        self.assertIn("sometimes", self.refused("new"))

    def test_a_machine_plays_the_whole_unless_its_file_says_brief(self):
        self.write("new", "[machine]\nbase = old\nextent = brief\n")
        self.write("bad", "[machine]\nbase = old\nextent = full\n")
        self.assertEqual(machine.test_run("old"), "tools/run --tap old extent=whole")
        self.assertEqual(machine.test_run("new"), "tools/run --tap new extent=brief")
        self.assertIn("extent is brief or whole, not full", self.refused("bad"))

    def test_an_unreadable_machine_is_not_left_out(self):
        self.write("new", "everyday = no\n")
        self.assertEqual(machine.everyday(), ["new", "old"])


class Kinds(Case):
    """Emulators, ways of booting, real processors."""

    def test_only_emulators_are_run_in_full(self):
        self.write("way", "[machine]\nbase = old\nkind = boot\n")
        self.write("real", "[machine]\nkind = silicon\n")
        self.assertEqual(machine.everyday(), ["old"])
        self.assertEqual(machine.of_kind("emulator"), ["old"])
        self.assertEqual(machine.of_kind("boot"), ["way"])
        self.assertEqual(machine.of_kind("silicon"), ["real"])

    def test_an_unknown_kind_is_refused(self):
        self.write("new", "[machine]\nbase = old\nkind = toaster\n")
        self.assertIn("kind is emulator or boot or process or silicon, not toaster", self.refused("new"))
        self.assertEqual(machine.of_kind("emulator"), ["new", "old"])

    def test_silicon_is_not_launched(self):
        self.write("real", "[machine]\nkind = silicon\n")
        with self.assertRaisesRegex(SetupError, "tools/results"):
            launch.prepare(Machine("real"), "iso", [], self.scratch.name)

    def test_an_unknown_medium_is_refused(self):
        self.write("new", "[machine]\nbase = old\nmedium = tape\n")
        with self.assertRaisesRegex(SetupError, "no medium is called tape; there are: iso usb net"):
            launch.prepare(Machine("new"), __file__, [], self.scratch.name)


class Words(Case):
    """The kernel's words of a machine's file, and those of the user."""

    def test_the_users_words_take_the_place_of_the_machines(self):
        self.write("new", "[machine]\nbase = old\nwords = seed=1 mem=8G pmem=1G+1M\n")
        before, launch.media.make = launch.media.make, lambda _, iso, where, words: {"iso": words}
        try:
            command = launch.prepare(Machine("new"), __file__, ["mem=1G", "cpus=1"], self.scratch.name)
        finally:
            launch.media.make = before
        self.assertIn("['seed=1', 'pmem=1G+1M', 'mem=1G', 'cpus=1']", " ".join(command))


class SkipReasons(unittest.TestCase):
    """skip_must and skip_never of the project's machines: reasons that some kernel test prints."""

    def test_each_can_match(self):
        reasons = []
        for folder, _, names in os.walk(os.path.join(TOP, "tests")):
            for name in names:
                if name.endswith((".c", ".h")):
                    with open(os.path.join(folder, name), encoding="utf-8") as file:
                        reasons += re.findall(r'"([^"\n]+)"', file.read())
        for name in machine.names():
            settings = Machine(name).settings
            for key in ("skip_must", "skip_never"):
                for part in settings.get(key, "^$").split("|"):
                    self.assertTrue(part == "^$" or any(re.search(part, r) for r in reasons),
                                    "machines/%s: no test is skipped for %r" % (name, part))


class Emulator(Case):
    """The emulator of a machine: how it starts, and its version."""

    def test_the_heirs_emulator_starts_the_bases_command(self):
        self.write("new", "[machine]\nbase = old\nemulator = tools/emulator sid qemu\nmore = -z\n")
        self.assertEqual(Machine("new").command(["icount"], iso="a b"),
                         ["tools/emulator", "sid", "qemu", "max a b", "x", "-z", "extra"])

    def version(self, script, option=""):
        """The version of a machine whose emulator is this script."""
        path = os.path.join(self.scratch.name, ".emulator")
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + script + "\n")
        os.chmod(path, 0o755)
        self.write("new", "[machine]\nemulator = %s -z\n%s" % (path, option))
        return Machine("new").version()

    def test_the_version_is_the_first_line_with_a_number(self):
        self.assertEqual(self.version("echo =====; echo '  Bochs 3.0 '; echo of 1.1.2025"),
                         "Bochs 3.0")

    def test_the_version_option_can_be_set(self):
        self.assertEqual(self.version("echo 1.0 $*"), "1.0 -z --version")
        self.assertEqual(self.version("echo 1.0 $*", "version = --help"), "1.0 -z --help")

    def test_a_missing_version_is_explained(self):
        for bad in ("echo not here >&2; exit 2", "echo not here", "echo not here 1.0; exit 1"):
            with self.assertRaisesRegex(SetupError, "not here"):
                self.version(bad)
        self.write("new", "[machine]\nemulator = no-such-emulator\n")
        with self.assertRaisesRegex(SetupError, "no-such-emulator"):
            Machine("new").version()
        self.write("new", "[machine]\nlimit = 1\n")
        with self.assertRaisesRegex(SetupError, "names no emulator"):
            Machine("new").version()


class Ours(unittest.TestCase):
    """The machines in machines/."""

    def test_each_can_be_read_and_fetches_what_it_starts(self):
        for name in machine.names():
            one = Machine(name)
            words = one.command([], iso="i", log="l", usb="u", net="n", http="h",
                                pmem="p", pmem_size=1, words="w", linux="k")
            if one.kind == "silicon":
                self.assertEqual(words, [])
                continue
            if words[0] == "tools/emulator":
                self.assertEqual(one.settings["prepare"].split(), ["tools/fetch"] + words[1:3])
                self.assertNotIn("qemu", one.settings.get("needs", ""), name)


if __name__ == "__main__":
    unittest.main()
