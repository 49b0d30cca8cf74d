# SPDX-License-Identifier: MIT
"""tools/arms: tables from hand-made consoles, without a build or a boot."""

import contextlib
import importlib.machinery
import importlib.util
import io
import os
import tempfile
import unittest
from unittest import mock

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))


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


if __name__ == "__main__":
    unittest.main()
