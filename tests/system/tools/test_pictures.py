# SPDX-License-Identifier: MIT
"""tools/results on pictures: parts put together, sets told apart, the summary judged.

A program in zbarimg's place reads codes that stand in the files as text; tests/system/screen/test_codes.py
has the real one read real pictures.
"""

import os
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path[:0] = [os.path.join(TOP, "tools", "lib")]

import image                                # noqa: E402
import summary                              # noqa: E402

PNG = b"\x89PNG\r\n\x1a\n"
# Skips the first bytes of the file; exits as zbarimg does without a code, and with a file that is no picture.
ZBAR = """#!/usr/bin/python3
import sys
data = sys.stdin.buffer.read() if sys.argv[-1] == "png:-" else open(sys.argv[-1], "rb").read()
if b"broken" in data:
    sys.exit("no picture")
sys.stdout.buffer.write(data[8:])
sys.exit(0 if data[8:] else 4)
"""
CONVERT = "#!/bin/sh\n[ -z \"$SHARPER\" ] || cat \"$SHARPER\"\n"
BOOT = "# kernel: version 1.0, commit 0123456789ab, hash 00112233445566ff\n" \
       "# words: extent=whole exit=halt\n# CPU: GenuineIntel signature 000c0662 pks\n" \
       "# CPU type: family 6, model c6H, stepping 2, P core, pks: 8 from CPU 0 on\n"
GOOD = BOOT + "# observed: smap_and_pkru:PK yes:1 no:2\n# matrix: cases=10 divergent=0 slice=whole " \
    "levels=4 ms=1\nskip 2 no clock in\n# Totals: pass:3 fail:0 xfail:0 skip:2 error:0\n"
CLASS = "class modify_is_a_write kind:add,rights:ad #PF(P+W+PK) #PF(P+PK) 7 99\n"
BAD = GOOD.replace("divergent=0", "divergent=7").replace("skip 2", CLASS + """not ok matrix.modify_is_a_write
# tests/mm/t_memory.c:12: expected 1, got 2
not ok memory.is_one
not ok memory.is_two # ERROR the test died: #UD
skip 2""").replace(" fail:0", " fail:2").replace("error:0", "error:1")


def codes(text, size=100, checksum=None):
    """The texts of the codes that the kernel makes of a summary."""
    text = text.encode()
    parts = [text[at:at + size] for at in range(0, len(text), size)] or [b""]
    head = checksum or b"%016x" % image.hash64(0, text)
    return [b"KEYWARD1 %s %d/%d %d\n%s" % (head, n, len(parts), len(part), part)
            for n, part in enumerate(parts, 1)]


def results(pictures, *words, sharper=None, path=None):
    """Judge pictures, each a list of codes; returns (exit status, output)."""
    with tempfile.TemporaryDirectory() as scratch:
        names = []
        for n, held in enumerate(pictures):
            names.append(os.path.join(scratch, "IMG_%d.png" % n))
            with open(names[-1], "wb") as file:
                file.write(held if isinstance(held, bytes) else PNG + b"".join(c + b"\n" for c in held))
        for name, text in (("zbarimg", ZBAR), ("convert", CONVERT), ("magick", CONVERT)):
            with open(os.path.join(scratch, name), "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(os.path.join(scratch, name), 0o755)
        with open(os.path.join(scratch, "sharper"), "wb") as file:
            file.write(PNG + b"\n".join(sharper or []))
        env = dict(os.environ, PATH=path or scratch + ":" + os.environ["PATH"],
                   SHARPER=os.path.join(scratch, "sharper") if sharper else "")
        done = subprocess.run(["/usr/bin/python3", os.path.join(TOP, "tools", "results"), *names, *words],
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, check=False)
    return done.returncode, done.stdout


class Parts(unittest.TestCase):
    """From codes to one text, or to what is wrong with the pictures."""

    def refused(self, pictures, why, **how):
        """Assert that no verdict is given, for this reason."""
        status, output = results(pictures, **how)
        self.assertEqual(status, 2, output)
        self.assertIn(why, output)

    def good(self, pictures, *words, **how):
        """Assert that the pictures pass."""
        status, output = results(pictures, *words, **how)
        self.assertEqual(status, 0, output)
        self.assertIn("silicon: 3 pass, 2 skip, all as expected", output)
        return output

    def test_any_order_and_any_number_a_picture_will_do(self):
        parts = codes(GOOD)
        self.assertGreater(len(parts), 3)
        self.good([parts])
        self.good([[p] for p in parts])
        self.good([[p] for p in reversed(parts)])
        self.good([parts[:2], parts[1:], parts])
        self.good([[], parts])
        for size in (1, 7, 64, 5000):
            self.good([codes(GOOD, size)])

    def test_a_missing_code_is_named(self):
        parts = codes(GOOD)
        for n in range(len(parts)):
            self.refused([[p] for p in parts[:n] + parts[n + 1:]], "lack code %d of %d" % (n + 1, len(parts)))
        self.refused([[]], "no code of Keyward's")
        self.refused([[b"https://example.org"]], "no code of Keyward's")

    def test_a_changed_picture_may_show_what_is_missing(self):
        parts = codes(GOOD)
        self.good([parts[1:]], sharper=parts[:1])
        self.refused([parts[1:]], "lack code 1 of", sharper=parts[1:2])

    def test_sets_are_not_mixed(self):
        one, other = codes(GOOD), codes(GOOD.replace("pass:3", "pass:4"))
        self.refused([one[:1], other[1:]], "IMG_1.png: this picture is of another run")
        self.refused([one + other], "another run")
        self.refused([one, codes(GOOD, 90)[:1]], "another run")

    def test_damage_is_seen(self):
        parts = codes(GOOD)
        self.refused([parts[:-1] + [parts[-1].replace(b"pass:3", b"pass:9")]], "do not add up to what the kernel wrote")
        self.refused([parts, [parts[0].replace(b"0123456789ab", b"0123456789ac")]], "code 1 is there twice, and differs")
        self.refused([parts[:-1] + [parts[-1][:-9]]], "a code that is damaged")
        self.refused([[parts[0].replace(b" 1/", b" 99/")]], "a code that is damaged")
        self.refused([b"\x89PNG\r\n\x1a\nbroken"], "zbarimg cannot read it: no picture")

    def test_logs_and_pictures_are_not_mixed(self):
        self.refused([codes(GOOD), b"# Keyward: protection keys\n"], "IMG_1.png is no picture; logs are judged one by one")

    def test_without_zbarimg_it_says_what_installs_it(self):
        self.refused([codes(GOOD)], "tools/install test", path="/nowhere")


class Judged(unittest.TestCase):
    """The summary is judged by the machine's file, as a log is."""

    def judged(self, text, status, *wanted, words=()):
        """Assert status and parts of the output."""
        found, output = results([codes(text)], *words)
        self.assertEqual(found, status, output)
        for line in wanted:
            self.assertIn(line, output)
        return output

    def test_what_to_send_back_has_all_that_the_codes_hold(self):
        output = self.judged(GOOD.replace("skip 2 no clock in", "# bench wrmsr min 12 median 13\nskip 2 no clock in"), 0,
                             "command line: extent=whole exit=halt\n", "# observed: smap_and_pkru:PK yes:1 no:2\n",
                             "| wrmsr     |            12/13 | ticks |\n", "SKIP 2: no clock in\n",
                             "kernel: version 1.0, commit 0123456789ab, hash 00112233445566ff: another one than ",
                             "file: IMG_0.png, ")
        for line in BOOT.splitlines()[1:]:
            self.assertIn(line + "\n", output)

    def test_failures_are_named_with_what_was_seen(self):
        output = self.judged(BAD, 1, "FAILED memory.is_one: failed\n", "   # tests/mm/t_memory.c:12: expected 1, got 2\n",
                             "FAILED memory.is_two: error in the test itself: the test died: #UD\n",
                             "in a way that is not known: kind:add,rights:ad, expected #PF(P+W+PK), observed #PF(P+PK)",
                             "modify_is_a_write: a read-modify-write is a write: W is set", "7 of 99 cases",
                             "again      tools/run silicon 'tests=matrix.*' case=kind:add,rights:ad exit=halt",
                             "3 pass, 2 fail, 2 skip, 1 error, not as expected")
        self.assertLess(output.index("t_memory.c:12"), output.index("FAILED memory.is_one"))

    def test_known_divergences_are_expected_and_must_happen(self):
        text = BAD.replace("not ok memory.is_one\n", "").replace("# tests/mm/t_memory.c:12: expected 1, got 2\n", "") \
            .replace("not ok memory.is_two # ERROR the test died: #UD\n", "").replace(" fail:2", " fail:1") \
            .replace("error:1", "error:0").replace("exit=halt", "exit=halt tests=matrix.modify_is_a_write case=x:y")
        self.judged(text, 0, "3 pass, 1 xfail, 2 skip, all as expected", words=("--machine", "qemu"))
        whole = text.replace(" tests=matrix.modify_is_a_write case=x:y", "")
        self.judged(whole, 1, "listed as known (", "but does not happen any more",
                    "listed as known, but did not fail: policy.leaving_mode_off_denies_at_once",
                    "listed as known, but did not fail: matrix.cr4_pks_holds_at_once *tlb:pks*", words=("--machine", "qemu"))

    def test_chance_is_known_by_its_wildcard(self):
        text = BAD.replace(CLASS, CLASS.replace("modify_is_a_write kind:add,rights:ad", "cr4_pks_holds_at_once tlb:pks,rights:ad")) \
            .replace("ok matrix.modify_is_a_write", "ok matrix.cr4_pks_holds_at_once").replace("extent=whole", "tests=matrix.*")
        self.judged(text, 1, "in a way that is not known: tlb:pks", words=("--machine", "qemu"))
        output = self.judged(text.replace(" 7 99", " 7 99 chance"), 1, words=("--machine", "qemu"))
        self.assertNotIn("in a way that is not known", output)

    def test_silicon_must_not_skip_for_lack_of_pks(self):
        self.judged(GOOD.replace("no clock in", "this CPU has no PKS"), 1,
                    "FAILED 2 tests: must not be skipped here: this CPU has no PKS")
        self.judged(GOOD.replace("skip 2 no clock in", "skip 2"), 1, "FAILED 2 tests: skipped without a reason")

    def test_what_is_not_whole_is_a_crash(self):
        self.judged(GOOD.replace("# Totals", "lost 3\n# Totals"), 3, "3 lines found no room in the codes")
        self.judged(GOOD[:GOOD.index("# Totals")], 3, "no totals line")
        self.judged(GOOD.replace("skip 2 no", "skip 1 no"), 3, "the totals do not add up")
        self.judged(BAD.replace("not ok memory.is_one\n", ""), 3, "the totals do not add up")
        self.judged(GOOD.replace("skip 2 no", "skop 2 no"), 3, "a line that is not whole: skop 2 no")
        self.judged(BAD.replace(CLASS, ""), 3, "the matrix saw 7 divergent cases, its classes hold 0")
        self.judged(BAD.replace("ok matrix.modify_is_a_write", "ok matrix.else"), 3, "modify_is_a_write stands before the result of matrix.else")

    def test_words_that_were_not_understood_are_told(self):
        self.judged(GOOD.replace("# CPU:", "# command line: colour=red is not known\n# CPU:"), 2, "colour=red is not known")

    def test_words_can_be_given_instead(self):
        self.judged(GOOD, 0, "command line: pks=strict\n", words=("pks=strict",))
        self.assertEqual(summary.words(["# words: a=b c d=e"]), ["a=b", "d=e"])


class Kernels(unittest.TestCase):
    """Which kernel made a log."""

    def elf(self, folder, writable=b"data"):
        """A small ELF file; returns its path and checksum. What is writable does not count."""
        head = bytearray(b"\x7fELF\x02\x01" + bytes(58))
        head[32:40], head[54:58] = (64).to_bytes(8, "little"), b"\x38\0\x03\0"
        segments = [(5, b"text of the kernel"), (6, writable), (4, b"constants")]
        at, table, body, value = 64 + 3 * 56, b"", b"", 0
        for flags, data in segments:
            table += b"".join((1 if n == 0 else flags if n == 1 else at if n == 2 else len(data)).to_bytes(
                4 if n < 2 else 8, "little") for n in (0, 1, 2, 3, 3, 5, 5, 7))
            body, at = body + data, at + len(data)
            value = image.hash64(value, data) if not flags & 2 else value
        path = os.path.join(folder, "keyward.elf")
        with open(path, "wb") as file:
            file.write(bytes(head) + table + body)
        return path, value

    def test_the_checksum_is_that_of_what_is_not_writable(self):
        with tempfile.TemporaryDirectory() as folder:
            path, value = self.elf(folder)
            self.assertEqual(image.of(path), value)
            self.assertEqual(image.of(self.elf(folder, b"other")[0]), value)
            with open(path, "ab") as file:
                file.truncate(100)
            self.assertIsNone(image.of(path))
        self.assertIsNone(image.of("/nowhere"))
        self.assertIsNone(image.of(__file__))

    def test_a_log_names_its_kernel_or_another(self):
        with tempfile.TemporaryDirectory() as folder:
            path, value = self.elf(folder)
            text = GOOD.replace("00112233445566ff", "%016x" % value)
            self.assertIn("hash %016x: %s\n" % (value, os.path.relpath(path, TOP)),
                          results([codes(text)], "--elf", path)[1])
            self.assertIn("hash 00112233445566ff: another one than %s and those below build/" % os.path.relpath(path, TOP),
                          results([codes(GOOD)], "--elf", path)[1])
            self.assertIn("kernel: not named\n", results([codes(GOOD[GOOD.index("# words"):])], "--elf", path)[1])

    def test_the_built_kernel_has_a_checksum(self):
        path = os.path.join(TOP, "build", "keyward.elf")
        if not os.path.exists(path):
            self.skipTest("build/keyward.elf is not there")
        self.assertIsNotNone(image.of(path))


if __name__ == "__main__":
    unittest.main()
