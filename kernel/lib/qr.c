// SPDX-License-Identifier: MIT
/*
 * From bytes to codewords: data, then Reed-Solomon codewords of each block, interleaved. The field
 * GF(256) is that of x^8 + x^4 + x^3 + x^2 + 1; the generator's roots are the powers of 2.
 */
#include "kernel/lib/qr.h"
#include "kernel/lib/string.h"

#define FIELD     0x11d
#define CHECK_MAX 30 /* error correction codewords of a block */
#define MODE_BYTE 4
#define PAD       0xec
#define PAD_XOR   (0xec ^ 0x11) /* the second pad codeword is 11H */

/* Level M, by version: blocks, and error correction codewords of each. */
static const struct {
	u8 blocks, check;
} shape[QR_VERSION_MAX + 1] = {
	{ 0, 0 },  { 1, 10 }, { 1, 16 }, { 1, 26 }, { 2, 18 }, { 2, 24 }, { 4, 16 }, { 4, 18 },
	{ 4, 22 }, { 5, 22 }, { 5, 26 }, { 5, 30 }, { 8, 22 }, { 9, 22 }, { 9, 24 }, { 10, 24 },
};

/* Codewords of a version: all modules but those of the patterns and of format and version. */
static u32 words_of(u32 version)
{
	u32 aligned = version > 1 ? version / 7 + 2 : 0;
	u32 modules = (16 * version + 128) * version + 64;

	if (aligned)
		modules -= (25 * aligned - 10) * aligned - 55;
	return (modules - (version >= 7 ? 36 : 0)) / 8;
}

static u32 data_words(u32 version)
{
	return words_of(version) - shape[version].blocks * shape[version].check;
}

static u32 count_bits(u32 version)
{
	return version < 10 ? 8 : 16;
}

u32 qr_capacity(u32 version)
{
	return (8 * data_words(version) - 4 - count_bits(version)) / 8;
}

static u8 multiply(u8 a, u8 b)
{
	u32 product = 0;

	for (u32 i = 8; i--;) {
		product = product << 1 ^ (product >> 7) * FIELD;
		product ^= (b >> i & 1) * a;
	}
	return (u8)product;
}

/* The coefficients of the product of (x - 2^i), without that of the highest power, which is 1. */
static void generator(u8 *g, u32 degree)
{
	u8 root = 1;

	memset(g, 0, degree);
	g[degree - 1] = 1;
	for (u32 i = 0; i < degree; i++) {
		for (u32 j = 0; j < degree; j++) {
			g[j] = multiply(g[j], root);
			if (j + 1 < degree)
				g[j] ^= g[j + 1];
		}
		root = multiply(root, 2);
	}
}

/* Puts the remainder of `n` codewords, divided by the generator, into `rest`. */
static void remainder_of(const u8 *data, u32 n, const u8 *g, u8 *rest, u32 degree)
{
	memset(rest, 0, degree);
	while (n--) {
		u8 factor = *data++ ^ rest[0];

		memmove(rest, rest + 1, degree - 1);
		rest[degree - 1] = 0;
		for (u32 i = 0; i < degree; i++)
			rest[i] ^= multiply(g[i], factor);
	}
}

static void put_bits(u8 *to, u32 *at, u32 value, u32 count)
{
	for (; count--; (*at)++)
		to[*at / 8] |= (u8)((value >> count & 1) << (7 - *at % 8));
}

/* Mode, length, bytes, the end mark of four 0 bits if there is room, then pad codewords. */
static void fill_data(struct qr *qr, const u8 *bytes, u32 n)
{
	u32 at = 0, words = data_words(qr->version);
	u8 pad = PAD;

	memset(qr->data, 0, words);
	put_bits(qr->data, &at, MODE_BYTE, 4);
	put_bits(qr->data, &at, n, count_bits(qr->version));
	for (u32 i = 0; i < n; i++)
		put_bits(qr->data, &at, bytes[i], 8);
	at += MIN(4, 8 * words - at);
	for (u32 i = (at + 7) / 8; i < words; i++, pad ^= PAD_XOR)
		qr->data[i] = pad;
}

/*
 * The first blocks are a codeword shorter if the data does not divide. Drawn are the first data
 * codewords of all blocks, then the second, and so on; then the check codewords in the same way.
 */
static void interleave(struct qr *qr)
{
	u32 blocks = shape[qr->version].blocks, check = shape[qr->version].check;
	u32 words = data_words(qr->version);
	u32 least = words / blocks, longer = words % blocks; /* of the blocks, at the end */
	u8 g[CHECK_MAX], rest[CHECK_MAX];
	const u8 *from = qr->data;

	memset(qr->words, 0, sizeof(qr->words)); /* up to seven modules are left over: light */
	generator(g, check);
	for (u32 b = 0; b < blocks; b++) {
		bool is_long = b >= blocks - longer;

		remainder_of(from, least + is_long, g, rest, check);
		for (u32 i = 0; i < least; i++)
			qr->words[i * blocks + b] = *from++;
		if (is_long)
			qr->words[least * blocks + b - (blocks - longer)] = *from++;
		for (u32 i = 0; i < check; i++)
			qr->words[words + i * blocks + b] = rest[i];
	}
}

bool qr_make(struct qr *qr, u32 version, const void *bytes, u32 n)
{
	if (n > qr_capacity(version))
		return false;
	qr->version = version;
	qr->size = QR_SIZE(version);
	fill_data(qr, bytes, n);
	interleave(qr);
	qr_draw(qr);
	return true;
}
