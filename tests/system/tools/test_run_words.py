# SPDX-License-Identifier: MIT
"""tools/run: its log, an emulator that it fetches, and what it makes of case= and tests=none."""

import os

from test_ktap import FAILING, GOOD
from test_run import Case       # and the path of tools/lib

import runargs

NOTHING = """\
KTAP version 1
%s1..0
# Totals: pass:0 fail:0 xfail:0 skip:0 error:0
"""


class Fetched(Case):
    """An emulator that the machine's file says how to get."""

    def test_what_is_known_depends_on_the_version_that_was_fetched(self):
        self.machine(FAILING)
        with open(self.path("fetched"), "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n[ \"$1\" = --version ] && echo fake 2.0 || cat %s\n" % self.path("text"))
        os.chmod(self.path("fetched"), 0o755)
        with open(self.path("machines/fake"), "w", encoding="utf-8") as file:
            file.write("[machine]\nlimit = 10\ncommand = {iso}\nprepare = ln -sf %s %s\nemulator = %s\n"
                       "[known from 2.0]\nharness.null_faults = a reason (2.0)\n"
                       % (self.path("fetched"), self.path("emulator"), self.path("emulator")))
        status, output = self.run_it()
        self.assertEqual(status, 0, output)
        self.assertRegex(output, r"fake: \d+ pass, 1 xfail, ")


class Logs(Case):
    """The file of a run's console."""

    def test_the_last_log_survives_a_refusal(self):
        self.machine(GOOD)
        self.run_it()
        self.assertEqual(self.run_it("pks=strcit")[0], 2)
        with open(self.path("build/logs/fake.log"), encoding="utf-8") as log:
            self.assertIn("# Totals: pass:3", log.read())

    def test_log_holds_the_console_as_text(self):
        self.machine("\x1b[2J\x1b[01;01HBIOS\n" + GOOD.replace("\n", "\r\n"))
        self.run_it("--quiet")
        with open(self.path("build/logs/fake.log"), encoding="utf-8", newline="") as log:
            self.assertEqual(log.read().split("\n# slowest")[0], "BIOS\n" + GOOD)


class Words(Case):
    """Words that say which tests run."""

    def test_a_case_narrows_the_run_to_its_suite(self):
        for words, more in ((["case=kind:add,key:3"], ["tests=matrix.*"]), (["case=default"], ["tests=matrix.*"]),
                            (["case=mwlw"], ["tests=interleave.*"]), (["case=all"], ["tests=interleave.*"]),
                            (["case=mwlw", "tests=pks.*"], []), (["pks=off"], []), ([], [])):
            self.assertEqual(runargs.narrowing(words), more, words)

    def test_2_a_case_that_is_none(self):
        self.machine(NOTHING % "# command line: case=foo:bar: `foo:bar` is no AXIS:VALUE\n")
        status, output = self.run_it("case=foo:bar")
        self.assertEqual(status, 2, output)
        self.assertIn("NOT UNDERSTOOD fake: command line: case=foo:bar: `foo:bar` is no AXIS:VALUE", output)
        self.assertNotIn("FAILED", output)

    def test_no_test_at_all_only_if_that_was_asked_for(self):
        self.machine(NOTHING % "")
        self.assertEqual([self.run_it(*words)[0] for words in (["tests=none"], [], ["tests=pks.*"])], [0, 1, 1])
