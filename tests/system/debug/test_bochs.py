# SPDX-License-Identifier: MIT
"""The Bochs debugger on the kernel: a pardon followed step by step, and the magic breakpoints.

The debugger reads everything: IA32_PKRS from the CPU's state, the frame from memory through the
page tables, the page's key from its page-table entry. Only the initial rights come from the kernel,
which prints them at boot.
"""

import re
import unittest

from session import BUILD, FAULTS, TOTALS      # first: it sets the path of the next two

import debugging
from bochsdbg import Bochs

# Offsets in struct regs (kernel/cpu/regs.h).
RIP, RSP = 18 * 8, 21 * 8


class Pardon(unittest.TestCase):
    """One boot and one pardoned fault, recorded at each step; each test judges a part."""

    @classmethod
    def setUpClass(cls):
        with debugging.folder() as where, Bochs(BUILD, FAULTS, where) as bochs:
            cls.follow(bochs)

    @classmethod
    def follow(cls, bochs):
        """Record from the policy's first instruction to the end of the run."""
        bochs.ask('lb "pks_fault"')
        for _ in range(10):
            bochs.go()
            cls.stopped_at = (bochs.function, bochs.offset)
            regs, back = bochs.register("rdi"), bochs.word(bochs.register("rsp"))
            key = bochs.leaf(bochs.fault_address()) >> 59 & 15
            cls.mask = 3 << 2 * key
            cls.register_before, cls.mirror_before = bochs.pkrs(), bochs.word('"boot_cpu"+8')
            cls.frame_before = bochs.word(regs)
            if cls.policy(bochs, regs, back):
                break
        cls.frame_after = bochs.word(regs)
        rip, rsp = bochs.word(regs + RIP), bochs.word(regs + RSP)
        bochs.ask("lb 0x%x" % rip)
        bochs.go()
        cls.returned = (bochs.rip, bochs.register("rsp")) == (rip, rsp)
        cls.register_after, cls.mirror_after = bochs.pkrs(), bochs.word('"boot_cpu"+8')
        bochs.ask("s")
        cls.went_on = (bochs.function, bochs.rip) != ("trap_stubs", rip) and \
            0 < bochs.rip - rip <= 15
        bochs.ask("d 1")
        bochs.ask("d 2")
        cls.whole = bochs.go_to_end()

    @classmethod
    def policy(cls, bochs, regs, back):
        """Step until pks_fault() returns to `back`; returns its result."""
        cls.registers, cls.values = set(), [cls.frame_before]
        for _ in range(3000):
            cls.registers.add(bochs.pkrs())
            value = bochs.word(regs)
            if value != cls.values[-1]:
                cls.values.append(value)
            if bochs.rip == back:
                return bochs.register("rax") & 0xff
            bochs.ask("s")
        raise AssertionError("pks_fault() has not returned in 3000 instructions")

    def initial(self):
        """The initial rights, as printed at boot."""
        return int(re.search(r"initial rights 0x([0-9a-f]{8})", self.whole)[1], 16)

    def test_breakpoint_is_at_the_policys_first_instruction(self):
        self.assertEqual(self.stopped_at, ("pks_fault", 0))

    def test_key_is_denied_before_the_pardon(self):
        self.assertGreater(self.mask, 3, "the page has key 0")
        self.assertNotEqual(self.frame_before & self.mask, 0)

    def test_handler_has_the_initial_rights(self):
        self.assertNotEqual(self.frame_before, self.initial(), "equal values prove nothing")
        self.assertEqual("%#x" % self.register_before, "%#x" % self.initial())
        self.assertEqual("%#x" % self.mirror_before, "%#x" % self.initial())

    def test_pardon_leaves_the_register_alone(self):
        self.assertEqual({"%#x" % r for r in self.registers}, {"%#x" % self.initial()})

    def test_pardon_opens_the_key_in_the_frame_and_no_other(self):
        self.assertEqual("%#x" % self.frame_after, "%#x" % (self.frame_before & ~self.mask))
        self.assertEqual(len(self.values), 2, "the frame was written more than once")

    def test_iret_returns_to_the_access(self):
        self.assertTrue(self.returned)

    def test_register_after_iret_is_the_pardoned_value(self):
        pardoned = "%#x" % (self.frame_before & ~self.mask)
        self.assertEqual("%#x" % self.register_after, pardoned)
        self.assertEqual("%#x" % self.mirror_after, pardoned)

    def test_access_succeeds_the_second_time(self):
        self.assertTrue(self.went_on)

    def test_run_ends_as_without_a_debugger(self):
        self.assertRegex(self.whole, TOTALS)

    def test_no_magic_point_stops_unasked(self):
        self.assertNotIn("Magic breakpoint", self.whole)


class Magic(unittest.TestCase):
    """Each magic point alone stops the debugger, just before its event."""

    def stop(self, bochs, function):
        """Continue to the next magic breakpoint, which must be in `function`."""
        self.assertIn("Magic breakpoint", bochs.go())
        self.assertEqual(bochs.function, function)

    def happens(self, bochs, what, steps=30):
        """Step until what() changes; returns the values before and after."""
        before = what()
        for _ in range(steps):
            bochs.ask("s")
            if what() != before:
                return before, what()
        return self.fail("nothing happened in %d instructions" % steps)

    def boot(self, point):
        """Bochs with a kernel that stops at `point` (magic=)."""
        where = self.enterContext(debugging.folder())
        return self.enterContext(Bochs(BUILD, FAULTS + ["magic=" + point], where))

    def enterContext(self, cm):
        """As in Python 3.11 and newer."""
        value = cm.__enter__()
        self.addCleanup(cm.__exit__, None, None, None)
        return value

    def test_write_point_stops_before_the_register_changes(self):
        bochs = self.boot("write")
        self.stop(bochs, "pkrs_init")
        before, after = self.happens(bochs, bochs.pkrs)
        self.assertEqual(before, 0)
        self.assertEqual(after, bochs.word('"boot_cpu"+8'))

    def test_switch_point_stops_before_the_stack_changes(self):
        bochs = self.boot("switch")
        self.stop(bochs, "switch_to")
        before, after = self.happens(bochs, lambda: bochs.register("rsp") >> 14)
        self.assertNotEqual(before, after, "the stack is the same")

    def test_fault_point_stops_before_the_fault_is_counted(self):
        bochs = self.boot("fault")
        self.stop(bochs, "pks_fault")
        faults, after = self.happens(bochs, lambda: bochs.word('"pks_stats"'))
        self.assertEqual(after, faults + 1)

    def test_pardon_point_stops_before_the_frame_changes(self):
        bochs = self.boot("pardon")
        bochs.ask('lb "pks_fault"')
        while "Magic breakpoint" not in bochs.go():
            self.assertEqual((bochs.function, bochs.offset), ("pks_fault", 0))
            regs = bochs.register("rdi")
        self.assertEqual(bochs.function, "pks_fault")
        before, after = self.happens(bochs, lambda: bochs.word(regs))
        self.assertEqual(before & after, after, "a pardon only clears bits")


if __name__ == "__main__":
    unittest.main()
