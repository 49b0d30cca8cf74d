# SPDX-License-Identifier: MIT
"""Turn pictures of a screen into text, by the glyphs of kernel/console/font.c."""

import os
import re

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
WIDTH, HEIGHT, FIRST, GLYPHS = 8, 16, 32, 96    # kernel/console/font.h
INK = 0xd0                                      # kernel/console/fbcon.c
UNKNOWN = "\u00bf"                              # the glyph for characters without one


class NotText(Exception):
    """The picture holds pixels that the kernel cannot have drawn."""


def glyphs():
    """{glyph: character} of the font; a glyph is its rows as bytes."""
    with open(os.path.join(TOP, "kernel", "console", "font.c"), encoding="utf-8") as file:
        table = file.read().split("= {", 1)[1]
    rows = bytes(int(x, 16) for x in re.findall(r"\b0x([0-9a-f]{2})\b", table))
    if len(rows) != GLYPHS * HEIGHT:
        raise NotText("kernel/console/font.c has %d rows of pixels" % len(rows))
    chars = [chr(FIRST + n) for n in range(GLYPHS - 1)] + [UNKNOWN]
    return {rows[n * HEIGHT:(n + 1) * HEIGHT]: c for n, c in enumerate(chars)}


class Picture:
    """Rows of pixels, each a string of 1 (ink) and 0 (paper)."""

    def __init__(self, rows):
        self.rows, self.width, self.height = rows, len(rows[0]), len(rows)

    def text(self, scale=1):
        """The lines of text, without trailing blanks."""
        font, lines = glyphs(), []
        for top in range(0, self.height - HEIGHT * scale + 1, HEIGHT * scale):
            lines.append("".join(font[c] for c in self._cells(top, scale, font)).rstrip())
        return lines

    def _cells(self, top, scale, font):
        """The glyphs of one line of text."""
        band = self.rows[top:top + HEIGHT * scale]
        for at in range(0, self.width - WIDTH * scale + 1, WIDTH * scale):
            parts = [row[at:at + WIDTH * scale] for row in band]
            small = [part[::scale] for part in parts[::scale]]
            large = ["".join(p * scale for p in part) for part in small for _ in range(scale)]
            glyph = bytes(int(part, 2) for part in small)
            if parts != large or glyph not in font:
                raise NotText("at %d, %d there is no character:\n%s" % (at, top, "\n".join(parts)))
            yield glyph


def from_ppm(raw):
    """The Picture of QEMU's screendump."""
    head = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", raw)
    width, height = int(head[1]), int(head[2])
    ink = bytes([0x30] + [0x31] * 255)
    rows = []
    for at in range(head.end(), head.end() + width * height * 3, width * 3):
        planes = [raw[at + n:at + width * 3:3].translate(ink) for n in range(3)]
        if planes[0] != planes[1] or planes[0] != planes[2]:
            raise NotText("row %d is not grey" % len(rows))
        rows.append(planes[0].decode())
    return Picture(rows)


class Frame:
    """A framebuffer that a test invents: its multiboot2 tag, and the picture in it."""

    def __init__(self, addr, width, height, bpp, pitch=None, colours=(16, 8, 8, 8, 0, 8), kind=1):
        self.addr, self.width, self.height, self.bpp = addr, width, height, bpp
        self.bytes = (bpp + 7) // 8
        self.pitch = width * self.bytes if pitch is None else pitch
        self.colours, self.kind = colours, kind

    def tag(self):
        """The content of the multiboot2 tag."""
        number = lambda value, size: value.to_bytes(size, "little")     # noqa: E731
        return (number(self.addr, 8) + number(self.pitch, 4) + number(self.width, 4) +
                number(self.height, 4) + bytes([self.bpp, self.kind, 0, 0]) + bytes(self.colours))

    def into(self, mbi):
        """The boot information with this framebuffer, which its memory map reserves."""
        mbi.tag(8)[1] = self.tag()
        if any(kind == 6 for kind, _ in mbi.tags):
            start = self.addr & ~0xfff
            end = self.addr + self.pitch * self.height + 0xfff & ~0xfff
            mbi.set_memory(mbi.memory() + [[start, end - start, 2]])
        return mbi.pack()

    def ink(self):
        """The value of a pixel of ink."""
        fields = zip(self.colours[::2], self.colours[1::2])
        return sum((INK >> 8 - size if size < 8 else INK << size - 8) << pos for pos, size in fields)

    def picture(self, raw):
        """The Picture in these bytes. NotText if bytes between the rows were written."""
        known = {bytes(self.bytes): "0", self.ink().to_bytes(self.bytes, "little"): "1"}
        rows = []
        for y in range(self.height):
            row = raw[y * self.pitch:(y + 1) * self.pitch]
            pixels = [row[x:x + self.bytes] for x in range(0, self.width * self.bytes, self.bytes)]
            strange = [p for p in pixels if p not in known]
            if strange or any(row[self.width * self.bytes:]):
                raise NotText("row %d has bytes that are no pixel: %s" % (y, strange[:1]))
            rows.append("".join(map(known.get, pixels)))
        return Picture(rows)
