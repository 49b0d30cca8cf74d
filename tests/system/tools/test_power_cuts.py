# SPDX-License-Identifier: MIT
"""tools/power-cuts: what it takes from the console, what it demands of an image. tools/pmem-check:
its statuses, on images that are made from docs/STORE.md."""

import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))

sys.path.insert(0, os.path.join(TOP, "tests", "system", "badinput"))

from store_image import SIZE, block, image      # noqa: E402

LOADER = importlib.machinery.SourceFileLoader("power_cuts", os.path.join(TOP, "tools", "power-cuts"))
cuts = importlib.util.module_from_spec(importlib.util.spec_from_loader("power_cuts", LOADER))
LOADER.exec_module(cuts)

def pmem_check(data, *more):
    """The tool's status and output for an image."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        done = subprocess.run([os.path.join(TOP, "tools", "pmem-check"), *more, file.name], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


class PmemCheck(unittest.TestCase):
    """Its verdicts."""

    def test_a_clean_image(self):
        """A store, also one on a longer medium."""
        for data in (image(), image() + b"\xff" * 5000):
            status, text = pmem_check(data)
            self.assertEqual(status, 0, text)
            self.assertIn("operation 2, generation 7, 2 ids, 2 records, area 0", text)
            self.assertTrue(text.endswith("pmem-check: clean\n"), text)

    def test_the_dump_has_each_record(self):
        """Its bytes, in hexadecimal."""
        status, text = pmem_check(image(), "--dump")
        self.assertEqual(status, 0)
        self.assertIn("id 0: operation 1, 3 bytes at 8192:\n  6f6e65\n", text)
        self.assertIn("id 1: operation 2, 100 bytes at 8256:\n  " + bytes(range(32)).hex(), text)

    def test_what_a_cut_leaves_is_to_be_repaired(self):
        """A superblock that is old or torn, bytes behind the tail."""
        old = block(1, 1, 1, 8256, generation=6)
        behind = bytearray(image(first=old))
        behind[8448] = 1
        for data in (image(first=old), image(second=old), image(first=bytes(64)),
                     image(second=b"x" * 64), bytes(behind)):
            status, text = pmem_check(data)
            self.assertEqual(status, 3, text)
            self.assertIn("repair: ", text)
            self.assertIn("operation 2,", text)

    def test_a_flipped_bit_of_a_record_is_damage(self):
        """In its header, its data, its padding."""
        for at in (8192, 8200, 8223, 8224, 8250, 8256 + 131, 8256 + 191):
            data = bytearray(image())
            data[at] ^= 16
            status, text = pmem_check(bytes(data))
            self.assertEqual(status, 1, text)
            self.assertIn("damage: no good record (byte %d)" % (8192 if at < 8256 else 8256), text)

    def test_no_store(self):
        """Zeros, another version, a file that is cut off, nothing."""
        other = block(2, 2, 2, 8448, version=2)
        for data, why in ((bytes(SIZE), "no good superblock"), (b"\xff" * SIZE, "no good superblock"),
                          (image(first=other, second=other), "another version"),
                          (image()[:-1], "shorter than any store"), (b"", "shorter than any store"),
                          (image(*2 * [block(2, 2, 2, 8448, size=SIZE * 2)]), "end of the file"),
                          (image(*2 * [block(2, 2, 2, SIZE)]), "impossible tail"),
                          (image(*2 * [block(2, 3, 2, 8448)]), "impossible counts"),
                          (image(*2 * [block(3, 2, 2, 8448)]), "the last operation has no record")):
            status, text = pmem_check(data)
            self.assertEqual(status, 1, text)
            self.assertIn(why, text)

    def test_usage(self):
        """No file, no such file, no such option."""
        for arguments in ([], ["/nowhere/at/all"], ["--what", "x"], ["a", "b", "c"]):
            done = subprocess.run([os.path.join(TOP, "tools", "pmem-check"), *arguments], check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 2)
            self.assertTrue(done.stderr)


def said(*lines):
    """A kernel that has said these lines."""
    heard = cuts.Said()
    for line in lines:
        heard.hear(b"# powercut: " + line.encode() + b"\r")
    return heard


class Rules(unittest.TestCase):
    """What an image must hold after a cut."""

    def rules(self, heard, status, operation, before=None):
        """The numbers of the rules that are broken."""
        return [cuts.RULES.index(rule) for rule, _ in cuts.broken(heard, status, operation, before)]

    def test_within_an_operation_it_is_there_or_not(self):
        """Begun and not done: both are right, nothing else is."""
        heard = said("found 4", "begin 5", "done 5", "begin 6")
        for operation, wrong in ((4, [1]), (5, []), (6, []), (7, [2])):
            for status in (cuts.CLEAN, cuts.REPAIR):
                self.assertEqual(self.rules(heard, status, operation, 4), wrong)

    def test_between_operations_nothing_is_uncertain(self):
        """Done and not begun: exactly that one, and clean."""
        for heard in (said("found 5"), said("found 4", "begin 5", "done 5")):
            for operation, wrong in ((4, [1]), (5, []), (6, [2])):
                self.assertEqual(self.rules(heard, cuts.CLEAN, operation), wrong)
            self.assertEqual(self.rules(heard, cuts.REPAIR, 5), [4])

    def test_damage_is_never_right(self):
        """Whatever the kernel has said."""
        for heard in (said("found 5"), said("found 4", "begin 5")):
            self.assertEqual(self.rules(heard, cuts.DAMAGED, 5), [3])
            self.assertEqual(self.rules(heard, cuts.DAMAGED, None), [3])
            self.assertEqual(self.rules(heard, cuts.CLEAN, None), [3])

    def test_a_boot_finds_what_the_last_cut_left(self):
        """Not less, not more, and it says so."""
        self.assertEqual(self.rules(said("found 3"), cuts.CLEAN, 3, 4), [0])
        self.assertEqual(self.rules(said("found 5"), cuts.CLEAN, 5, 4), [0])
        self.assertEqual(self.rules(said(), cuts.CLEAN, 5, 5), [0])
        self.assertEqual(self.rules(said("found 5", "begin 7"), cuts.CLEAN, 6, 5), [0])

    def test_a_cut_recovery_neither_adds_nor_loses_an_operation(self):
        """Where the kernel had begun to repair, the image has what it had before, and may need a repair."""
        def rules(heard, status, operation):
            return [cuts.RULES.index(rule) for rule, _ in cuts.broken_recovery(heard, status, operation, 5)]
        heard = said("repair 1", "repair 2")
        self.assertEqual((heard.repairs, heard.found, heard.lines), (2, None, 0))
        for operation, wrong in ((4, [6]), (5, []), (6, [6])):
            for status in (cuts.CLEAN, cuts.REPAIR):
                self.assertEqual(rules(heard, status, operation), wrong)
        self.assertEqual(rules(heard, cuts.DAMAGED, 5), [3])
        self.assertEqual(rules(heard, cuts.CLEAN, None), [3])
        self.assertEqual(rules(said(), cuts.REPAIR, 5), [0])
        # The kill came late: the kernel was at work already.
        self.assertEqual(rules(said("repair 1", "found 5"), cuts.CLEAN, 5), [])
        self.assertEqual(rules(said("repair 1", "found 5", "begin 6"), cuts.REPAIR, 6), [])
        self.assertEqual(rules(said("repair 1", "found 4"), cuts.CLEAN, 4), [0])

    def test_a_line_is_heard_only_whole(self):
        """And only the kernel's own."""
        heard = said("found 5", "begin 6x", "begin")
        heard.hear(b"powercut: begin 6")
        self.assertEqual((heard.found, heard.begun, heard.done, heard.lines), (5, 5, 5, 0))


class Chain(unittest.TestCase):
    """A machine that is killed: what it wrote before counts, up to its last whole line."""

    def test_what_was_written_before_the_kill_is_heard(self):
        """A process that writes lines for ever, and one line that is not whole."""
        script = ("printf '# powercut: found 3\\n# powercut: begin 4\\n# powercut: done 4\\n"
                  "# powercut: begin 5\\n# powercut: done 55'; sleep 60")
        chain = cuts.Chain.__new__(cuts.Chain)
        heard = chain.boot(["sh", "-c", script], lambda said: said.lines >= 1, 0.2)
        self.assertEqual((heard.found, heard.begun, heard.done), (3, 5, 4))

    def play(self, looks, boots):
        """A chain of two cuts: what tools/pmem-check says after each boot, what each kernel says. Returns it, and
        for each boot after which of its lines the cut was due."""
        chain, cut_after = cuts.Chain.__new__(cuts.Chain), []
        chain.begin(1)
        boots, looks = iter(boots), iter(looks)

        def boot(_command, when, _seconds):
            heard, due = cuts.Said(), None
            for number, line in enumerate(next(boots), 1):
                heard.hear(b"# powercut: " + line.encode())
                if when and due is None and when(heard):
                    due = number
            cut_after.append(due)
            return heard
        chain.command, chain.boot, chain.look = lambda words: words, boot, lambda: (*next(looks), "")
        chain.fail = lambda rule, what: chain.wrong[rule].append(what)
        return chain.play(2), cut_after

    def test_a_recovery_is_cut_too(self):
        """After a cut that leaves something to repair the next boot is cut within the repair; a second one if there
        is still something; and then the store works on."""
        repair = ["repair %d" % n for n in range(1, 100)]
        chain, cut_after = self.play(
            [(cuts.REPAIR, 1), (cuts.REPAIR, 1), (cuts.REPAIR, 1), (cuts.REPAIR, 2), (cuts.CLEAN, 2), (cuts.CLEAN, 2)],
            [["found 0", "begin 1"], repair, repair, ["found 1", "begin 2"], repair, ["found 2"]])
        self.assertEqual([rule for rule in chain.wrong if chain.wrong[rule]], [])
        self.assertEqual((chain.cuts, chain.recoveries, chain.halves), (2, 3, 2))
        for boot in (1, 2, 4):
            self.assertTrue(1 <= cut_after[boot] <= max(cuts.WRITES))


if __name__ == "__main__":
    unittest.main()
