# SPDX-License-Identifier: MIT
"""Our gdb commands against the kernel's own output: one session, judged piece by piece."""

import os
import re
import signal
import subprocess
import tempfile
import unittest

from session import BUILD, FAULTS, HERE, TOP, TOTALS

LIMIT = 90
# A value and rights as the kernel prints them.
PKRS = r"0x[0-9a-f]{8} \{[^}]*\}"


def session(console):
    """Run the session; returns everything that gdb printed."""
    command = [os.path.join(TOP, "tools", "qemu-debug"), *FAULTS, "--build", BUILD,
               "--console", console, "--", "-nx", "-batch", "-x", os.path.join(HERE, "at_fault.py")]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, start_new_session=True) as process:
        try:
            return process.communicate(timeout=LIMIT)[0]
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)      # QEMU goes with its parent


def without_size(text):
    """The text with function+0xoffset without /0xsize, which gdb does not know."""
    return re.sub(r"(\+0x[0-9a-f]+)/0x[0-9a-f]+", r"\1", text)


class Gdb(unittest.TestCase):
    """Each test is about one command."""

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "console")
            cls.out = session(log)
            with open(log, encoding="utf-8", errors="replace") as file:
                cls.console = file.read().replace("\r", "").splitlines()
        pieces = re.split(r"^==== (.*)\n", cls.out, flags=re.MULTILINE)
        cls.answers = dict(zip(pieces[1::2], (p.strip("\n").splitlines() for p in pieces[2::2])))

    def lines(self, name):
        """What gdb printed under a mark."""
        if name not in self.answers:
            self.fail("the session broke off before \"%s\":\n%s" % (name, self.out[-1500:]))
        return self.answers[name]

    def kernel(self, start):
        """The kernel's line with this start and the indented lines after it, without "# " and
        the sizes of functions."""
        at = next((n for n, line in enumerate(self.console) if line.startswith(start)), None)
        self.assertIsNotNone(at, "the kernel has not printed: " + start)
        lines = [self.console[at][2:]]
        for line in self.console[at + 1:]:
            if not line.startswith("#   "):
                break
            lines.append(re.sub(r"(\+0x[0-9a-f]+)/0x[0-9a-f]+$", r"\1", line[2:]))
        return lines

    def initial(self):
        """The initial rights as the kernel prints them at boot."""
        return re.search(r"initial rights (%s)" % PKRS, "\n".join(self.console))[1]

    def key(self):
        """(key, owner) of the faulting page, as the kernel prints them."""
        found = re.search(r"(?m)^#   physical .*, key (\d+) \((.*?)\)", "\n".join(self.console))
        self.assertTrue(found, "the kernel has printed no walk")
        return int(found[1]), found[2]

    def without(self, text):
        """The value of a decoded PKRS with the fault's key open."""
        return "0x%08x" % (int(text.split()[0], 16) & ~(3 << 2 * self.key()[0]))

    def test_breakpoint_stops_in_pks_fault(self):
        self.assertIn("pks_fault in section .text", self.lines("stopped")[0])

    def test_pkrs_refuses_before_percpu_init(self):
        self.assertRegex(self.lines("too early")[0], "refused: this CPU has no struct cpu")

    def test_pkrs_decodes_the_mirror_as_the_kernel_does(self):
        self.assertEqual(self.lines("pkrs")[1], self.initial())
        self.assertNotEqual(self.lines("frame")[2], self.initial(), "mirror and frame differ here")

    def test_pkrs_names_owner_and_rights_of_each_key(self):
        key, owner = self.key()
        row = next(r.split(None, 1) for r in self.lines("pkrs")[3:] if r.split()[0] == str(key))
        self.assertRegex(row[1], r"^no access\s+1  1  %s$" % re.escape(owner))
        self.assertIn("0      read, write   0  0  all memory", self.lines("pkrs"))

    def test_pkrs_decodes_a_value(self):
        # Bits 9:4 of ...e4c are 100100: keys 2 (AD 0, WD 0), 3 (AD 1, WD 0), 4 (AD 0, WD 1).
        answer = self.lines("pkrs value")
        self.assertEqual(answer[0], "0xfffffe4c {0:rw 1:-- 2:rw 3:-- 4:r- 5-15:--}")
        self.assertRegex("\n".join(answer), r"(?m)^3 +no access +1  0 ")
        self.assertRegex("\n".join(answer), r"(?m)^4 +read only +0  1 ")

    def test_pkrs_refuses_more_than_32_bits(self):
        self.assertRegex(self.lines("pkrs refuses")[0], "refused: .*32 bits")

    def test_frame_shows_the_saved_word(self):
        answer = self.lines("frame")
        self.assertRegex(answer[0], r"vector 14, 0x[0-9a-f]+ \[protection .*pkey\]")
        self.assertEqual(int(answer[2].split()[0], 16), int(self.lines("raw")[0], 16))
        self.assertEqual(answer, self.lines("frame by address"))

    def test_frame_has_the_key_open_after_the_pardon(self):
        before, after = self.lines("frame")[2], self.lines("frame after")[2]
        self.assertEqual(after.split()[0], self.without(before))
        self.assertNotEqual(after, before)
        self.assertEqual(self.lines("still initial")[1], self.initial())

    def test_pkrs_is_the_frames_after_the_return(self):
        self.assertEqual(self.lines("pkrs after")[1], self.lines("frame after")[2])

    def walked(self, name):
        """gdb's walk without index and address of each entry, which only gdb prints."""
        return [re.sub(r"  \[\d+\] at [0-9a-f]{16}$", "", s) for s in self.lines(name)]

    def test_walk_prints_what_the_kernel_prints(self):
        mine = self.walked("walk")
        self.assertEqual([s.strip() for s in mine],
                         [without_size(s.strip()) for s in self.kernel("# " + mine[0])])
        self.assertIn("key %d (%s)" % self.key(), "\n".join(mine))
        self.assertRegex("\n".join(mine), "marks: [1-9]")

    def test_walk_of_code_prints_what_the_kernel_prints(self):
        mine = self.walked("walk of code")
        self.assertEqual([s.strip() for s in mine],
                         [s.strip() for s in self.kernel("# " + mine[0])])

    def test_walk_of_an_unmapped_address_says_not_present(self):
        self.assertRegex(self.lines("walk of nothing")[-1], "not present")

    def test_threads_lists_every_thread_with_its_rights(self):
        """Numbers, states and rights are those of gdb's own expressions; one value is planted."""
        mine = [re.match(r"[* ] thread (\d+) (.*) (\w+) PKRS (0x\w{8}) \{.*\}  \S", s) or self.fail(s)
                for s in self.lines("threads")]
        self.assertEqual([" ".join(m.groups()) for m in mine], self.lines("threads raw"))
        self.assertGreaterEqual(len(mine), 3)
        self.assertRegex(self.lines("threads")[0], r"main (blocked|runnable) PKRS 0xffffff2c \{0:rw 1:-- 2:r- 3:rw 4-15")

    def test_threads_shows_where_each_thread_waits(self):
        answer = self.lines("threads")
        self.assertRegex("\n".join(answer), r"main (blocked .* < thread_join\+0x[0-9a-f]+ < .*ktest_main|"
                         r"runnable .* < trap_dispatch\+0x)")       # a tick before it could wait
        self.assertEqual(sum(s.startswith("*") for s in answer), 1)

    def test_run_ends_as_without_a_debugger(self):
        self.assertRegex("\n".join(self.console), TOTALS)


if __name__ == "__main__":
    unittest.main()
