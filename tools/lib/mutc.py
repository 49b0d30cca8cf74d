# SPDX-License-Identifier: MIT
"""Find mutants of C: libclang says what is a statement or an expression, the text how it is written.

What a macro's body makes has no text of its own in the file and is not mutated; its arguments are.
"""

import os
import re

import clang.cindex as clang
from clang.cindex import CursorKind as Kind

import muttext
from mutants import Mutant, Scope, plain, read

ARGUMENTS = ["-x", "c", "-std=gnu17", "-I.", "-DCONFIG_PKS=1", "-DCONFIG_PARANOID=0", "-ffreestanding",
             "-mgeneral-regs-only", "-Wno-everything"]
# Messages, the trace and assertions: neither mutated nor what stands in their arguments.
SKIP = re.compile(r"(?:pr|trace\w*|printk|panic\w*|BUG_ON|_Static_assert|static_assert|ksnprintf"
                  r"|warn\w*|print_\w+|report_\w+)\s*\(")
BARRIER = re.compile(r"(?:barrier|smp_[rw]?mb|invlpg|\w*flush\w*|tlb_\w+|wbinvd|cpu_relax)\s*\(")
SIMPLE = (Kind.CALL_EXPR, Kind.BINARY_OPERATOR, Kind.COMPOUND_ASSIGNMENT_OPERATOR, Kind.UNARY_OPERATOR,
          Kind.RETURN_STMT, Kind.BREAK_STMT, Kind.CONTINUE_STMT, Kind.GOTO_STMT, Kind.ASM_STMT,
          Kind.PAREN_EXPR, Kind.CSTYLE_CAST_EXPR, Kind.StmtExpr)
BODIES = (Kind.IF_STMT, Kind.FOR_STMT, Kind.WHILE_STMT, Kind.DO_STMT)
BINARY = {"<": [("boundary", "<=")], "<=": [("boundary", "<")], ">": [("boundary", ">=")],
          ">=": [("boundary", ">")], "==": [("condition", "!=")], "!=": [("condition", "==")],
          "&": [("bits", "|")], "|": [("bits", "&")], "&=": [("bits", "|=")], "|=": [("bits", "&=")],
          "^": [("bits", "|")], "<<": [("bits", ">>")], ">>": [("bits", "<<")],
          "&&": [("logic", "||")], "||": [("logic", "&&")], "+": [("sign", "-")], "-": [("sign", "+")],
          "+=": [("sign", "-=")], "-=": [("sign", "+=")]}
HOLDS_BITS = re.compile(r"mask|bits|pkrs|rights|flags|old|value|error|key")
NARROWER = {"u64": "u32", "u32": "u16", "u16": "u8", "u8": "u16"}


class Finder:
    """The mutants of one function or table."""

    def __init__(self, scope):
        self.scope, self.source, self.found = scope, scope.source, []

    def add(self, op, start, end, new):
        """Note one mutant, if it lies in the scope."""
        if self.scope.start <= start <= end <= self.scope.end:
            self.found.append(Mutant(self.scope, op, start, end, new))

    def span(self, node):
        """The (start, end) of a node's text; None where its text is not whole in the file."""
        start, end = node.extent.start.offset, node.extent.end.offset
        inside = self.scope.start <= start < end <= self.scope.end
        return (start, end) if inside and muttext.balanced(self.source[start:end]) else None

    def visit(self, node, last=False):
        """The mutants of a node and what it holds; `last`: of the last statement of a function."""
        start = node.extent.start.offset
        if SKIP.match(self.source, start):
            return
        handler = getattr(self, "_" + node.kind.name.lower(), None)
        if handler:
            handler(node)
        children = list(node.get_children())
        if node.kind == Kind.COMPOUND_STMT:
            self._statements(children, last)
        elif node.kind in BODIES:
            for child in children:
                if child.kind in SIMPLE and self._is_body(child):
                    self._delete(child, "{ }", False)
        for child in children:
            self.visit(child)

    # ---- statements ----

    def _is_body(self, node):
        """Whether it is the body without braces of an if or a loop, and not its condition."""
        before = plain(self.source[self.scope.start:node.extent.start.offset])
        return before.endswith((")", "else", "do")) and self._simple(node) is not None and \
            muttext.balanced(before.rpartition("{")[2])

    def _simple(self, node):
        """The (start, end) of a simple statement, with its semicolon."""
        start = node.extent.start.offset
        end = muttext.statement_end(self.source, start, self.scope.end)
        if end is None or SKIP.match(self.source, start):
            return None
        return (start, end) if self.scope.start <= start else None

    def _delete(self, node, new, undo):
        span = self._simple(node)
        if not span:
            return
        text = self.source[span[0]:span[1]]
        op = "return" if node.kind in (Kind.RETURN_STMT, Kind.BREAK_STMT, Kind.CONTINUE_STMT,
                                       Kind.GOTO_STMT) else "delete"
        if BARRIER.match(text) or (node.kind == Kind.ASM_STMT and "memory" in text):
            op = "barrier"
        elif undo and op == "delete":
            op = "undo"
        if not text.startswith("(void)"):
            self.add(op, *span, new)

    def _statements(self, children, last):
        """Each statement deleted, adjacent ones swapped."""
        leaves = bool(children) and children[-1].kind in (Kind.RETURN_STMT, Kind.GOTO_STMT)
        for child in children:
            if child.kind in SIMPLE and not (last and child == children[-1] and leaves):
                self._delete(child, ";", leaves and not last)
            elif child.kind == Kind.IF_STMT and self.span(child):
                start, end = self.span(child)
                if self.source[end - 1] != "}":
                    end = muttext.statement_end(self.source, end - 1, self.scope.end) or end
                if "else" not in self.source[start:end]:
                    self.add("check", start, end, ";")
        for one, two in zip(children, children[1:]):
            if one.kind in SIMPLE and two.kind in SIMPLE and two.kind != Kind.RETURN_STMT:
                self._swap(self._simple(one), self._simple(two))

    def _swap(self, one, two):
        if one and two and one[1] <= two[0]:
            (a, b), (c, d) = one, two
            if muttext.independent(self.source[a:b], self.source[c:d]):
                return
            self.add("swap", a, d, self.source[c:d] + self.source[b:c] + self.source[a:b])

    # ---- conditions ----

    def _negate(self, node, span):
        """A condition negated, unless a mutant of its own sign does the same."""
        text = span and plain(self.source[slice(*span)])
        if not text or text in ("true", "false") or re.fullmatch(r"!\s*[\w.>()-]+", text):
            return
        parts = list(node.get_children())
        sign = plain(self.source[parts[0].extent.end.offset:parts[1].extent.start.offset]) \
            if node.kind == Kind.BINARY_OPERATOR and len(parts) == 2 else ""
        if sign not in ("==", "!="):
            self.add("condition", *span, "!(%s)" % self.source[slice(*span)])

    def _if_stmt(self, node):
        start = node.extent.start.offset
        inner = muttext.condition(self.source, start, ("if", "while"))
        if inner:
            self._negate(next(node.get_children()), inner)

    _while_stmt = _if_stmt

    def _conditional_operator(self, node):
        self._negate(next(node.get_children()), self.span(next(node.get_children())))

    def _return_stmt(self, node):
        value = next(node.get_children(), None)
        if value is not None and value.type.spelling in ("bool", "_Bool", "int"):
            if re.search(r"[=!<>&|]|\w\(", self.source[slice(*(self.span(value) or (0, 0)))]):
                self._negate(value, self.span(value))

    # ---- expressions ----

    def _binary_operator(self, node):
        left, right = (list(node.get_children()) + [None, None])[:2]
        if left is None or right is None:
            return
        at, to = left.extent.end.offset, right.extent.start.offset
        gap = self.source[at:to]
        sign = plain(gap)
        if not (self.scope.start <= at < to <= self.scope.end) or sign not in BINARY:
            return
        whole = self.span(node)
        for op, new in BINARY[sign]:
            begin = at + gap.index(sign)
            if op in ("logic", "bits", "sign") and "=" not in sign and whole:
                # In brackets, so that only the operator changes, and no compiler warns of its rank.
                self.add(op, *whole, "((%s) %s (%s))" % (self.source[whole[0]:at].strip(), new,
                                                         self.source[to:whole[1]].strip()))
            else:
                self.add(op, begin, begin + len(sign), new)

    _compound_assignment_operator = _binary_operator

    def _unary_operator(self, node):
        start = node.extent.start.offset
        if self.source[start] in "!~":
            self.add("condition" if self.source[start] == "!" else "bits", start, start + 1, "")

    def _integer_literal(self, node):
        start = node.extent.start.offset
        number = re.compile(r"(0x[0-9a-fA-F]+|\d+)([uUlL]*)\b").match(self.source, start)
        if number:
            for new in muttext.numbers(number[1]):
                self.add("constant", start, number.end(), new + number[2])
        truth = re.compile(r"(true|false)\b").match(self.source, start)
        if truth:
            self.add("constant", start, truth.end(), "false" if truth[1] == "true" else "true")

    _cxx_bool_literal_expr = _integer_literal

    def _decl_ref_expr(self, node):
        target, start = node.referenced, node.extent.start.offset
        if target is None or target.kind != Kind.ENUM_CONSTANT_DECL or \
                not re.match(re.escape(target.spelling) + r"\b", self.source[start:start + 80]):
            return
        names = [c.spelling for c in target.semantic_parent.get_children()]
        new = names[(names.index(target.spelling) + 1) % len(names)]
        self.add("constant", start, start + len(target.spelling), new)

    def _cstyle_cast_expr(self, node):
        self._narrow(re.compile(r"\((u8|u16|u32|u64)(?=\))").match(self.source, node.extent.start.offset))

    def _var_decl(self, node):
        """A variable, if it is of 64 bits or by its name holds bits; counters fit in any width, and the
        upper half of RFLAGS, as irq_save() returns them, is 0."""
        if node.spelling == "flags" and node.type.spelling == "u64":
            return
        kind = "u8|u16|u32|u64" if HOLDS_BITS.search(node.spelling) else "u64"
        self._narrow(re.compile(r"(?:static )?(?:const )?(%s)\b" % kind)
                     .match(self.source, node.extent.start.offset))

    def _narrow(self, match):
        if match:
            self.add("width", match.start(1), match.end(1), NARROWER[match[1]])

    def _init_list_expr(self, node):
        """Adjacent values of a table swapped."""
        spans = [self.span(c) for c in node.get_children()]
        for one, two in zip(spans, spans[1:]):
            if one and two and plain(self.source[one[1]:two[0]]) == ",":
                self._swap(one, two)

    # ---- by the text alone ----

    def texts(self):
        """Atomics made plain, one processor's state for the other's."""
        for op, start, end, new in muttext.calls(self.source, self.scope.start, self.scope.end):
            self.add(op, start, end, new)


def _in_file(node, path):
    return node.location.file and os.path.normpath(node.location.file.name) == path


def find(top, path):
    """The mutants of one file of the tree."""
    here = os.getcwd()
    os.chdir(top)       # include paths are those from the root
    try:
        unit = clang.Index.create().parse(path, args=ARGUMENTS)
    finally:
        os.chdir(here)
    source = read(os.path.join(top, path))
    for node in unit.cursor.get_children():
        if not _in_file(node, path) or SKIP.match(source, node.extent.start.offset):
            continue
        table = node.kind == Kind.VAR_DECL and "{" in source[node.extent.start.offset:
                                                             node.extent.end.offset]
        if not (table or node.kind == Kind.FUNCTION_DECL and node.is_definition()):
            continue
        finder = Finder(Scope(path, node.spelling, source, node.extent.start.offset,
                              node.extent.end.offset))
        for child in node.get_children():
            if not table or child.kind == Kind.INIT_LIST_EXPR:
                finder.visit(child, last=True)
        if not table:
            finder.texts()
        yield from finder.found
