# SPDX-License-Identifier: MIT
"""tools/arms: tables from hand-made consoles, without a build or a boot."""

import contextlib
import importlib.machinery
import importlib.util
import io
import os
import sys
import tempfile
import unittest
from unittest import mock

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import copycosts        # noqa: E402
import hidecosts        # noqa: E402
import guestpages      # noqa: E402
import hits            # noqa: E402
import writecosts       # noqa: E402


def tool(name):
    """A tool as a module."""
    loader = importlib.machinery.SourceFileLoader("tool_" + name, os.path.join(TOP, "tools", name))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def bench(name, median):
    """A bench's line."""
    return "# bench %s min 1 median %d\n" % (name, median)


def write(arm, size, window, ticks, pkrs=None, **events):
    """A line of the suite `arms`."""
    counts = dict({"windows": 1, "invlpgs": 0, "flushes": 0, "ipis": 0}, **events)
    return "# write %s %d %d ticks %d windows %d invlpgs %d flushes %d ipis %d%s\n" % (
        arm, size, window, ticks, counts["windows"], counts["invlpgs"], counts["flushes"], counts["ipis"],
        "" if pkrs is None else " pkrs %d" % pkrs)


def writers(leave_out=None, uneven=0):
    """A console of the suite `arms`: a window of each arm costs 2 ** 10 times its place among the arms."""
    text, whole = "", 2 << 20
    for n, arm in enumerate(("none", *writecosts.ARMS)):
        for size in (64, 4096, whole):
            for window in (0, 4096, whole):
                if window and (size > window or arm == "kmap_local" and window == whole) or (arm, size, window) == leave_out:
                    continue
                windows = whole // (window or (4096 if arm == "kmap_local" and size > 4096 else size))
                text += write(arm, size, window, 10 ** 7 + size + n * 1024 * windows + uneven * (size == 64 and n == 1),
                              windows=windows, pkrs=2 * windows, ipis=3 * windows, invlpgs=4 * windows)
    return text


def hits_of_strays(cpus, users):
    """A console of the suite `exposure`: they are pages times CPUs, but under `context` a mark's."""
    lines = []
    for (mode, gate, scope), name in hits.POLICIES.items():
        for pages in hits.SIZES:
            n = pages * cpus
            moments = (0, 2, n, n) if name == "context" else (0, n, n, 0)
            lines.append("# hits pages %d cpus %d users %d pks=%s gate=%s pardon=%s moments %d %d %d %d faults %d steps 1 lent 2"
                         " ipis 3 invlpgs 4 ticks %d\n" % (pages, cpus, users, mode, gate, scope, *moments, users, pages + 7))
    return "".join(lines)


def hidden(cpus, leave_out=None):
    """A console of the suites `arms` and `snapshot`: hiding takes 100 instructions a page, by a key 1000; showing half."""
    lines = []
    for op, share in (("hide", 2), ("show", 1)):
        for way, cost in (("none", 0), ("unmap", 100), ("key", 1000), ("rights", 0)):
            for layout, pages in hidecosts.PAGES:
                flushes = way == "key" or (op, way) == ("hide", "unmap")
                calls = pages if layout == "scattered" else 1
                if (op, way, layout, pages) != leave_out:
                    lines.append("# hide %s %s %s %d cpus %d ticks %d pkrs %d invlpgs %d flushes 0 ipis %d splits %d\n" % (
                        op, way, layout, pages, cpus, 6 + pages * cost * share // 2, way == "rights", flushes * pages * cpus,
                        flushes * calls * (cpus - 1), (2 * share - 3) * (way == "key")))
    for way, n in (("alias", 0), ("direct-map", 1)):
        lines.append("# snapshot %s reachable %d of 700 steps\n# snapshot %s refused %s\n" % (way, 600 * n, way, "-ENOMEM" if n else "copied"))
        for state in ("mapped", "hidden"):
            lines.append("# snapshot %s %s ticks %d invlpgs %d ipis %d cpus %d\n" % (
                way, state, 700 + n, 1 + n * (cpus - 1), n * (cpus - 1), cpus))
    return "".join(lines)


def guests(cpus, large="prepared"):
    """A console of the suite `inaccessible`: two paths, two accesses, two layouts of frames."""
    lines = []
    for hook in guestpages.HOOKS:
        for arm in guestpages.ARMS:
            for owner in guestpages.OWNERS:
                for size in guestpages.SIZES:
                    end = " 4K before hook".replace("4K", size) + " %s arm %s owner %s: " % (hook, arm, owner)
                    lines.append("# path walk%s%s" % (end, "refused" if owner == "refuses" else
                                                      "prepared" if size == "4K" else large))
                    lines.append("# path swap_out%s%s" % (end.replace("before", "between"),
                                                          "too_late" if hook == "gup" else "anyway"))
    for n, arm in enumerate(guestpages.ARMS):
        lines += ["# private %s stray_read not_present" % arm, "# private %s device passes" % arm]
        for what in ("private", "shared"):
            for frames, layout in ((1, "run"), (16, "scattered")):
                lines.append("# guest %s %s %d %s ticks %d invlpgs %d flushes 2 ipis %d splits %d" % (
                    arm, what, frames, layout, 100 * cpus + n, frames * cpus, cpus - 1, 1 if what == "private" else -1))
    return "\n".join(lines) + "\n"


class Arms(unittest.TestCase):
    """What each subcommand prints and saves."""

    def run_it(self, console, *words):
        """The tables that it would write, by name, and what it said on stderr."""
        arms, said, written = tool("arms"), io.StringIO(), {}
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            for target, name, value in (
                    (arms, "build", lambda kind, *_: kind), (arms, "build_elsewhere", lambda place: place),
                    (arms, "run", console), (arms.tables, "FOLDER", folder),
                    (arms.tables, "write", lambda path, parts: written.update(parts)),
                    (arms.sys, "argv", ["arms", *words, "--write"])):
                stack.enter_context(mock.patch.object(target, name, value))
            out = stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
            stack.enter_context(contextlib.redirect_stderr(said))
            arms.main()
            self.assertEqual(sorted(os.listdir(folder)), sorted(name + ".csv" for name in written))
            for lines in written.values():
                self.assertIn("\n".join(lines), out.getvalue())
        return written, said.getvalue().splitlines()

    def test_nesting_has_a_row_for_each_case(self):
        found, said = self.run_it(lambda *_: "# nesting out_of_order plain=too-narrow token=right+caught rule=the rule\n",
                                  "nesting")
        self.assertEqual(found, {"nesting": ["| case | expected | plain | token |", "|---|---|---|---|",
                                             "| out of order | the rule | too narrow | right, caught |"]})
        self.assertEqual(len(said), 2)

    def test_saved_has_cases_and_costs_of_each_place(self):
        costs = {"frame": 108, "stack": 122, "slot": 112, "cpu": 95, "base": 100}

        def console(machine, folder, *words):
            if "bench=on" in words:
                self.assertEqual("--icount" in words, machine == "qemu")
                return "".join(bench(name, costs[folder] + (machine == "bochs" and folder != "base"))
                               for _, name, _ in tool("arms").COSTS)
            self.assertEqual("--known" in words, folder != "frame")
            return "    %s 1 a_case\n    ok 2 a_skip # SKIP why\n" % ("not ok" if folder == "slot" else "ok")
        found, said = self.run_it(console, "saved")
        self.assertEqual(found["saved"][2:], ["| a case | right | right | wrong | right |"])
        for machine, more in (("qemu", 0), ("bochs", 1)):
            lines = found["saved-costs-" + machine]
            self.assertEqual(lines[2], "| added to an exception, initial rights | %+d | %+d | %+d | %+d |" % (
                8 + more, 22 + more, 12 + more, -5 + more))
            self.assertEqual(lines[-1], "| pardoned fault, silent | %d | %d | %d | %d |" % (
                108 + more, 122 + more, 112 + more, 95 + more))
        self.assertEqual(len(said), 19)
        self.assertTrue(said[-1].startswith("[19/19]"), "each step is counted: " + said[-1])

    def test_writes_are_compared_with_no_protection(self):
        def console(machine, folder, *words):
            self.assertEqual("--icount" in words, (machine, folder) == ("qemu", "frame"))
            return writers()
        found, said = self.run_it(console, "writes")
        # A window of an arm costs 1024 times its place: grant's for 64 bytes 16 a byte, for a page 0.25.
        self.assertEqual(found["writes"][2], "| 64 | 16 | 32 | 48 | 64 | 80 | 96 |")
        self.assertEqual(found["writes"][3], "| 4 KiB | 0.25 | 0.5 | 0.75 | 1 | 1.25 | 1.5 |".replace("1.25", "1.2"))
        self.assertEqual(found["writes"][5], "| any, a window for a page | 0.25 | 0.5 | 0.75 | 1 | 1.2 | 1.5 |")
        self.assertEqual(found["writes"][6], "| any, a window for 2 MiB | 0.00049 | 0.00098 | - | 0.002 | 0.0024 | 0.0029 |")
        self.assertEqual(found["writes-windows"][2], "| grant | 1024 | 2 | 4 | 4 | 0 | 3 | 1024 | 2 | 4 | 4 | 0 | 3 |")
        self.assertEqual(found["writes-windows"][4], "| kmap_local | 3072 | 2 | 4 | 4 | 0 | 3 | 1572864 | 1024 | 2048 | 2048 | 0 | 1536 |")
        # kmap_local opens a window for each page, so it loses against all others with 2 MiB.
        self.assertEqual([line.split(" | ")[2][:7] for line in found["writes-crossover"][2:]],
                         ["never |"] * 3 + ["2097152"] * 3)
        self.assertEqual(len(said), 5)

    def test_figures_of_writes_that_are_missing_or_contradict_are_refused(self):
        for console in (writers(("grant", 64, 0)), writers(("unmap", 4096, 4096)), writers(("none", 64, 2 << 20)), "",
                        writers().replace(" 2097152 0 ticks", " 1048576 0 ticks")):
            self.assertRaises(writecosts.Bad, writecosts.read, console)
        self.assertRaises(writecosts.Bad, writecosts.per_byte, writecosts.read(writers(uneven=1)))

    def test_digits_are_two(self):
        for value, text in ((0, "0"), (12.4, "12"), (1.25, "1.2"), (0.0081, "0.0081"), (0.0000038, "0.0000038"), (0.5, "0.5")):
            self.assertEqual(writecosts.digits(value), text)

    def test_hidden_pages_cost_what_comes_on_top_of_a_measurement(self):
        def console(machine, _folder, *words):
            self.assertEqual("--icount" in words, machine == "qemu")
            return hidden({"qemu": 1, "qemu-smp": 4, "qemu-smp16": 16}[machine])
        found, said = self.run_it(console, "hidden")
        self.assertEqual(found["hide"][4], "| unmap | 16 scattered | 1600 | 800 | 0 | 0 | 0 | 0 |")
        self.assertEqual(found["hide"][8], "| key | 16 contiguous | 16000 | 8000 | 0 | 0 | +1 | -1 |")
        self.assertEqual(found["hide"][12], "| rights | 1 | 0 | 0 | 1 | 1 | 0 | 0 |")
        self.assertEqual(found["hide-growth"][4], "| unmap | 16 scattered | 16 | 112 | 496 |")
        self.assertEqual(found["hide-growth"][8], "| key | 16 contiguous | 32 | 134 | 542 |")
        self.assertEqual(found["hide-work"][9], "| key | 16 scattered | 0 | 32 | 0 | 96 | 128 | 0 | 480 | 512 | 0 |")
        self.assertEqual(found["copies"][2:], ["| alias | 700 | 700 | 1 | 0 | 700 | 0 | copied |",
                                               "| direct map | 701 | 701 | 4 | 3 | 700 | 600 | -ENOMEM |"])
        self.assertEqual(len(said), 4)

    def test_costs_of_hidden_pages_that_are_missing_are_refused(self):
        whole = [hidden(cpus) for cpus in hidecosts.CPUS]
        self.assertEqual(len(hidecosts.read(whole)), 3 * 2 * 4 * len(hidecosts.PAGES))
        for n, cpus in enumerate(hidecosts.CPUS):
            self.assertRaises(hidecosts.Bad, hidecosts.read, whole[:n] + whole[n + 1:])
            self.assertRaises(hidecosts.Bad, hidecosts.read,
                              whole[:n] + [hidden(cpus, ("show", "key", "scattered", 512))] + whole[n + 1:])
        for word in ("alias reachable", "direct-map refused", "direct-map hidden", "alias mapped"):
            self.assertRaises(copycosts.Bad, copycosts.table, whole[0].replace(word, "x"), whole[1])
        self.assertRaises(copycosts.Bad, copycosts.table, whole[0], whole[0])

    def test_hits_have_counts_factors_and_instructions(self):
        def console(machine, _folder, *words):
            self.assertEqual("--icount" in words, machine == "qemu")
            if machine == "qemu":
                return hits_of_strays(1, 1)
            cpus = 2 if "cpus=2" in words else 4
            return hits_of_strays(cpus, 1) + hits_of_strays(cpus, cpus)
        found, said = self.run_it(console, "hits")
        self.assertEqual(found["hits"][4], "| 1 | 1 | context | 0 | 2 | 16384 | 16384 | 1 | 1 | 2 | 3 | 4 |")
        self.assertEqual(found["hits"][-2], "| 4 | 4 | global | 0 | 65536 | 65536 | 0 | 4 | 1 | 2 | 3 | 4 |")
        self.assertEqual(found["hits-factors"][2], "| global : context, mapped, 1 of 4 | 8 | 128 | 2048 | 32768 |")
        self.assertEqual(found["hits-factors"][7], "| global : context, after, 1 of 4 | 0 | 0 | 0 | 0 |")
        self.assertEqual(found["hits-factors"][-1], "| context : instruction, after, 1 of 4 | all | all | all | all |")
        self.assertEqual(found["hits-instructions"][2], "| off | 11 | 71 | 1031 | 16391 |")
        self.assertEqual(len(said), 4)

    def test_failures_have_a_row_for_each_state_and_each_caller(self):
        lines = ["# failure op=%s state=%s tables=%d\n" % (op, state, n) for n, (state, op) in enumerate(
            (state, op) for state in ("large_away", "small_pages") for op in ("np", "p"))]
        lines += ["# refused 4 allocations\n", "# refused 5 allocations\n", "    ok 7 a_thread_leaves_nothing\n",
                  "    ok 8 none_is_refused\n", "# refused 1 allocations\n", "    ok 9 a_stack+tick\n"]
        found, said = self.run_it(lambda *_: "".join(lines), "failures")
        self.assertEqual(found["failures"], ["| pages | np | p |", "|---|---|---|", "| large away | - | 1 |",
                                             "| small pages | 2 | 3 |"])
        self.assertEqual(found["failures-callers"][2:], ["| a thread leaves nothing | 5 |", "| a stack | 1 |"])
        self.assertEqual(len(said), 2)
        self.assertRaises(SystemExit, self.run_it, lambda *_: "    ok 7 a_test\n", "failures")

    def test_counts_of_hits_that_are_missing_are_refused(self):
        whole = [hits_of_strays(1, 1)] + [hits_of_strays(cpus, users) for cpus, users in hits.GROUPS[1:]]
        self.assertEqual(len(hits.read(whole)), 5 * 4 * len(hits.POLICIES))
        for n in range(len(whole)):
            self.assertRaises(hits.Bad, hits.read, whole[:n] + whole[n + 1:])
        self.assertRaises(hits.Bad, hits.read, [text.replace("gate=any", "gate=all") for text in whole])

    def test_private_pages_have_paths_counts_accesses_and_costs(self):
        def console(machine, _folder, *words):
            self.assertEqual("--icount" in words, machine == "qemu")
            return guests(1 if machine == "qemu" else 4, "unprepared")
        found, said = self.run_it(console, "private")
        self.assertEqual(found["private-paths"][2:], [
            "| walk |" + " prepared or unprepared | refused |" * 3,
            "| swap out, page taken before | anyway | anyway | too late | too late | anyway | anyway |"])
        self.assertEqual(found["private-fatal"][2:], [
            "| walk |" + " 0 | 2 |" * 3 + " 4 |",
            "| swap out, page taken before | 0 | 0 | 4 | 4 | 0 | 0 | 4 |", "| **all** | 0 | 2 | 4 | 6 | 0 | 2 | 8 |"])
        self.assertEqual(found["private-uses"][2:], ["| stray read | not present | not present |",
                                                     "| device | passes | passes |"])
        self.assertEqual(found["private-costs"][2], "| private: 1 | 100 | 1 | 2 | 4 | 3 | 1 | 101 | 1 | 2 | 4 | 3 | 1 |")
        self.assertEqual(found["private-costs"][-1],
                         "| shared: 16 scattered | 100 | 16 | 2 | 64 | 3 | -1 | 101 | 16 | 2 | 64 | 3 | -1 |")
        self.assertEqual(len(said), 3)

    def test_lines_of_private_pages_that_are_missing_are_refused(self):
        lines = guests(1).splitlines(keepends=True)
        for n in range(len(lines)):
            less = "".join(lines[:n] + lines[n + 1:])
            with self.assertRaises(guestpages.Bad, msg=lines[n]):
                guestpages.paths(less)
                guestpages.uses(less)
                guestpages.costs(less, guests(4))
        self.assertRaises(guestpages.Bad, guestpages.paths, "")
        self.assertRaises(guestpages.Bad, guestpages.uses, "")
        self.assertRaises(guestpages.Bad, guestpages.costs, "", "")


if __name__ == "__main__":
    unittest.main()
