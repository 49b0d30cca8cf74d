/* SPDX-License-Identifier: MIT */
#include "tests/host/power.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEW 6 /* uncertain words of which all sets are played */

static void event(struct power *p)
{
	if (p->events++ == p->cut_at)
		longjmp(p->off, 1);
}

static void check_range(const struct power *p, u64 at, u64 n)
{
	if (n > p->media.size || at > p->media.size - n) {
		fprintf(stderr, "beyond the medium: %llu bytes at %llu\n", (unsigned long long)n,
			(unsigned long long)at);
		abort();
	}
}

static int power_read(void *ctx, u64 at, void *buf, u64 n)
{
	struct power *p = ctx;

	check_range(p, at, n);
	memcpy(buf, (u8 *)p->now + at, n);
	return 0;
}

/* Each word, or part of one, is a store of its own. */
static int power_write(void *ctx, u64 at, const void *buf, u64 n)
{
	struct power *p = ctx;
	const u8 *from = buf;

	check_range(p, at, n);
	for (u64 part; n; n -= part, at += part, from += part) {
		part = MIN(n, 8 - at % 8);
		event(p);
		memcpy((u8 *)p->now + at, from, part);
	}
	return 0;
}

static void power_flush(void *ctx, u64 at, u64 n)
{
	struct power *p = ctx;
	u64 from = ALIGN_DOWN(at, 64ULL), to = ALIGN_UP(at + n, 64ULL);

	check_range(p, at, n);
	event(p);
	memcpy((u8 *)p->flushed + from, (u8 *)p->now + from, to - from);
}

static void power_fence(void *ctx)
{
	struct power *p = ctx;

	event(p);
	memcpy(p->safe, p->flushed, sizeof(p->safe));
}

void power_on(struct power *p, const void *image, u64 size)
{
	memset(p, 0, sizeof(*p));
	p->media =
		(struct store_media){ p, size, power_read, power_write, power_flush, power_fence };
	p->cut_at = POWER_NEVER;
	if (image)
		memcpy(p->now, image, size);
	memcpy(p->flushed, p->now, sizeof(p->now));
	memcpy(p->safe, p->now, sizeof(p->now));
}

/*
 * A word that was stored again after its flush has two newer values, which count as two words that
 * follow each other: the second is kept only over the first, or without it.
 */
static u32 newer(const struct power *p, u32 i, u64 *values)
{
	u32 n = 0;

	if (p->flushed[i] != p->safe[i])
		values[n++] = p->flushed[i];
	if (p->now[i] != p->flushed[i])
		values[n++] = p->now[i];
	return n;
}

void power_image(const struct power *p, bool (*keeps)(void *arg, u32 word), void *arg, u64 *image)
{
	u32 word = 0;

	for (u32 i = 0; i < POWER_WORDS; i++) {
		u64 values[2];
		u32 n = newer(p, i, values);

		image[i] = p->safe[i];
		for (u32 v = 0; v < n; v++)
			if (keeps(arg, word++))
				image[i] = values[v];
	}
}

u32 power_uncertain(const struct power *p)
{
	u64 values[2];
	u32 words = 0;

	for (u32 i = 0; i < POWER_WORDS; i++)
		words += newer(p, i, values);
	return words;
}

/* One way to choose words. */
struct choice {
	enum { ALL, NONE, BUT_ONE, ONLY_ONE, FIRST, RANDOM, SET } kind;
	u64 n;
};

static bool chosen(void *arg, u32 word)
{
	struct choice *c = arg;

	switch (c->kind) {
	case ALL:
		return true;
	case BUT_ONE:
		return word != c->n;
	case ONLY_ONE:
		return word == c->n;
	case FIRST:
		return word < c->n;
	case RANDOM:
		c->n = c->n * 6364136223846793005 + 1442695040888963407;
		return c->n >> 63;
	case SET:
		return c->n >> word & 1;
	default:
		return false;
	}
}

u32 power_each_image(const struct power *p, u32 many, u32 random,
		     void (*fn)(void *arg, const u64 *image), void *arg)
{
	static u64 image[POWER_WORDS];
	u32 words = power_uncertain(p), played = 0;

	for (u32 kind = ALL; kind <= SET; kind++) {
		u32 n = kind <= NONE     ? 1
			: kind < RANDOM  ? words
			: kind == RANDOM ? random
					 : 1U << FEW;

		if (words <= FEW && kind != SET)
			continue;
		if (kind == SET)
			n = words <= FEW ? 1U << words : 0;
		for (u32 i = 0, step = kind < RANDOM ? 1 + n / many : 1; i < n; i += step) {
			struct choice c = { kind, i };

			if (kind == RANDOM)
				c.n = p->events * 1000003 + i;
			power_image(p, chosen, &c, image);
			fn(arg, image);
			played++;
		}
	}
	return played;
}
