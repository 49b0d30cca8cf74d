# SPDX-License-Identifier: MIT
"""C sources as text: comments taken out, what a header declares, where a word stands."""

import re

COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|("(?:\\.|[^"\\\n])*")', re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:.*\\\n)*.*", re.M)
ATTRIBUTE = re.compile(r"__attribute__\s*\(\(.*?\)\)(?=[\s;,=]|$)|\basm\s*\([^()]*\)|\[[^][]*\]", re.S)
MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.M)
WORD = re.compile(r"[A-Za-z_]\w*")


def code(text):
    """The text without comments; strings stay, as assembly in them names functions."""
    return COMMENT.sub(lambda found: found[1] or " ", text)


def flat(text):
    """Code without directives, and with `{}` for each outermost pair of braces and what is in it."""
    out, depth = [], 0
    for part in re.split(r"([{}])", DIRECTIVE.sub("", text)):
        depth -= part == "}"
        if depth == 0:
            out.append(part)
        depth += part == "{"
    return "".join(out).replace("}", "{};")


def declared(text):
    """Names that a header's code declares: prototypes and `extern` variables, no inline functions."""
    names = []
    for statement in flat(text).split(";"):
        statement = ATTRIBUTE.sub(" ", statement).strip()
        if "{" in statement or re.match(r"(typedef|static|_Static_assert)\b", statement):
            continue
        function = re.match(r"[\w\s*]*?\b(\w+)\s*\(", statement)
        if function:
            names.append(function[1])
        elif statement.startswith("extern"):
            names += [WORD.findall(part)[-1] for part in statement.split(",")]
    return names


def inlines(text):
    """Names of the inline functions that a header's code defines."""
    return re.findall(r"^static inline[\w\s*]*?\b(\w+)\s*\(", flat(text), re.M)


def macros(text):
    """Names that the code defines by #define."""
    return MACRO.findall(text)
