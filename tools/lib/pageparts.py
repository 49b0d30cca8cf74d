# SPDX-License-Identifier: MIT
"""The parts of an HTML page that needs no network and no scripts, with every value escaped.

Every value comes from a machine's console, so none is trusted: text() is the only way into a
page, and the page's policy allows no script and no style but those that are put in here.
"""

import base64
import hashlib
import html
import os
import re

from findings import AGREE, KNOWN, NEW, NOT_RUN, SKIPPED

FOLDER = os.path.dirname(os.path.abspath(__file__))
SIGNS = {AGREE: "✓", KNOWN: "≈", NEW: "✗", SKIPPED: "–", NOT_RUN: "·"}
WORDS = {AGREE: "agrees", KNOWN: "known divergence", NEW: "new divergence", SKIPPED: "skipped",
         NOT_RUN: "not run"}


def shell(title, styles, scripts, header, main):
    """A page of these parts; its policy allows only the named scripts and styles of this folder."""
    style, script = ("\n".join(map(_asset, files)) for files in (styles, scripts))
    policy = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src %s; script-src %s" % (
        _hash(style), _hash(script))
    return "\n".join([
        "<!DOCTYPE html>", '<html lang="en">', "<head>", '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta http-equiv="Content-Security-Policy" content="%s">' % policy,
        "<title>%s</title>" % text(title), "<style>%s</style>" % style, "</head>", "<body>",
        "<header>", "<h1>%s</h1>" % text(title), *header, "</header>", "<main>", *main, "</main>",
        "<script>%s</script>" % script, "</body>", "</html>", ""])


# ---- small parts ----

def text(value):
    """A value as HTML; characters that do not print or change the direction become \\u codes."""
    shown = "".join(c if c.isprintable() else "\\u%04x" % ord(c) for c in str(value))
    return html.escape(shown)


def number(value):
    """A count with thousands separators."""
    return "{:,}".format(value)


def case(value):
    """A case as HTML, with a possible line break after each axis."""
    return "<code>%s</code>" % text(value).replace(",", ",<wbr>")


def anchor(*names):
    """An id for these names; different names get different ids."""
    return "~".join(re.sub(r"[^A-Za-z0-9_.-]", lambda m: "~%x~" % ord(m[0]), n)
                    for n in ("rule",) + names)


def tag(fate):
    """The coloured word for a fate, with its sign."""
    return '<span class="tag %s">%s %s</span>' % (fate, SIGNS[fate], WORDS[fate])


def _asset(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


def _hash(content):
    digest = hashlib.sha256(content.encode()).digest()
    return "'sha256-%s'" % base64.b64encode(digest).decode()


def plural(count, word):
    """`1 case`, `2 cases`."""
    return "%s %s%s" % (number(count), word, "" if count == 1 else "s")
