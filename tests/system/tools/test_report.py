# SPDX-License-Identifier: MIT
"""The page of tools/report: its content, and that console text cannot become markup in it."""

import base64
import hashlib
import html.parser
import os
import re
import sys
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
for folder in ("tests/system/report", "tools/lib"):
    sys.path.insert(0, os.path.join(TOP, folder))

import page         # noqa: E402
import pagegrid     # noqa: E402
import sample       # noqa: E402

VOID = ("meta", "input", "br", "wbr")
SIGNS = {"fail": "✗", "xfail": "≈", "pass": "✓", "skip": "–"}     # the gravest first


class Element:
    """A node of the page: its tag, attributes and content (elements and texts)."""

    def __init__(self, tag, attributes=()):
        self.tag, self.attributes, self.content = tag, dict(attributes), []

    def all(self, tag, **wanted):
        """Every descendant with this tag and these attributes (class: one of its words)."""
        for node in self.content:
            if isinstance(node, Element):
                if node.tag == tag and all(v in node.attributes.get(k.rstrip("_"), "").split()
                                           for k, v in wanted.items()):
                    yield node
                yield from node.all(tag, **wanted)

    def one(self, tag, **wanted):
        """The first of them."""
        return next(self.all(tag, **wanted))

    def text(self):
        """All its text, with blanks as a browser shows them."""
        return " ".join(self.raw().split())

    def raw(self):
        """All its text."""
        return "".join(n if isinstance(n, str) else n.raw() for n in self.content)

    def walk(self):
        """Itself and every element under it."""
        yield self
        for node in self.content:
            if isinstance(node, Element):
                yield from node.walk()


class Tree(html.parser.HTMLParser):
    """The page as elements; a tag that is not closed, or closed twice, is an error."""

    def __init__(self, content):
        super().__init__(convert_charrefs=True)
        self.root = Element("root")
        self.open = [self.root]
        self.feed(content)
        self.close()
        if len(self.open) != 1:
            raise ValueError("not closed: " + self.open[-1].tag)

    def handle_starttag(self, tag, attrs):
        node = Element(tag, [(k, v or "") for k, v in attrs])
        self.open[-1].content.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag):
        if self.open.pop().tag != tag:
            raise ValueError("closed without being open: " + tag)

    def handle_data(self, data):
        self.open[-1].content.append(data)


def quoted(command):
    """A command as a shell must be given it."""
    return re.sub(r"(\S*\*\S*)", r"'\1'", command)


def parse(machines):
    """The page of these machines as a tree."""
    return Tree(page.page(machines)).root


class Content(unittest.TestCase):
    """The page shows what the JSON holds, in its place and without scripts."""

    @classmethod
    def setUpClass(cls):
        cls.machines = sample.machines()
        cls.html = page.page(cls.machines)
        cls.root = Tree(cls.html).root

    def test_the_grid_shows_every_figure(self):
        head, *rows = self.root.one("section", id="grid").all("tr")
        self.assertEqual([h.text() for h in head.all("th")],
                         ["Rule", "Verdict", "Cases", "Divergent"] + [m["machine"] for m in self.machines])
        self.assertEqual([r.one("th").text() for r in rows], [x.split("|")[0] for x in sample.RULES])
        for row in rows:
            rules = [next((r for r in m["rules"] if r["name"] == row.one("th").text()), None)
                     for m in self.machines]
            worst, cases, divergent, *cells = [c.text() for c in row.all("td")]
            ran = [r for r in rules if r]
            gravest = max((r["status"] for r in ran), key=list(SIGNS)[::-1].index)
            self.assertEqual(worst.split()[0], SIGNS[gravest], row.one("th").text())
            self.assertEqual(cases, format(sum(r["cases"] for r in ran), ","))
            self.assertEqual(divergent, format(sum(r["divergent"] for r in ran), ","))
            for rule, cell in zip(rules, cells):
                self.assertEqual(cell.split()[0], SIGNS[rule["status"]] if rule else "·")
                if rule and rule["status"] in ("xfail", "fail"):
                    self.assertEqual(cell.split()[1], format(rule["divergent"], ","))

    def test_the_table_shows_every_machine(self):
        head, *rows = self.root.one("section", id="machines").all("tr")
        names = [h.text() for h in head.all("th")]
        self.assertEqual(len(rows), len(self.machines))
        for data, row in zip(self.machines, rows):
            shown = dict(zip(names, [c.text() for c in row.content]))
            self.assertEqual(shown["Machine"], data["machine"])
            self.assertEqual(shown["Version"], data["emulator"])
            self.assertEqual(shown["Date"], data["date"])
            self.assertEqual(shown["Image"], data["image"][:8])
            self.assertEqual(shown["Cases"], format(data["cases"], ","))
            self.assertEqual(shown["Divergent"], format(data["divergent"], ","))
            self.assertEqual(shown["Seconds"], str(data["seconds"]))
            self.assertEqual(shown["Slice"], data["slice"])
            self.assertEqual(shown["Levels"], data["levels"])
            self.assertEqual(shown["Verdict"].split()[1], data["status"])
        self.assertEqual([x.text() for x in self.root.one("ul", class_="problems").all("li")],
                         ["✗ %s: %s" % (m["machine"], p) for m in self.machines for p in m["problems"]])
        for data in self.machines:
            for words in (data["about"], data["image"], data["kernel"], quoted(data["command"])):
                self.assertIn(words, self.root.one("section", id="machines").text())

    def test_every_class_is_shown_with_its_rule(self):
        for data in self.machines:
            for rule in data["rules"]:
                there = self.root.one("details", id=page.anchor(rule["name"]))
                self.assertEqual("open" in there.attributes,
                                 any(r["divergent"] for m in self.machines for r in m["rules"]
                                     if r["name"] == rule["name"]))
                for word in (rule["name"], rule["says"], rule["section"], rule["reason"]):
                    self.assertIn(word, there.text())
                for one in rule["classes"]:
                    self.class_is_there(there, data["machine"], one)

    def class_is_there(self, rule, machine, one):
        """Assert that one article shows everything about a class."""
        place = next(a for a in rule.all("article")
                     if a.one("h3").text() == "Smallest case " + one["case"])
        shown = dict(zip([d.text() for d in place.all("dt")], [d.text() for d in place.all("dd")]))
        self.assertEqual(shown["expected"], one["expected"])
        self.assertEqual(shown["observed"], one["observed"])
        needs = [a.split(":") for a in one["needs"].split(";")]
        self.assertEqual([a.text() for a in place.one("ul", class_="axes").all("li")],
                         ["%s: %s" % (a, v.replace("|", " or ")) for a, v in needs])
        row = next(r for r in place.all("tr") if r.one("th").text() == machine)
        self.assertEqual([c.text() for c in row.all("td")],
                         [format(one["count"], ","), one["first"], quoted(one["command"])])
        self.assertIn(one["known"] or "✗ new divergence", place.text())
        self.assertIn("known" if one["known"] else "new", place.attributes["class"].split())

    def test_a_class_of_several_machines_is_shown_once(self):
        articles = list(self.root.all("article"))
        self.assertEqual(len(articles), len(sample.DIVERGENCES))

    def test_corners_are_shown_with_their_machines(self):
        rows = [[c.text() for c in r.content] for r in self.root.one("section", id="corners").all("tr")]
        self.assertIn(["user_at_supervisor_page", "PK=1 × 1,024 PK=0 × 0", "qemu, qemu-10.0"], rows)
        self.assertIn(["both_pages_denied", "low × 80 high × 0", "bochs"], rows)
        self.assertEqual(len(rows), 5)

    def test_links_resolve_and_ids_are_unique(self):
        ids = [n.attributes["id"] for n in self.root.walk() if "id" in n.attributes]
        self.assertEqual(len(ids), len(set(ids)))
        links = [n.attributes["href"] for n in self.root.all("a")]
        self.assertGreater(len(links), 41)
        self.assertEqual([x for x in links if x[0] != "#" or x[1:] not in ids], [])

    def test_the_verdict_names_machines_and_counts(self):
        shown = self.root.one("p", class_="verdict").text()
        self.assertIn("Not as expected: bochs (failed), bochs-newest (crash)", shown)
        cells = [c.attributes["class"].split() for c in self.root.all("td", class_="cell")]
        for kind, words in (("agree", "%d agree"), ("known", "%d known"), ("new", "%d new")):
            self.assertIn(words % sum(kind in c for c in cells), shown)

    def test_a_rules_sentence_comes_from_a_machine_that_ran_it(self):
        silent, speaking = [[m for m in self.machines if m["machine"] == name]
                            for name in ("qemu-nopks", "qemu")]
        for root in (self.root, parse(silent + speaking), parse(speaking + silent)):
            for line in sample.RULES:
                name, section, says = line.split("|")
                there = root.one("details", id=page.anchor(name))
                self.assertIn(says, there.one("summary").text())
                self.assertIn(section, there.text())
        self.assertNotIn("SDM, “”", parse(silent).text())

    def test_the_page_says_when_all_is_as_expected(self):
        good = [m for m in self.machines if m["machine"] == "qemu-nopks"]
        root = parse(good)
        self.assertIn("✓ All as expected", root.one("p", class_="verdict").text())
        self.assertEqual(list(root.all("input")), [])
        self.assertNotIn("Not one image", root.text())

    def test_different_images_are_reported(self):
        mixed = sample.machines()
        mixed[1]["image"] = "0" * 64
        self.assertIn("Not one image", parse(mixed).text())

    def test_a_rule_that_failed_without_a_class_is_new(self):
        good = [m for m in sample.machines() if m["machine"] == "qemu-uefi"]
        good[0]["rules"][0].update(status="fail", reason="listed as known but passes now")
        root = parse(good)
        self.assertEqual(root.one("td", class_="new").text(), "✗ 0 new divergence")
        self.assertIn("passes now", root.one("details", id="rule~access_disable_denies_data").text())


class Grid(unittest.TestCase):
    """The names of cases, and short figures."""

    def test_each_axis_of_the_matrix_is_in_the_legend_with_its_default(self):
        with open(pagegrid.SPACE, encoding="utf-8") as file:
            source = file.read()
        found = dict(pagegrid.axes(source))
        self.assertEqual(len(found), source.count("] = AXIS("))
        self.assertEqual(sorted(found), sorted(pagegrid.AXES), "each axis has its sentence")
        self.assertEqual((found["kind"][0], found["key"], found["wp"]),
                         ("read", [str(n) for n in range(1, 16)] + ["0"], ["1", "0"]))
        self.assertEqual(found["kind"][-1], "invpcid")
        legend = parse(sample.machines()).one("details", id="axes")
        names, texts = ([n.text() for n in legend.all(tag)] for tag in ("dt", "b"))
        self.assertEqual(dict(zip(names, texts)), {name: values[0] for name, values in found.items()})

    def test_a_short_figure_has_at_most_four_characters(self):
        for count, words in ((0, "0"), (999, "999"), (1000, "1.0k"), (9949, "9.9k"), (9950, "9k"), (61319, "61k"),
                             (999999, "999k"), (2277956, "2.3M"), (163512780, "163M"), (10 ** 10, "10G")):
            self.assertEqual(pagegrid.short(count), words)


class Safety(unittest.TestCase):
    """Values come from a machine's console and cannot change the page."""

    EVIL = "</style></script><script>alert(1)</script><img/src=x/onerror=alert(1)>\"'&lt\x1b[2J\u202e\0\ud800"

    def evil(self, value):
        """The same data with EVIL after each free text."""
        if isinstance(value, dict):
            return {k: v if k in ("status",) else self.evil(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.evil(v) for v in value]
        return value + self.EVIL if isinstance(value, str) and value else value

    def test_no_value_becomes_an_element(self):
        benign, evil = parse(sample.machines()), parse(self.evil(sample.machines()))
        shape = [[(n.tag, sorted(n.attributes)) for n in root.walk() if n.tag != "b"]
                 for root in (benign, evil)]        # <b>: the words in which two outcomes differ
        self.assertEqual(*shape)
        self.assertIn("<script>alert(1)</script>", evil.one("main").raw())
        for mark in "\x1b\u202e\0\ud800":
            self.assertNotIn(mark, page.page(self.evil(sample.machines())))
        self.assertIn("\\u202e", evil.raw())

    def test_nothing_comes_from_elsewhere(self):
        root = parse(self.evil(sample.machines()))
        for node in root.walk():
            self.assertNotIn(node.tag, ("link", "img", "iframe", "object", "base", "form", "svg"))
            for name in node.attributes:
                self.assertFalse(name.startswith("on") or name in ("src", "style", "srcset"), name)
        style, script = [root.one(t).raw() for t in ("style", "script")]
        self.assertNotRegex(style, r"url\(|@import|//")
        self.assertNotRegex(script, r"https?:|fetch|XMLHttp|import|innerHTML|eval")

    def test_only_our_script_and_style_may_run(self):
        root = parse(sample.machines())
        policy = next(m.attributes["content"] for m in root.all("meta")
                      if m.attributes.get("http-equiv") == "Content-Security-Policy")
        self.assertTrue(policy.startswith("default-src 'none';"))
        for tag in ("script", "style"):
            element, = root.all(tag)
            digest = base64.b64encode(hashlib.sha256(element.raw().encode()).digest()).decode()
            self.assertIn("%s-src 'sha256-%s'" % (tag, digest), policy)
        self.assertNotIn("unsafe", policy)

    def test_every_name_has_an_id_of_its_own(self):
        names = ["a", "b", "a b", "a~b", "a~", "~a", "a~20~b", "a\x0b", "ab", "A", "é", "\u202e"]
        ids = [page.anchor(n) for n in names] + [page.anchor(n, m) for n in names for m in names]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertTrue(all(re.fullmatch(r"[A-Za-z0-9_.~-]+", i) for i in ids))


def contrast(one, other):
    """The WCAG contrast of two colours #rrggbb."""
    def light(colour):
        parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
        parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


class Looks(unittest.TestCase):
    """What can be checked of the looks without a browser."""

    def test_text_has_contrast_in_both_modes(self):
        modes = []
        for name, block in (("page", ":root"), ("chart", "#pictures")):
            with open(os.path.join(TOP, "tools", "lib", name + ".css"), encoding="utf-8") as file:
                modes.append(re.findall(block + r" \{([^{}]*--.*?)\}", file.read(), re.DOTALL))
            self.assertEqual(len(modes[-1]), 2)
        for mode in map("".join, zip(*modes)):
            colours = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", mode))
            pairs = [(n + "-ink", n + "-ground") for n in ("agree", "known", "new", "skipped", "not-run")]
            pairs += [("s%d" % n, ground) for n in range(5) for ground in ("ground", "panel")]
            pairs += [(ink, ground) for ink in ("ink", "quiet", "link")
                      for ground in ("ground", "panel", "hover")]
            for ink, ground in pairs:
                self.assertGreaterEqual(contrast(colours[ink], colours[ground]), 4.5, (ink, ground))


if __name__ == "__main__":
    unittest.main()
