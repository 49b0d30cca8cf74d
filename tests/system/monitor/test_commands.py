# SPDX-License-Identifier: MIT
"""Every command of the monitor, good and bad, in one boot of QEMU with PKS."""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from prompt import OneMonitor, totals       # noqa: E402

NAMES = ("help run list bench pks gate pardon marks early seed keys cpus threads stats trace grant revoke walk "
         "page kmap kunmap read write poweroff reboot halt").split()


class Commands(OneMonitor):
    """Every command but the accesses."""

    def test_tests_pass_before_the_prompt(self):
        passed, failed, _, _, errors = totals(self.m.boot)
        self.assertGreater(passed, 5)
        self.assertEqual((failed, errors), (0, 0))
        self.assertRegex("\n".join(self.m.boot), "# monitor: reads the serial ports and the keyboard")

    def test_help_covers_every_command(self):
        answer = self.ask("help")
        self.assertEqual([x.split()[0] for x in answer], NAMES)
        for name in NAMES:
            more = self.ask("help " + name)
            self.assertRegex(more[0], r"^usage: %s( |$)" % name)
            self.assertGreater(len(more), 1)
        self.assertEqual(self.ask("help gate"), [
            "usage: gate [kmapped|any]",
            "pages that can be pardoned: marked by kmap(), or any device page",
            "Shows or changes what gate= set at boot."])
        self.assertEqual(self.ask("help pks")[0], "usage: pks [off|strict|relaxed|silent]")

    def test_bad_commands_are_explained(self):
        everything = "the commands are " + ", ".join(NAMES)
        for text, pattern in [
                ("nonsense", "^nonsense: no such command; " + everything),
                ("help nonsense", "^nonsense: no such command; " + everything),
                ("read", r"^usage: read \[as CONTEXT\] ADDR \[LENGTH\]$"),
                ("read 1 2 3", "^usage: read"), ("read 1 2 3 4", "^usage: read"),
                ("read 1 2 3 4 5", "^usage: read"), ("1 2 3 4 5 6 7 8 9", "^more than 8 words$"),
                ("keys 1", "^usage: keys$"), ("pks strict off", "^usage: pks"),
                ("run", "^usage: run"), ("write 1", "^usage: write"),
                ("write 1 2 3", "^usage: write"), ("poweroff now", "^usage: poweroff$"),
                ("pks loud", "^loud: not one of off, strict, relaxed, silent$"),
                ("gate wide", "^wide: not one of kmapped, any$"),
                ("pardon me", "^me: not one of context, instruction, global$"),
                ("marks 3", "^3: not one of page, hash$"),
                ("early yes", "^yes: not one of on, off$"),
                ("seed x", "^x: no such name; a number is"),
                ("read 18446744073709551616", "more than 64 bits"),
                ("read 0xfffffffffffffffff", "more than 64 bits"),
                ("read 12ab", "0x goes before"), ("walk page9", "no such name"),
                ("read page0+", "a number or a name is missing"),
                ("read page0 0", "of 1 to 1024 bytes"), ("read page0 1025", "of 1 to 1024 bytes"),
                ("read 0xffffffffffffffff 2", "below 2\\^64"),
                ("read as nobody page0", "^as nobody: no such context; contexts are self, thread"),
                ("read as", "^as: a context and an address must follow; contexts are self"),
                ("read as thread", "^as: a context and an address must follow"),
                ("read as rights=3 page0", "bits 1:0 are 0"),
                ("read as key=16:rw page0", "N from 1 to 15"),
                ("write as thread page0", "^usage: write"),
                ("grant 3 r", "^3: no key with an owner"), ("grant 99 r", "^99: no key"),
                ("grant 1 x", "^x: not r or rw$"), ("revoke devmap", "no key with an owner"),
                ("page 7", "^7: no key with an owner"), ("kmap 0x1000", "no page of the direct map"),
                ("kunmap 5", "no page of the direct map"), ("trace 0", "not on, off, dump or the number"),
                ("trace some", "not on, off, dump or the number"), ('run "a b', '^a " is not closed$'),
                ("run " + "a" * 250 + '" "' + "b" * 40, "not closed|bytes of globs")]:
            with self.subTest(text):
                self.one(text, pattern)

    def test_keys_lists_owners_and_rights(self):
        answer = self.ask("keys")
        self.assertRegex(answer[1], r"^ +0 +all memory +read, write +read, write +all others$")
        self.assertRegex(answer[2], r"^ +1 +devmap +no access +no access +[1-9]")
        self.assertRegex(answer[3], r"^ +2 +read-only data +read only +read only +0$")
        self.assertEqual(answer[4], "13 keys have no owner: no access")

    def test_state_commands_show_cpus_threads_and_counts(self):
        cpus = self.ask("cpus")
        self.assertRegex(cpus[0], r"^cpu 0 \(APIC ID 0, this one\): thread, thread 0 \(main\), "
                                  r"ticks [1-9]\d*, NMIs \d+$")
        self.assertRegex(cpus[1], r"rights 0xffffff[0-9a-f]{2} \{0:rw ")
        threads = "\n".join(self.ask("threads"))
        for number, name in enumerate(("main", "idle", "worker")):
            self.assertRegex(threads, r"# thread %d %s " % (number, name))

    def stats(self):
        """The numbers of `stats`: faults, pardoned, refused, warnings; steps, ended, wide, lent."""
        faults, scopes = self.ask("stats")
        numbers = re.search(r"faults (\d+), of them pardoned (\d+), refused (\d+); warnings (\d+)$",
                            faults)
        more = re.search(r"^pardons for one instruction (\d+), taken back (\d+) times; for the rest "
                         r"of the context instead (\d+); by a key open to all (\d+)$", scopes)
        self.assertTrue(numbers and more, (faults, scopes))
        return [int(n) for n in numbers.groups() + more.groups()]

    def test_stats_count_each_outcome(self):
        self.ask("kmap page0")
        for mode, pardon, grown in (("strict", "context", [1, 0, 1, 0, 0, 0, 0, 0]),
                                    ("silent", "context", [1, 1, 0, 0, 0, 0, 0, 0]),
                                    ("silent", "instruction", [1, 1, 0, 0, 1, 1, 0, 0]),
                                    ("silent", "global", [1, 1, 0, 0, 0, 0, 0, 1])):
            with self.subTest(mode + " " + pardon):
                self.fresh(mode)
                self.ask("pardon " + pardon)
                before = self.stats()
                self.ask("read as thread page0")
                self.assertEqual([b - a for a, b in zip(before, self.stats())], grown)
        self.ask("pardon context")
        self.ask("kunmap page0")

    def test_grant_and_revoke_change_the_monitors_rights(self):
        self.fresh("strict")
        self.one("grant 1 r", r"key 1: read only; all: 0xffffffe8 ")
        self.one("read page0", "^[0-9a-f]{16}: ")
        self.assertIn("read only", self.ask("write page0 1")[1])
        self.assertIn("no access", self.ask("read as thread page0")[1], "a context of its own")
        self.one("grant 1 rw", r"key 1: read, write; all: 0xffffffe0 ")
        self.one("write page0 0x55", ": written$")
        self.one("read page0", ": 0000000000000055$")
        self.assertRegex(self.ask("cpus")[1], "rights 0xffffffe0")
        # Tests start with the initial rights and leave the monitor's rights as they were.
        self.assertEqual(totals(self.ask("run rights.*"))[1::3], [0, 0])
        self.assertRegex(self.ask("cpus")[1], "rights 0xffffffe0")
        self.one("revoke 1", r"key 1: no access; all: 0xffffffec ")

    def test_walk_shows_every_level(self):
        answer = self.ask("walk page0")
        self.assertEqual(answer[0], "# walk of %016x:" % self.page)
        self.assertRegex(answer[1], r"#   PML5E ")
        physical = self.page - 0xffff888000000000       # kernel/cpu/layout.h
        self.assertRegex(answer[5], r"#   PTE   880%010x[0-9a-f]{3} P W XD$" % (physical >> 12))
        self.assertRegex(answer[6], r"physical %016x, key 1 \(devmap\)$" % physical)
        self.assertRegex(answer[7], r"page: device range, direct map's key 1, ")
        self.assertRegex(self.ask("walk 0")[-1], "not present")
        self.one("walk 0x8000000000000000", "is not canonical: no table is looked at")
        self.assertRegex("\n".join(self.ask("walk boot_cpu")), "key 0 .all memory.")
        self.assertRegex("\n".join(self.ask("walk pks_fault")), "PTE .* P R\n", "text")

    def test_trace_shows_the_newest_events(self):
        self.fresh("strict")
        self.ask("pks silent")
        self.ask("kmap page0")
        self.ask("read as thread page0")
        self.ask("kunmap page0")
        self.ask("pks strict")
        self.ask("read as thread page0")
        answer = self.ask("trace 8")
        at = "at %016x " % self.page
        for line, want in zip(answer, ["mode silent, was strict", "kmap of frame", "fault " + at,
                                       "pardon " + at + "key 1", "kunmap of frame",
                                       "mode strict, was silent", "fault " + at,
                                       "no pardon " + at + "key 1"]):
            self.assertIn(want, line)
            self.assertRegex(line, r"^# trace: cpu 0 #\d+ tsc \d+ \+\d+ ")
        numbers = [int(re.search(r"#(\d+)", x[2:])[1]) for x in answer[:-1]]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 8)))
        self.assertRegex(answer[-1], r"^# trace: 8 of %d events shown; each CPU keeps" % numbers[-1])
        self.assertEqual(self.ask("trace off"), [])
        self.ask("pks relaxed")
        self.assertRegex(self.ask("trace 1")[-1], "; tracing is off$")
        self.assertNotIn("relaxed,", self.ask("trace 1")[0])
        self.ask("trace on")
        self.ask("pks strict")
        self.assertIn("mode strict, was relaxed", self.ask("trace 1")[0])
        self.assertGreater(len(self.ask("trace")), 20)

    def test_run_runs_what_list_lists(self):
        names = self.ask("list trace.*,rights.*")
        self.assertEqual(names[-1], "%d tests" % (len(names) - 1))
        self.assertIn("trace.off_keeps_nothing", names)
        for _ in range(2):      # each run starts its counts at 0
            result = totals(self.ask("run trace.*,rights.*"))
            self.assertEqual(sum(result), len(names) - 1)
            self.assertEqual(result[0] + result[3], len(names) - 1)
            self.assertGreater(result[0], result[3], "only tests that need trace=on are skipped")
        self.assertIn("# no test is left by tests=nothing.* from= until=", self.ask("run nothing.*"))
        self.assertEqual(self.ask("list nothing.*"), ["0 tests"])
        # A test that fails on purpose.
        self.assertEqual(totals(self.ask("run selftest.fails"))[1:], [1, 0, 0, 0])

    def test_seed_settings_bench(self):
        self.one("seed 0x2a", "^seed 42$")
        self.one("gate any", "^gate any$")
        self.one("gate", "^gate any$")
        self.one("gate kmapped", "^gate kmapped$")
        self.one("pardon instruction", "^pardon instruction$")
        self.one("pardon", "^pardon instruction$")
        self.one("pardon context", "^pardon context$")
        self.one("pks strict", "^pks strict$")
        self.one("pks", "^pks strict$")
        self.one("early on", "^early on$")
        self.assertIn("WARNING: kmap check: kmap of a protected page",
                      "\n".join(self.ask("kmap page0")))
        self.one("early off", "^early off$")
        self.assertEqual(self.ask("marks hash"),
                         ["a page of key 1 is marked: kunmap it first", "marks page"])
        self.one("kunmap page0", "marks: 0$")
        self.one("marks hash", "^marks hash$")
        self.one("kmap page0", "marks: 1$")
        self.one("kunmap page0", "marks: 0$")
        self.one("marks page", "^marks page$")
        answer = self.ask("bench rights_grant*", 60)
        self.assertRegex("\n".join(answer), r"# bench rights_grant\S* min \d+ median \d+")
        self.assertGreater(totals(answer)[0], 0)
        self.assertGreater(totals(self.ask("run trace.off*"))[0], 0, "tests again, no benches")

    def test_page_refuses_the_17th_page(self):
        answer = self.ask("page 2")
        while "is at" in answer[0]:
            answer = self.ask("page")
        self.assertEqual(answer, ["all 16 pages have been made"])
        self.assertIn("key 2 (read-only data)", "\n".join(self.ask("walk page2")))
        self.one("read as thread page2", "^[0-9a-f]{16}: ")

    def test_zz_all_tests_twice_give_the_same_totals(self):
        self.fresh("relaxed")
        first = totals(self.ask("run *", 60))
        self.assertGreater(first[0], 280)
        self.assertEqual(first[4], 0)
        again = self.ask("run *", 60)
        self.assertEqual(totals(again), first)
        self.assertRegex("\n".join(again), r"    # matrix: cases=\d{5} ", "no second run")
