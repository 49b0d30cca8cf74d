/* SPDX-License-Identifier: MIT */
/*
 * QR codes (ISO/IEC 18004, "QR Code bar code symbology specification"): byte mode, error correction
 * level M, which restores 15 % of the codewords. Versions 1 to 15: 21 to 77 modules a side. Pure.
 */
#ifndef KEYWARD_KERNEL_LIB_QR_H
#define KEYWARD_KERNEL_LIB_QR_H

#include "kernel/lib/types.h"

#define QR_VERSION_MAX   15
#define QR_SIZE(version) (17 + 4 * (version))
#define QR_QUIET         4   /* light modules that must surround a code */
#define QR_WORDS_MAX     656 /* codewords of the largest version, and its modules left over */

/* One bit a module. */
typedef u64 qr_bits[QR_SIZE(QR_VERSION_MAX)][2];

struct qr {
	u32 version, size, mask; /* size: modules a side */
	qr_bits dark;
	qr_bits fixed;          /* the modules that hold no data */
	u8 words[QR_WORDS_MAX]; /* codewords, in the order in which they are drawn */
	u8 data[QR_WORDS_MAX];
};

/* Returns the most bytes that a code of this version (1 to QR_VERSION_MAX) holds. Any context. */
u32 qr_capacity(u32 version);

/*
 * Makes the code of `n` bytes, with the mask that the standard's penalties choose. False: they are
 * more than the version holds. Any context; the caller owns `qr`, which is too large for a stack.
 */
bool qr_make(struct qr *qr, u32 version, const void *bytes, u32 n);

/* True if the module in column x of row y is dark; modules outside are light. Any context. */
static inline bool qr_dark(const struct qr *qr, u32 x, u32 y)
{
	return x < qr->size && y < qr->size && qr->dark[y][x / 64] >> x % 64 & 1;
}

/* Draws patterns and qr->words into qr->dark; qr->version is set. For qr_make(). */
void qr_draw(struct qr *qr);

#endif
