# SPDX-License-Identifier: MIT
"""tools/trace: hand-made dumps with figures counted by hand, and damaged dumps."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path[:0] = [os.path.join(TOP, "tools", "lib"), os.path.dirname(os.path.abspath(__file__))]

import exposure         # noqa: E402
import test_report      # noqa: E402
import timeline         # noqa: E402
import tracedump        # noqa: E402
import tracejson        # noqa: E402
import tracepage        # noqa: E402
from tracemodel import KINDS     # noqa: E402

INIT, OPEN1, READ1 = 0xffffffec, 0xffffffe0, 0xffffffe8
TYPES = ("FAULT PARDON WARN REFUSE DEATH MODE KMAP KUNMAP KEY MARK KMAP_LOCAL KUNMAP_LOCAL KMAP_THREAD "
         "KUNMAP_THREAD STEP_END GLOBAL_OPEN GLOBAL_CLOSE RIGHTS SWITCH ENTER LEAVE THREAD USE_BEGIN USE_END "
         "SCENARIO_BEGIN SCENARIO_END").split()
PAGES3 = 7 | 1 << 32 | 3 << 40      # section 7, key 1 on 3 pages
SILENT = 3 << 16


def begins(rights, inner=INIT):
    """The second word of ENTER."""
    return inner << 32 | rights


def dump(*rings, overwritten=0, threads="0 main", armed=" armed", policy_name="some work"):
    """A log with a dump of these events: for each CPU a list of (time, type, a, b)."""
    lines = ["begin 1 cpus %x khz 3e8 types %x init %x%s" % (len(rings), len(TYPES), INIT, armed)]
    lines += ["type %02x %s" % t for t in enumerate(TYPES)]
    lines += ["key 0 pages 0 all memory", "key 1 pages 3 devmap"]
    lines += ["thread " + t for t in threads.split(",")] + ["scenario 7 " + policy_name]
    for cpu, events in enumerate(rings):
        lines.append("cpu %x recorded %x kept %x overwritten %x thread %x" % (
            cpu, len(events) + overwritten, len(events), overwritten, cpu))
        before = 0
        for tsc, kind, a, b in events:
            lines.append("%02x %x %x %x" % (TYPES.index(kind), tsc - before & 2 ** 64 - 1, a, b))
            before = tsc
    lines.append("end %x %08x" % (len(lines), tracedump.checksum(lines)))
    return ["KTAP version 1\r\n"] + ["#T %s\r\n" % x for x in lines] + ["# Totals: pass:1\r\n"]


def replay(*rings, **more):
    """The Timeline of such a dump."""
    [one] = tracedump.read(dump(*rings, **more))
    return timeline.replay(one)


def section(*events, policy=SILENT, end=10000):
    """A section of three pages that begins at 1000, with these events in it."""
    return [(1000, "SCENARIO_BEGIN", PAGES3, policy), (1000, "RIGHTS", INIT, 0), *events,
            (end, "SCENARIO_END", PAGES3, policy)]


def figures(*rings, **more):
    """The exposure figures of the only section."""
    [one] = exposure.sections(replay(*rings, **more))
    return one


def of(one, context):
    """The row of a context."""
    return next(r for r in one["contexts"] if context in r["context"])


class Exposure(unittest.TestCase):
    """Exposure against figures counted by hand."""

    def test_open_is_exposed_on_every_page(self):
        one = figures(section((2000, "RIGHTS", OPEN1, 0), (2500, "RIGHTS", INIT, 0)))
        self.assertEqual(one["exposure"], 500 * 3)
        self.assertEqual(of(one, "main")["ran"], 9000)
        self.assertEqual((one["ticks"], one["unknown"], one["whole"]), (9000, 0, ""))

    def test_a_declared_use_is_no_exposure(self):
        one = figures(section((2000, "RIGHTS", OPEN1, 0), (2100, "USE_BEGIN", 55, 0x101),
                              (2400, "USE_END", 55, 0x101), (2500, "RIGHTS", INIT, 0)))
        self.assertEqual(one["exposure"], 500 * 3 - 300)
        self.assertEqual(of(one, "main")["declared"], 300)

    def test_an_interrupt_before_the_event_of_a_grant_is_no_unseen_change(self):
        early = [(2000, "ENTER", 0x40, begins(OPEN1)), (2100, "LEAVE", 0x40, OPEN1)]
        grant = [(2200, "RIGHTS", OPEN1, 0), (2500, "RIGHTS", INIT, 0)]
        self.assertEqual(replay(section(*early, *grant)).unseen, 0)
        self.assertEqual(replay(section(*early)).unseen, 1)
        self.assertEqual(replay(section(*early, (2150, "MARK", 0, 0), *grant)).unseen, 1)
        self.assertEqual(replay(section(*early, (2150, "RIGHTS", INIT, 0), *grant)).unseen, 1)

    def test_a_use_for_reading_or_of_another_key_declares_nothing(self):
        for use in (0x100, 0x201):
            one = figures(section((2000, "RIGHTS", OPEN1, 0), (2100, "USE_BEGIN", 55, use),
                                  (2400, "USE_END", 55, use), (2500, "RIGHTS", INIT, 0)))
            self.assertEqual(one["exposure"], 500 * 3)

    def test_a_right_to_read_is_no_exposure(self):
        self.assertEqual(figures(section((2000, "RIGHTS", READ1, 0), (2500, "RIGHTS", INIT, 0)))["exposure"], 0)

    def test_an_interrupted_context_counts_nothing(self):
        """The key is open for 500 ticks; an interrupt runs for 200 of them."""
        one = figures(section((2000, "RIGHTS", OPEN1, 0), (2100, "ENTER", 0x40, begins(OPEN1)),
                              (2300, "LEAVE", 0x40, OPEN1), (2500, "RIGHTS", INIT, 0)))
        self.assertEqual(one["exposure"], 300 * 3)
        self.assertEqual(of(one, "tick")["ran"], 200)

    def test_a_declaration_holds_for_its_context_only(self):
        one = figures(section((2000, "USE_BEGIN", 55, 0x101), (2100, "ENTER", 0x200, begins(INIT)),
                              (2200, "RIGHTS", OPEN1, 0), (2300, "LEAVE", 0x200, INIT),
                              (2400, "USE_END", 55, 0x101)))
        self.assertEqual(one["exposure"], 100 * 3)
        self.assertEqual(of(one, "softirq 0")["exposure"], 300)

    def test_rights_go_with_their_thread(self):
        """Thread 0 opens the key, thread 4 runs without it, thread 0 resumes with it."""
        one = figures(section((2000, "RIGHTS", OPEN1, 0), (2100, "SWITCH", 4, INIT),
                              (2900, "SWITCH", 4 << 32, OPEN1), (3000, "RIGHTS", INIT, 0)), threads="0 main,4 other")
        self.assertEqual(one["exposure"], 200 * 3)
        self.assertEqual(of(one, "other")["exposure"], 0)

    def test_exposure_adds_up_over_cpus(self):
        one = figures(section((2000, "RIGHTS", OPEN1, 0), (2500, "RIGHTS", INIT, 0)),
                      [(900, "RIGHTS", OPEN1, 0), (1600, "RIGHTS", INIT, 0), (20000, "MARK", 0, 0)],
                      threads="0 main,1 idle")
        self.assertEqual(one["exposure"], 500 * 3 + 600 * 3)

    def test_unknown_rights_are_counted_apart(self):
        """CPU 1's rights are unknown before its first event."""
        one = figures(section(), [(1500, "MARK", 0, 0), (1700, "RIGHTS", INIT, 0), (20000, "MARK", 0, 0)])
        self.assertEqual(one["unknown"], 200)

    def test_a_section_with_an_overwritten_begin_is_not_whole(self):
        events = section((2000, "RIGHTS", OPEN1, 0), (2500, "RIGHTS", INIT, 0))[2:]
        self.assertIn("overwritten", figures(events, overwritten=2)["whole"])

    def test_a_dump_without_trace_on_gives_no_figures(self):
        with self.assertRaisesRegex(tracedump.BadTrace, "without trace=on"):
            figures(section(), armed="")


FAULT = [(2000, "ENTER", 14, begins(INIT)), (2010, "FAULT", 0xff000, 0xffffffff80100000),
         (2020, "PARDON", 0xff000, 1), (2050, "LEAVE", 14, OPEN1)]


class Pardons(unittest.TestCase):
    """Windows: from the moment a pardoned right is in force to its end."""

    def only(self, one):
        [row] = one["pardons"]
        return row

    def test_a_change_of_rights_ends_a_window(self):
        row = self.only(figures(section(*FAULT, (2250, "RIGHTS", INIT, 0))))
        self.assertEqual((row["kind"], row["count"], row["median"], row["max"]), ("thread", 1, 200, 200))
        self.assertEqual((row["elapsed_max"], row["left_open"]), (230, 0))

    def test_the_end_of_a_context_ends_its_window(self):
        row = self.only(figures(section((1900, "ENTER", 0x201, begins(INIT)), *FAULT, (2350, "LEAVE", 0x201, INIT))))
        self.assertEqual((row["kind"], row["max"], row["left_open"]), ("softirq", 300, 0))

    def test_a_step_ends_a_window(self):
        """The #DB after the instruction takes the right back in the frame."""
        row = self.only(figures(section(*FAULT, (2060, "ENTER", 1, begins(OPEN1)), (2070, "STEP_END", 0, 12),
                                        (2080, "LEAVE", 1, INIT), policy=SILENT | 1)))
        self.assertEqual((row["scope"], row["max"], row["elapsed_max"]), ("instruction", 10, 60))

    def test_a_lent_key_is_open_to_every_thread_of_its_cpu(self):
        """The right is lent in the register: this thread and the next have it, an NMI ends it."""
        lent = [e if e[1] != "LEAVE" else (2050, "LEAVE", 14, INIT) for e in FAULT]
        one = figures(section(*lent, (2150, "SWITCH", 4, INIT), (2450, "ENTER", 2, begins(INIT)),
                              (2460, "LEAVE", 2, INIT), policy=SILENT | 2), threads="0 main,4 other")
        self.assertEqual((of(one, "main")["exposure"], of(one, "other")["exposure"]), (100 * 3, 300 * 3))
        self.assertEqual((self.only(one)["scope"], self.only(one)["max"]), ("global", 400))

    def test_closing_a_key_ends_what_was_lent(self):
        lent = [e if e[1] != "LEAVE" else (2050, "LEAVE", 14, INIT) for e in FAULT]
        one = figures(section(*lent, (2150, "GLOBAL_CLOSE", 1, 0), policy=SILENT | 2))
        self.assertEqual((one["exposure"], self.only(one)["max"]), (100 * 3, 100))

    def test_a_window_without_an_end_is_left_open(self):
        row = self.only(figures(section(*FAULT)))
        self.assertEqual((row["left_open"], row["max"]), (1, 10000 - 2050))

    def test_several_windows_have_a_median_and_a_maximum(self):
        more = [(t + d, *rest) for d in (0, 1000, 2000) for t, *rest in
                FAULT + [(2050 + 100 + d // 10, "RIGHTS", INIT, 0)]]
        row = self.only(figures(section(*more)))
        self.assertEqual((row["count"], row["median"], row["max"]), (3, 200, 300))


class Contexts(unittest.TestCase):
    """Which context each stretch of time belongs to."""

    def test_a_context_entered_before_the_record_is_recognised(self):
        line = replay([(1000, "RIGHTS", READ1, 0), (1500, "LEAVE", 0x40, OPEN1), (1700, "RIGHTS", INIT, 0)])
        self.assertEqual([(p.context.name, p.rights) for p in line.pieces], [
            ("tick", READ1), ("thread 0 main", OPEN1)])

    def test_an_interrupt_continues_after_a_thread_switch(self):
        line = replay([(1000, "ENTER", 0x40, begins(OPEN1)), (1100, "SWITCH", 4, INIT), (1200, "RIGHTS", READ1, 0),
                       (1300, "SWITCH", 4 << 32, INIT), (1400, "LEAVE", 0x40, OPEN1), (1500, "MARK", 0, 0)])
        self.assertEqual([(p.context.name, p.begin, p.rights) for p in line.pieces], [
            ("tick", 1000, INIT), ("thread 4", 1100, INIT), ("thread 4", 1200, READ1), ("tick", 1300, INIT),
            ("thread 0 main", 1400, OPEN1)])

    def test_a_dead_thread_keeps_its_name(self):
        name = int.from_bytes(b"shorty\0\0", "little")
        line = replay([(900, "THREAD", 9, name), (1000, "SWITCH", 9, INIT), (1100, "SWITCH", 9 << 32, 2 << 32 | INIT)])
        self.assertIn("thread 9 shorty", [c.name for c in line.contexts])


class Damaged(unittest.TestCase):
    """A damaged dump is refused, with the line."""
    LOG = section((2000, "RIGHTS", OPEN1, 0), (2500, "RIGHTS", INIT, 0))

    def refuses(self, lines, why):
        with self.assertRaisesRegex(tracedump.BadTrace, why):
            [timeline.replay(d) for d in tracedump.read(lines)]

    def test_a_lost_line_is_refused(self):
        good = dump(self.LOG)
        for n in range(2, len(good) - 2):
            self.refuses(good[:n] + good[n + 1:], "should have")
        self.refuses(good[:1] + good[2:], "has not begun")

    def test_a_garbled_byte_is_refused(self):
        good = dump(self.LOG)
        for n in range(1, len(good) - 2):
            self.refuses(good[:n] + [good[n][:4] + "~" + good[n][5:]] + good[n + 1:], "line ")

    def test_a_changed_digit_is_refused(self):
        good = dump(self.LOG)
        for n in [n for n, line in enumerate(good) if line.startswith("#T 1")]:
            for digit in "01":
                if good[n][-3] != digit:
                    self.refuses(good[:n] + [good[n][:-3] + digit + "\r\n"] + good[n + 1:], "sum is wrong")

    def test_a_dump_without_an_end_is_refused(self):
        self.refuses(dump(self.LOG)[:-2], "has no end")

    def test_a_dump_torn_by_another_line_is_refused(self):
        good = dump(self.LOG)
        self.refuses(good[:20] + good, "before that of line 2 has ended")
        self.refuses(good[:20] + ["# hel" + good[20]] + good[21:], "stands before")

    def test_an_impossible_order_of_events_is_refused(self):
        for events, why in (
                ([(1, "THREAD", 0, 0), (2, "LEAVE", 14, 0)], "was not entered"),
                ([(1, "ENTER", 14, 0), (2, "LEAVE", 13, 0)], "the innermost context is"),
                ([(1, "SWITCH", 4, 0), (2, "SWITCH", 5 | 3 << 32, 0)], "thread 4 ran"),
                ([(1, "USE_END", 4, 0x101), (2, "MARK", 0, 0)], "has not begun"),
                ([(1, "SCENARIO_END", 7, 0), (2, "MARK", 0, 0)], "no such section"),
                (section()[:-1], "has no end"),
                (section() + [(2 ** 33, "MARK", 0, 0), (1, "MARK", 0, 0)], "time goes back")):
            self.refuses(dump(events), why)

    def test_contradicting_counts_are_refused(self):
        lines = [x[3:].strip() for x in dump(self.LOG)[1:-2]]
        lines = [x.replace(" kept 5", " kept 6") for x in lines]
        lines.append("end %x %08x" % (len(lines), tracedump.checksum(lines)))
        self.refuses(["#T " + x for x in lines], "counts contradict each other")


class Written(unittest.TestCase):
    """The page, the JSON and the command's output."""
    LOG = dump(section(*FAULT, (2250, "RIGHTS", READ1, 0), (2500, "RIGHTS", INIT, 0), (3000, "KMAP", 5, 6)),
               policy_name="<script>&", threads="0 <b>main")

    def setUp(self):
        self.lines = [timeline.replay(d) for d in tracedump.read(self.LOG)]

    def test_page_is_well_formed(self):
        page = tracepage.page("<log>", self.lines, {})
        test_report.Tree(page)
        self.assertNotIn("<log>", page)
        self.assertNotIn("<script>&", page)
        self.assertNotIn("<b>", page)
        for svg in page.split("<svg")[1:]:
            xml.etree.ElementTree.fromstring("<svg" + svg.split("</svg>")[0] + "</svg>")
        self.assertNotRegex(page, r'(src|href)="')
        self.assertNotIn("style=", page)

    def test_bars_differ_for_writing_and_reading(self):
        page = tracepage.page("log", self.lines, {})
        self.assertRegex(page, r'class="write k1"[^>]*><title>thread 0 &lt;b&gt;main: key 1 open for write\n')
        self.assertRegex(page, r'class="read e1"[^>]*fill="url\(#t0-k1\)"><title>thread 0 &lt;b&gt;main: key 1 open for reading\n')
        self.assertIn('id="t0-k1"', page)
        for sign in "▼◆⊕":
            self.assertRegex(page, '<text class="mark [a-z]+" x="[0-9.]+%%" y="[0-9]+">%s<title>' % sign)

    def test_in_mode_off_the_key_is_open_whatever_the_register_holds(self):
        for mode, bars in ((0, 3), (1, 0), (3, 0)):
            lines = [timeline.replay(d) for d in tracedump.read(dump(section(
                (2000, "ENTER", 0x40, begins(INIT)), (2100, "LEAVE", 0x40, INIT), policy=mode << 16)))]
            page = tracepage.page("log", lines, {})
            self.assertEqual(len(re.findall(r'class="write k1".*?rights of no effect: CR4.PKS is 0', page, re.S)),
                             bars, mode)
            self.assertNotIn("key 2 open", page)

    def test_the_legend_names_each_colour_of_a_bar(self):
        page = tracepage.page("log", self.lines, {})
        for kind, words in (("thread", "thread"), ("exception", "exception or system call (ochre)"),
                            ("interrupt", "interrupt, softirq or NMI"), ("work-item", "work item")):
            self.assertRegex(page, r'<li><svg[^>]*><rect class="run %s"[^>]*/></svg> %s</li>' % (
                kind, re.escape(words)))
        for kind in KINDS[1:]:      # a thread's colour needs no class
            self.assertIn(".run.%s" % kind.replace(" ", "-"), page)

    def test_a_page_without_a_dump_names_the_commands(self):
        self.assertIn("tools/trace build/logs/qemu.log --keep", tracepage.timelines([], {}))

    def test_trace_events_hold_rights_and_instants(self):
        out = tracejson.events(self.lines)
        slices = [e for e in out if e["ph"] == "X" and e["cat"] == "rights"]
        self.assertEqual([(e["name"], e["ts"], e["dur"]) for e in slices], [
            ("1:rw", 1050, 200), ("1:r", 1250, 250)])   # 1 tick is 1 us at 1000 kHz
        self.assertEqual([e["name"] for e in out if e["ph"] == "i"], ["FAULT", "PARDON", "KMAP"])
        json.dumps(out)

    def command(self, log, *words):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "log")
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(log)
            run = subprocess.run([os.path.join(TOP, "tools", "trace"), path, *words], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, check=False)
            return run.returncode, run.stdout, run.stderr

    def test_the_command_prints_figures_or_refuses(self):
        status, out, _ = self.command(self.LOG, "--exposure")
        self.assertEqual(status, 0)
        self.assertIn("exposure for writing 600 page ticks", out)
        status, _, err = self.command(self.LOG[:-2], "--exposure")
        self.assertEqual((status, "has no end" in err), (2, True))
        status, _, err = self.command(["nothing\n"])
        self.assertEqual((status, "trace=on" in err), (2, True))


if __name__ == "__main__":
    unittest.main()
