// SPDX-License-Identifier: MIT
/* From codewords to modules: patterns, data, format, and the mask with the least penalty. */
#include "kernel/lib/qr.h"
#include "kernel/lib/string.h"

#define MASKS          8
#define FORMAT_XOR     0x5412
#define FORMAT_POLY    0x537  /* 10 check bits */
#define VERSION_POLY   0x1f25 /* 12 check bits */
#define LEVEL_M        0
#define PENALTY_RUN    3 /* five modules of a colour in a line; one more for each further one */
#define PENALTY_SQUARE 3
#define PENALTY_FINDER 40
#define PENALTY_UNEVEN 10 /* for each 5 % away from half of the modules dark */

static void put(struct qr *qr, u32 x, u32 y, bool dark)
{
	qr->dark[y][x / 64] &= ~BIT(x % 64);
	qr->dark[y][x / 64] |= (u64)dark << x % 64;
}

/* Draws a module of a pattern. Does nothing outside the code. */
static void fix(struct qr *qr, u32 x, u32 y, bool dark)
{
	if (x >= qr->size || y >= qr->size)
		return;
	put(qr, x, y, dark);
	qr->fixed[y][x / 64] |= BIT(x % 64);
}

static bool is_fixed(const struct qr *qr, u32 x, u32 y)
{
	return qr->fixed[y][x / 64] >> x % 64 & 1;
}

/* Squares in each other, light where `light` has the bit of their distance from the centre. */
static void squares(struct qr *qr, u32 cx, u32 cy, u32 reach, u32 light)
{
	for (u32 y = 0; y <= 2 * reach; y++) {
		for (u32 x = 0; x <= 2 * reach; x++) {
			u32 dx = x < reach ? reach - x : x - reach;
			u32 dy = y < reach ? reach - y : y - reach;

			fix(qr, cx + x - reach, cy + y - reach, !(light >> MAX(dx, dy) & 1));
		}
	}
}

/* The distance of the alignment patterns, counted from the far edge. */
static u32 alignment_step(u32 version, u32 count)
{
	return (version * 4 + count * 2 + 1) / (count * 2 - 2) * 2;
}

static void draw_alignment(struct qr *qr)
{
	u32 count = qr->version > 1 ? qr->version / 7 + 2 : 0;
	u32 step = count ? alignment_step(qr->version, count) : 0;

	for (u32 i = 0; i < count; i++) {
		for (u32 j = 0; j < count; j++) {
			u32 x = i ? qr->size - 7 - (count - 1 - i) * step : 6;
			u32 y = j ? qr->size - 7 - (count - 1 - j) * step : 6;

			if (!(x == 6 && y == 6) && !(x == 6 && j == count - 1) &&
			    !(y == 6 && i == count - 1))
				squares(qr, x, y, 2, 1 << 1);
		}
	}
}

/* `value` and behind it its remainder, of the bits of `poly` without the highest. */
static u32 with_check(u32 value, u32 poly)
{
	u32 bits = 31 - (u32)__builtin_clz(poly), rest = value << bits;

	while (rest >> bits) {
		u32 high = 31 - (u32)__builtin_clz(rest);

		rest ^= poly << (high - bits);
	}
	return value << bits | rest;
}

static void draw_version(struct qr *qr)
{
	u32 bits = with_check(qr->version, VERSION_POLY);

	for (u32 i = 0; qr->version >= 7 && i < 18; i++) {
		fix(qr, qr->size - 11 + i % 3, i / 3, bits >> i & 1);
		fix(qr, i / 3, qr->size - 11 + i % 3, bits >> i & 1);
	}
}

/* Level and mask, twice: around the first finder, and beside the two others. */
static void draw_format(struct qr *qr, u32 mask)
{
	u32 bits = with_check(LEVEL_M << 3 | mask, FORMAT_POLY) ^ FORMAT_XOR;
	u32 last = qr->size - 1;

	for (u32 i = 0; i < 15; i++) {
		bool dark = bits >> i & 1;
		u32 along = i < 6 ? i : i < 8 ? i + 1 : 0; /* over the timing pattern */
		u32 across = i < 8 ? 0 : i == 8 ? 7 : 14 - i;

		if (i < 8) {
			fix(qr, 8, along, dark);
			fix(qr, last - i, 8, dark);
		} else {
			fix(qr, across, 8, dark);
			fix(qr, 8, last - 14 + i, dark);
		}
	}
	fix(qr, 8, last - 7, true);
}

static void draw_patterns(struct qr *qr)
{
	memset(qr->dark, 0, sizeof(qr->dark));
	memset(qr->fixed, 0, sizeof(qr->fixed));
	for (u32 i = 0; i < qr->size; i++) {
		fix(qr, 6, i, i % 2 == 0);
		fix(qr, i, 6, i % 2 == 0);
	}
	squares(qr, 3, 3, 4, 1 << 2 | 1 << 4);
	squares(qr, qr->size - 4, 3, 4, 1 << 2 | 1 << 4);
	squares(qr, 3, qr->size - 4, 4, 1 << 2 | 1 << 4);
	draw_alignment(qr);
	draw_version(qr);
	draw_format(qr, 0); /* takes its modules; the mask comes last */
}

/* Two columns at a time from the right, up and down by turns, over the vertical timing pattern. */
static void draw_words(struct qr *qr)
{
	u32 bit = 0;

	for (u32 right = qr->size - 1; right < qr->size; right -= right == 8 ? 3 : 2) {
		bool up = !((right + (right < 6)) & 2) == !((qr->size - 1) & 2);

		for (u32 i = 0; i < qr->size; i++) {
			u32 y = up ? qr->size - 1 - i : i;

			for (u32 x = right; x + 2 > right && x < qr->size; x--) {
				if (is_fixed(qr, x, y))
					continue;
				put(qr, x, y, qr->words[bit / 8] >> (7 - bit % 8) & 1);
				bit++;
			}
		}
	}
}

static bool inverts(u32 mask, u32 x, u32 y)
{
	switch (mask) {
	case 0:
		return (x + y) % 2 == 0;
	case 1:
		return y % 2 == 0;
	case 2:
		return x % 3 == 0;
	case 3:
		return (x + y) % 3 == 0;
	case 4:
		return (x / 3 + y / 2) % 2 == 0;
	case 5:
		return x * y % 2 + x * y % 3 == 0;
	case 6:
		return (x * y % 2 + x * y % 3) % 2 == 0;
	default:
		return ((x + y) % 2 + x * y % 3) % 2 == 0;
	}
}

/* Applied twice it does nothing. */
static void apply(struct qr *qr, u32 mask)
{
	for (u32 y = 0; y < qr->size; y++)
		for (u32 x = 0; x < qr->size; x++)
			if (!is_fixed(qr, x, y) && inverts(mask, x, y))
				qr->dark[y][x / 64] ^= BIT(x % 64);
}

/* One line: runs of a colour, and what looks like a finder with four light modules on a side. */
static u32 penalty_of_line(const struct qr *qr, u32 line, bool column)
{
	u32 penalty = 0, run = 0, seen = 0; /* the last 11 modules */

	for (u32 i = 0; i < qr->size; i++) {
		bool dark = column ? qr_dark(qr, line, i) : qr_dark(qr, i, line);

		run = i && dark == (seen & 1) ? run + 1 : 1;
		penalty += run == 5 ? PENALTY_RUN : run > 5;
		seen = (seen << 1 | dark) & 0x7ff;
		if (i >= 10 && (seen == 0x05d || seen == 0x5d0))
			penalty += PENALTY_FINDER;
	}
	return penalty;
}

static u32 penalty(const struct qr *qr)
{
	u32 sum = 0, dark = 0, all = qr->size * qr->size;

	for (u32 y = 0; y < qr->size; y++) {
		sum += penalty_of_line(qr, y, false) + penalty_of_line(qr, y, true);
		for (u32 x = 0; x < qr->size; x++) {
			bool d = qr_dark(qr, x, y);

			dark += d;
			if (x && y && d == qr_dark(qr, x - 1, y) && d == qr_dark(qr, x, y - 1) &&
			    d == qr_dark(qr, x - 1, y - 1))
				sum += PENALTY_SQUARE;
		}
	}
	dark = dark * 2 > all ? dark * 2 - all : all - dark * 2;
	return sum + dark * 10 / all * PENALTY_UNEVEN;
}

void qr_draw(struct qr *qr)
{
	u32 least = ~0u, best = 0;

	draw_patterns(qr);
	draw_words(qr);
	for (u32 mask = 0; mask < MASKS; mask++) {
		u32 p;

		apply(qr, mask);
		draw_format(qr, mask);
		p = penalty(qr);
		if (p < least) {
			least = p;
			best = mask;
		}
		apply(qr, mask);
	}
	qr->mask = best;
	apply(qr, best);
	draw_format(qr, best);
}
