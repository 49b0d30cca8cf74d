# SPDX-License-Identifier: MIT
"""Every command of the monitor, good and bad, in one boot of QEMU with PKS."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from prompt import Prompt, totals       # noqa: E402

NAMES = ("help run list bench mode gate pardon marks early seed keys cpus threads stats trace grant revoke walk "
         "page kmap kunmap read write poweroff reboot halt").split()
CONTEXTS = ["self", "thread", "work", "softirq", "interrupt", "exception", "nmi", "mc"]


class Commands(unittest.TestCase):
    """One machine for all tests; each test sets the state it depends on."""

    @classmethod
    def setUpClass(cls):
        cls.m = Prompt("tests=trace.*")
        cls.m.ask("mode relaxed")
        made = cls.m.ask("page")
        cls.page = int(re.match(r"page0 is at ([0-9a-f]{16}): device memory, key 1 \(devmap\)$",
                                made[0])[1], 16)
        cls.m.ask("page")   # page1: another one of the same key

    @classmethod
    def tearDownClass(cls):
        cls.m.close()

    def ask(self, text, limit=20):
        """The answer to one command."""
        return self.m.ask(text, limit)

    def one(self, text, pattern):
        """Assert that the answer to a command is one line that matches."""
        answer = self.ask(text)
        self.assertEqual(len(answer), 1, answer)
        self.assertRegex(answer[0], pattern)

    def fresh(self, mode, gate="kmapped"):
        """Set the mode and the gate, and take back the monitor's own rights."""
        for command in ("mode " + mode, "gate " + gate, "revoke 1"):
            self.ask(command)

    def test_tests_pass_before_the_prompt(self):
        passed, failed, _, _, errors = totals(self.m.boot)
        self.assertGreater(passed, 5)
        self.assertEqual((failed, errors), (0, 0))
        self.assertRegex("\n".join(self.m.boot), "# monitor: reads the serial port and the keyboard")

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
        self.assertEqual(self.ask("help mode")[0], "usage: mode [off|strict|relaxed|silent]")

    def test_bad_commands_are_explained(self):
        everything = "the commands are " + ", ".join(NAMES)
        for text, pattern in [
                ("nonsense", "^nonsense: no such command; " + everything),
                ("help nonsense", "^nonsense: no such command; " + everything),
                ("read", r"^usage: read \[as CONTEXT\] ADDR \[LENGTH\]$"),
                ("read 1 2 3", "^usage: read"), ("read 1 2 3 4", "^usage: read"),
                ("read 1 2 3 4 5", "^usage: read"), ("1 2 3 4 5 6 7 8 9", "^more than 8 words$"),
                ("keys 1", "^usage: keys$"), ("mode strict off", "^usage: mode"),
                ("run", "^usage: run"), ("write 1", "^usage: write"),
                ("write 1 2 3", "^usage: write"), ("poweroff now", "^usage: poweroff$"),
                ("mode loud", "^loud: not one of off, strict, relaxed, silent$"),
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
                ("read as nobody page0", "^as nobody: .*contexts are self, thread"),
                ("read as", "^as : not followed"), ("read as thread", "^as thread: not followed"),
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
        self.assertRegex(cpus[0], r"^cpu 0 \(APIC ID \d+, this one\): thread, thread 0 \(main\), "
                                  r"ticks [1-9]\d*, NMIs \d+$")
        self.assertRegex(cpus[1], r"rights 0xffffff[0-9a-f]{2} \{0:rw ")
        threads = "\n".join(self.ask("threads"))
        for name in ("main", "idle", "worker"):
            self.assertRegex(threads, r"# thread \d+ %s " % name)
        faults, scopes = self.ask("stats")
        self.assertRegex(faults, r"faults \d+, of them pardoned \d+, refused \d+; warnings \d+$")
        self.assertRegex(scopes, r"^pardons for one instruction \d+, taken back \d+ times; .*; "
                                 r"by a key open to all \d+$")

    def test_denied_in_every_context(self):
        self.fresh("strict")
        for context in CONTEXTS:
            with self.subTest(context):
                answer = self.ask("read as %s page0+8" % context)
                self.assertEqual(answer, [
                    "#PF page fault, error code 0x21 [protection read supervisor pkey] at "
                    "%016x" % (self.page + 8),
                    "  key 1 (devmap): no access, by the context's rights 0xffffffec "
                    "{0:rw 1:-- 2:r- 3-15:--}",
                    "  policy: mode strict, gate kmapped, pardon context: no pardon, the context would die; "
                    "this mode pardons nothing"])
                answer = self.ask("write as %s page0 1" % context)
                self.assertIn("error code 0x23 [protection write supervisor pkey]", answer[0])

    def test_default_context_is_self(self):
        self.fresh("strict")
        self.assertEqual(self.ask("read page0"), self.ask("read as self page0"))

    def test_an_access_uses_the_rights_it_is_given(self):
        self.fresh("strict")
        self.one("write as key=1:rw page0+0x20 0x1122334455667788", ": written$")
        for rights in ("rights=0xffffffe0", "rights=ffffffe8", "key=1:r", "key=1:rw"):
            self.one("read as %s page0+0x20" % rights,
                     "^%016x: 1122334455667788$" % (self.page + 0x20))
        answer = self.ask("write as key=1:r page0+0x20 1")
        self.assertIn("key 1 (devmap): read only, by the context's rights 0xffffffe8", answer[1])
        answer = self.ask("read as rights=0xffffffec page0")
        self.assertIn("key 1 (devmap): no access", answer[1])
        self.one("read as key=1:rw page0+0x20 4", ": 55667788$")
        self.one("read as key=1:rw page0+0x21 1", ": 77$")
        self.one("read as key=1:rw page0+0x26 2", ": 1122$")
        answer = self.ask("read as key=1:r page0+0x1e 13")
        self.assertEqual(answer, ["%016x: 00 00 88 77 66 55 44 33 22 11 00 00 00           "
                                  "...wfUD3\"...." % (self.page + 0x1e)])

    def test_mode_mark_and_gate_decide_a_pardon(self):
        self.fresh("relaxed")
        before = self.ask("stats")[0]
        self.assertIn("not marked by kmap()", self.ask("read as thread page0")[-1])
        self.one("kmap page0", "marks: 1$")
        answer = self.ask("read as thread page0")
        self.assertRegex(answer[-2], "mode relaxed, .*: PARDON, .*; the page is marked by kmap")
        self.assertRegex(answer[-1], "^%016x: [0-9a-f]{16}$" % self.page)
        self.one("mode silent", "^mode silent$")
        answer = self.ask("write as softirq page0 7")
        self.assertEqual(len(answer), 4, answer)
        self.assertRegex(answer[3], ": written$")
        self.one("mode strict", "^mode strict$")
        self.assertIn("no pardon", self.ask("read as thread page0")[-1])
        self.one("kunmap page0", "marks: 0$")
        self.assertRegex(self.ask("kunmap page0")[0], "WARNING: kunmap of a page")
        self.fresh("silent", "any")
        self.assertIn("the gate is open for all device memory",
                      "\n".join(self.ask("read as interrupt page0")))
        self.assertNotEqual(before, self.ask("stats")[0])
        self.fresh("relaxed")

    def test_the_reason_fits_the_verdict(self):
        self.fresh("silent")
        self.one("pardon global", "^pardon global$")
        answer = self.ask("read as work page1")
        self.assertRegex(answer[-1], "no pardon, .*; no page of its key is marked by kmap")
        self.one("kmap page0", "marks: 1$")
        answer = self.ask("read as work page1")
        self.assertRegex(answer[-2], "pardon global: PARDON, .*; its key is open to all")
        self.assertRegex(answer[-1], "^[0-9a-f]{16}: 0{16}$")
        self.one("kunmap page0", "marks: 0$")
        self.one("pardon instruction", "^pardon instruction$")
        answer = self.ask("read as work page1")
        self.assertRegex(answer[-1], "no pardon, .*; the page is not marked by kmap")
        self.one("pardon context", "^pardon context$")

    def test_a_pardon_of_self_lasts_until_revoke(self):
        self.fresh("silent", "any")
        self.assertIn("keeps this pardon until `revoke`", self.ask("read page0")[0])
        self.one("read page0", "^[0-9a-f]{16}: ")
        self.ask("revoke 1")
        self.assertIn("#PF", self.ask("read page0")[1])
        self.fresh("strict")

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

    def test_mode_off_denies_nothing(self):
        self.fresh("off")
        self.one("read as thread page0", "^[0-9a-f]{16}: ")
        self.fresh("strict")
        self.ask("grant 1 rw")      # a register write: else QEMU's TLB goes on without keys
        self.fresh("strict")

    def test_any_address_can_be_tried(self):
        self.fresh("strict")
        for address in ("0x8000000000000000", "0xfeffffffffffffff", "0x0100000000000000"):
            for command in ("read %s", "read as nmi %s 3", "write as thread %s 1"):
                self.one(command % address, "^#GP general protection, error code 0x0: the address "
                                            "is not canonical$")
        self.assertEqual(self.ask("read 0")[1], "  nothing is mapped at NULL")
        for address in ("0xffffffffffffffff", "vmemmap-8", "0x400000", "0xffffcafe00000000"):
            self.assertEqual(self.ask("read %s 1" % address)[1], "  nothing is mapped there")
        self.assertEqual(self.ask("write ktest_main 0")[1], "  the page is read-only")
        self.assertEqual(self.ask("write rodata 0")[1], "  the page is read-only")
        self.assertIn("error code 0x3 [protection write supervisor]", self.ask("write image 0")[0])
        self.one("read image 4", "^[0-9a-f]{16}: [0-9a-f]{8}$")
        # read touches only the bytes that were asked for, and shows those before a fault.
        for length in (1, 2, 4, 8):
            self.one("read image_end-%d %d" % (length, length), "^[0-9a-f]{16}: 0{%d}$" % (2 * length))
        self.one("read as user 0x7fffffefffff 1", "^00007fffffefffff: [0-9a-f]{2}$")
        answer = self.ask("read image_end-8 16")
        self.assertEqual(answer[1], "  nothing is mapped there")
        self.assertRegex(answer[2], "^[0-9a-f]{13}ff8:( 00){8} {26}[.]{8}$")

    def test_user_mode_reaches_user_pages_only(self):
        answer = self.ask("read as user page0")
        self.assertRegex(answer[0], r"#PF page fault, error code 0x(5|25) \[protection read user")
        self.assertRegex(answer[1], "the page is not for user mode|policy")
        self.assertRegex(self.ask("read as user 0x400000 16")[0], "^0000000000400000: ([0-9a-f]{2} ){16}")
        answer = self.ask("write as user 0x400000 1")
        self.assertEqual(answer, ["#PF page fault, error code 0x7 [protection write user] at "
                                  "0000000000400000", "  the page is read-only"])
        self.one("write as user 0x7fffffeff000 0x42", "^00007fffffeff000: written$")
        self.one("read as user 0x8000000000000000", "^#GP")
        self.assertRegex(self.ask("read as user 0x600000")[1], "nothing is mapped there")

    def test_walk_shows_every_level(self):
        answer = self.ask("walk page0")
        self.assertEqual(answer[0], "# walk of %016x:" % self.page)
        self.assertRegex(answer[1], r"#   PML5E ")
        self.assertRegex(answer[5], r"#   PTE   88[0-9a-f]{14} P W XD$")
        self.assertRegex(answer[6], r"physical [0-9a-f]{16}, key 1 \(devmap\)$")
        self.assertRegex(answer[7], r"page: device range, direct map's key 1, ")
        self.assertRegex(self.ask("walk 0")[-1], "not present")
        self.one("walk 0x8000000000000000", "is not canonical: no table is looked at")
        self.assertRegex("\n".join(self.ask("walk boot_cpu")), "key 0 .all memory.")
        self.assertRegex("\n".join(self.ask("walk pks_fault")), "PTE .* P R\n", "text")

    def test_trace_shows_the_newest_events(self):
        self.fresh("strict")
        self.ask("mode silent")
        self.ask("kmap page0")
        self.ask("read as thread page0")
        self.ask("kunmap page0")
        self.ask("mode strict")
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
        self.assertRegex(answer[-1], r"^# trace: 8 of \d+ events shown; each CPU keeps")
        self.assertEqual(self.ask("trace off"), [])
        self.ask("mode relaxed")
        self.assertRegex(self.ask("trace 1")[-1], "; tracing is off$")
        self.assertNotIn("relaxed,", self.ask("trace 1")[0])
        self.ask("trace on")
        self.ask("mode strict")
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
        self.assertIn("# no test matches tests=nothing.*", self.ask("run nothing.*"))
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
        self.one("mode strict", "^mode strict$")
        self.one("mode", "^mode strict$")
        self.one("early on", "^early on$")
        self.assertIn("WARNING: early: kmap of a protected page",
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
        self.assertRegex("\n".join(again), r"    # matrix: cases=\d{6} ", "no second run")


if __name__ == "__main__":
    unittest.main()
