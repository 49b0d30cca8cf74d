# SPDX-License-Identifier: MIT
"""build/report.html in a browser: it loads, sorts, filters and fits; also without scripts."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path[:0] = [os.path.join(TOP, "tests", "system", "report"), os.path.join(TOP, "tests", "system", "tools")]

import browser      # noqa: E402
import sample       # noqa: E402
import test_trace   # noqa: E402

GRID = """
	const rows = () => [...doc.querySelectorAll("#grid tbody tr")];
	const head = (column) => doc.querySelector("#grid thead tr").cells[column];
	const cells = () => rows().map((row) => [...row.cells].map((cell) => cell.innerText));
"""
SIGNS = {"pass": "✓ agrees", "xfail": "≈ {:,} known divergence", "fail": "✗ {:,} new divergence",
         "skip": "– skipped", None: "· not run"}


class Page(unittest.TestCase):
    """The report on the sample, made once."""

    @classmethod
    def setUpClass(cls):
        cls.keep = tempfile.TemporaryDirectory()
        cls.build = cls.keep.name
        cls.machines = sample.machines()
        sample.write(cls.build, cls.machines)
        subprocess.run([sys.executable, os.path.join(TOP, "tools", "report"), "--build", cls.build],
                       check=True, stdout=subprocess.DEVNULL)
        cls.names = [line.split("|")[0] for line in sample.RULES]

    @classmethod
    def tearDownClass(cls):
        cls.keep.cleanup()

    def setUp(self):
        try:
            browser.find()
        except browser.NoBrowser as problem:
            self.fail(str(problem))

    def probe(self, script, **more):
        """The probe's findings; fails if the console has a line."""
        out, console = browser.probe(self.build, GRID + script, **more)
        blocked = [line for line in console if "Blocked script execution" in line]
        self.assertEqual(len(blocked), 0 if more.get("scripts", True) else 1)
        self.assertEqual(console, blocked)
        return out

    def rule(self, machine, name):
        """One rule of one machine in the JSON, or None."""
        return next((r for r in machine["rules"] if r["name"] == name), None)

    def total(self, name, what):
        """A sum over the machines in the JSON."""
        return sum((self.rule(m, name) or {what: 0})[what] for m in self.machines)

    def grid(self, name):
        """The row that a rule must have by the JSON."""
        row = [name, self.verdict(name), "{:,}".format(self.total(name, "cases")),
               "{:,}".format(self.total(name, "divergent"))]
        for machine in self.machines:
            rule = self.rule(machine, name)
            row.append(SIGNS[rule and rule["status"]].format(rule and rule["divergent"]))
        return row

    def divergent(self):
        """The rules with a divergent case."""
        return [n for n in self.names if self.total(n, "divergent")]


class Reading(Page):
    """What the page shows."""

    def test_the_page_leaves_the_console_empty(self):
        dom, console = browser.show("file://" + os.path.join(self.build, "report.html"))
        self.assertEqual(console, [])
        self.assertIn("<h1>Keyward", dom)

    def test_a_foreign_script_is_blocked_and_reported(self):
        with open(os.path.join(self.build, "report.html"), encoding="utf-8") as file:
            page = file.read()
        bad = os.path.join(self.build, "bad.html")
        with open(bad, "w", encoding="utf-8") as file:
            file.write(page.replace("<main>", "<main><script>document.title = 'mine'</script>"))
        dom, console = browser.show("file://" + bad)
        self.assertRegex("".join(console), "Content.Security.Policy")
        self.assertNotIn("<title>mine", dom)

    def test_the_grid_shows_what_the_json_holds(self):
        shown = self.probe("out.cells = cells();")["cells"]
        self.assertEqual([[" ".join(c.split()) for c in row] for row in shown],
                         [self.grid(name) for name in self.names])

    def verdict(self, name):
        """The word for the gravest of a rule's results."""
        found = {(self.rule(m, name) or {"status": "skip"})["status"] for m in self.machines}
        return next(SIGNS[s].replace("{:,} ", "") for s in ("fail", "xfail", "pass", "skip") if s in found)

    def test_the_page_fits_at_each_width(self):
        for width in (1440, 1280, 1024, 800, 400):
            out = self.probe("""out.page = doc.documentElement.scrollWidth;
                const table = doc.querySelector("#grid table"), box = table.parentNode;
                out.table = table.scrollWidth; out.box = box.clientWidth;""", width=width)
            self.assertLessEqual(out["page"], width)
            if width >= 1280:       # a laptop's screen: the table does not scroll sideways
                self.assertLessEqual(out["table"], out["box"])

    def test_41_rules_are_lower_than_1000_pixels(self):
        out = self.probe('out.height = doc.querySelector("#grid table").offsetHeight;')
        self.assertLess(out["height"], 1000)

    def test_column_heads_and_rule_names_stay_in_view(self):
        script = """
            const box = doc.querySelector("#grid .scroll"), last = rows()[rows().length - 1];
            last.scrollIntoView({block: "end"});
            box.scrollLeft = 200; box.scrollTop = 150;
            await pause();
            const top = Math.max(0, box.getBoundingClientRect().top);
            out.scrolls = box.scrollWidth > box.clientWidth;
            out.head = Math.abs(head(5).getBoundingClientRect().top - top);
            out.name = last.cells[0].getBoundingClientRect().left - box.getBoundingClientRect().left;
            out.far = rows()[0].getBoundingClientRect().top - top;"""
        for width in (1280, 400):
            out = self.probe(script, width=width)
            self.assertLess(out["head"], 3, width)
            self.assertLess(abs(out["name"]), 3, width)
            self.assertLess(out["far"], 0, "nothing was scrolled at %d" % width)
            self.assertEqual(out["scrolls"], width == 400)


class Widths(unittest.TestCase):
    """From a telephone to a wide screen, with one machine and with many."""

    SCRIPT = """
	const frame = document.getElementById("frame");
	for (const all of doc.querySelectorAll("details"))
		all.open = true;
	out.found = [];
	out.cut = [];
	out.charts = doc.querySelectorAll(".chart").length;
	for (const width of %s) {
		frame.style.width = width + "px";
		await pause();
		for (const column of ["#machines tbody td:nth-child(2)", "#grid tbody td:nth-child(2)"]) {
			const cell = doc.querySelector(column);
			cell.scrollIntoView({block: "center"});
			const seen = cell.getBoundingClientRect();
			const top = doc.elementFromPoint(seen.left + seen.width / 2, seen.top + seen.height / 2);
			out.found.push([width, win.innerWidth, doc.documentElement.scrollWidth, seen.left, seen.right,
			                seen.width, cell.contains(top)]);
		}
		const grid = doc.querySelector("#grid .scroll");
		grid.scrollLeft = 1e6;
		const last = doc.querySelector("#grid tbody tr").lastElementChild;
		last.scrollIntoView({block: "center"});
		const seen = last.getBoundingClientRect();
		const top = doc.elementFromPoint(seen.right - 4, seen.top + seen.height / 2);
		out.found.push([width, win.innerWidth, doc.documentElement.scrollWidth, seen.left, seen.right,
		                seen.width, last.contains(top)]);
		grid.scrollLeft = 0;
		for (const words of doc.querySelectorAll(".class .command"))
			if (words.parentNode.getBoundingClientRect().width < 110)
				out.cut.push(width + ": " + words.textContent);
		for (const chart of doc.querySelectorAll(".chart")) {
			const box = chart.getBoundingClientRect();
			for (const words of chart.querySelectorAll("text")) {
				const seen = words.getBoundingClientRect();
				if (seen.left < box.left || seen.right > box.right || seen.top < box.top || seen.bottom > box.bottom)
					out.cut.push(width + ": " + words.textContent);
			}
		}
	}"""

    def test_nothing_overflows_and_the_verdicts_are_in_view(self):
        widths = [360, 390, 640, 800, 1024, 1280, 1600, 2560]
        for count in (1, 8, 20):
            with tempfile.TemporaryDirectory() as build:
                sample.write(build, sample.many(count))
                sample.pictures(build)
                subprocess.run([sys.executable, os.path.join(TOP, "tools", "report"), "--build", build],
                               check=True, stdout=subprocess.DEVNULL)
                out = browser.probe(build, self.SCRIPT % widths, width=2600)[0]
            self.assertEqual((out["charts"], out["cut"]), (8, []))
            found = out["found"]
            self.assertEqual([f[0] for f in found], [w for w in widths for _ in range(3)])
            for width, inner, page, left, right, wide, seen in found:
                about = "%d machines at %d px: a cell from %d to %d" % (count, width, left, right)
                self.assertEqual(inner, width)
                self.assertLessEqual(page, inner, about)
                self.assertGreater(wide, 8, about)
                self.assertTrue(left >= 0 and right <= inner, about + ": not in the window")
                self.assertTrue(seen, about + ": something covers it")


class Speed(unittest.TestCase):
    """A page of 3 MB."""

    def test_a_page_of_3_mb_opens_in_a_second(self):
        with tempfile.TemporaryDirectory() as build:
            sample.write(build, sample.many(20))
            sample.pictures(build)
            os.mkdir(os.path.join(build, "trace"))
            with open(os.path.join(build, "trace", "x.dump"), "w", encoding="utf-8", newline="\n") as file:
                file.write("".join(line for n in range(30) for line in test_trace.dump(test_trace.section(
                    *test_trace.FAULT, (2500 + n, "RIGHTS", test_trace.INIT, 0)))))
            subprocess.run([sys.executable, os.path.join(TOP, "tools", "report"), "--build", build],
                           check=True, stdout=subprocess.DEVNULL)
            report, empty = (os.path.join(build, name) for name in ("report.html", "empty.html"))
            self.assertGreater(os.path.getsize(report), 3e6)
            with open(empty, "w", encoding="utf-8") as file:
                file.write("<!DOCTYPE html><p>x")
            page, start = ([browser.seconds("file://" + path) for path in (report, empty, report, empty)][n::2]
                           for n in (0, 1))
        # A host under load is slow to start a browser as well.
        self.assertLess(min(page) - min(start), max(1, 3 * min(start)), "seconds of the page beyond the browser's start")


class Using(Page):
    """Clicks and links."""

    def test_a_click_on_a_head_sorts_by_its_column(self):
        shown = self.probe("""
            const names = () => rows().map((row) => row.cells[0].innerText);
            const state = () => [...doc.querySelectorAll("#grid thead th")].map(
                (h) => h.getAttribute("aria-sort"));
            out.clicks = [];
            for (const column of [0, 0, 0, 2, 2, 3, 3, 3, 4]) {
                head(column).querySelector("button").click();
                out.clicks.push([column, names(), state()]);
            }""")["clicks"]

        def by(what):
            return lambda name: self.total(name, what)
        self.assertEqual(shown[0][1], sorted(self.names))
        self.assertEqual(shown[1][1], sorted(self.names, reverse=True))
        self.assertEqual(shown[2][1], self.names)
        self.assertEqual(shown[3][1], sorted(self.names, key=by("cases"), reverse=True))
        self.assertEqual([self.total(n, "cases") for n in shown[4][1]],
                         sorted(map(by("cases"), self.names)))
        self.assertEqual(shown[5][1], sorted(self.names, key=by("divergent"), reverse=True))
        self.assertEqual(shown[7][1], self.names)
        first = [self.rule(self.machines[0], n)["status"] for n in shown[8][1]]
        self.assertEqual([s for i, s in enumerate(first) if i == 0 or first[i - 1] != s],
                         ["fail", "xfail", "pass", "skip"])
        ways = [[(place, way) for place, way in enumerate(states) if way] for _, _, states in shown]
        self.assertEqual(ways, [[(0, "ascending")], [(0, "descending")], [], [(2, "descending")],
                                [(2, "ascending")], [(3, "descending")], [(3, "ascending")], [],
                                [(4, "descending")]])

    def test_the_box_hides_rules_without_divergences(self):
        script = """
            const names = () => rows().filter(shown).map((row) => row.cells[0].innerText);
            const rules = () => [...doc.querySelectorAll("#rules details")].filter(shown).length;
            out.before = [names(), rules()];
            doc.getElementById("only").click();
            out.after = [names(), rules()];"""
        for scripts in (True, False):
            out = self.probe(script, scripts=scripts)
            self.assertEqual(out["before"], [self.names, len(self.names)])
            self.assertEqual(out["after"], [self.divergent(), len(self.divergent())])

    def test_a_link_opens_what_it_leads_to(self):
        out = self.probe("""
            const find = (name) => doc.getElementById("rule~" + name);
            out.before = [find("pks_off").open, find("push_and_pop").open];
            win.location.hash = "#rule~push_and_pop";
            await pause();
            out.after = [find("pks_off").open, find("push_and_pop").open];
            out.top = find("push_and_pop").getBoundingClientRect().top;""", fragment="#rule~pks_off")
        self.assertEqual((out["before"], out["after"]), ([True, False], [True, True]))
        self.assertTrue(0 <= out["top"] < 800, out)

    def test_without_scripts_everything_is_there(self):
        out = self.probe("""
            out.cells = cells().length;
            out.classes = [...doc.querySelectorAll(".class")].filter(shown).length;
            out.commands = [...doc.querySelectorAll(".class .command")].filter(shown).map(
                (c) => c.innerText);
            const bold = doc.querySelector("#axes b code");
            out.bold = [bold.textContent, win.getComputedStyle(bold).fontWeight];
            out.buttons = doc.querySelectorAll("button").length;""", scripts=False)
        self.assertEqual(out["cells"], len(self.names))
        self.assertEqual(out["classes"], len(sample.DIVERGENCES))
        self.assertEqual(sorted(out["commands"]), sorted(
            re.sub(r"(\S*\*\S*)", r"'\1'", c["command"]) for m in self.machines for r in m["rules"] for c in r["classes"]))
        self.assertEqual(out["bold"], ["read", "700"], "the default of an axis stands out")
        self.assertEqual(out["buttons"], 0, "a button that does nothing")


if __name__ == "__main__":
    unittest.main()
