# SPDX-License-Identifier: MIT
"""Reads and writes at the monitor, in one boot of QEMU with PKS: contexts, rights, pardons, addresses."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from prompt import OneMonitor               # noqa: E402

CONTEXTS = ["self", "thread", "work", "softirq", "interrupt", "exception", "nmi", "mc"]


class Accesses(OneMonitor):
    """Each kind of access, permitted and denied."""

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
        self.one("pks silent", "^pks silent$")
        answer = self.ask("write as softirq page0 7")
        self.assertEqual(len(answer), 4, answer)
        self.assertRegex(answer[3], ": written$")
        self.one("pks strict", "^pks strict$")
        self.assertIn("no pardon", self.ask("read as thread page0")[-1])
        self.one("kunmap page0", "marks: 0$")
        self.assertRegex(self.ask("kunmap page0")[0], "kunmap of a page that is not marked")
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
        self.assertRegex(answer[1], "the page is a supervisor page|policy: not asked")
        self.assertRegex(self.ask("read as user 0x400000 16")[0], "^0000000000400000: ([0-9a-f]{2} ){16}")
        answer = self.ask("write as user 0x400000 1")
        self.assertEqual(answer, ["#PF page fault, error code 0x7 [protection write user] at "
                                  "0000000000400000", "  the page is read-only"])
        self.one("write as user 0x7fffffeff000 0x42", "^00007fffffeff000: written$")
        self.one("read as user 0x8000000000000000", "^#GP")
        self.assertRegex(self.ask("read as user 0x600000")[1], "nothing is mapped there")
