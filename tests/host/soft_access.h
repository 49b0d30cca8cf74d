/* SPDX-License-Identifier: MIT */
/*
 * Loads, stores and changes of linear memory, of which the software machine's kinds are made. All
 * of them return false after a page fault, which is then in soft_cpu.
 */
#ifndef KEYWARD_TESTS_HOST_SOFT_ACCESS_H
#define KEYWARD_TESTS_HOST_SOFT_ACCESS_H

#include "tests/host/soft.h"

enum who { BY_INSTRUCTION, BY_PROCESSOR };

/* An operand's bytes: in one page, or the first `split` of them in one and the rest in the next. */
struct operand {
	struct translation *page[2];
	u8 *memory[2];
	u32 split, bytes, does;
};

bool soft_load(u64 va, u32 bytes, enum who who, void *data);
bool soft_store(u64 va, u32 bytes, enum who who, const void *data);

/* Checks both pages before anything is read or written; marks nothing as dirty. */
bool soft_operand(u64 va, u32 bytes, u32 does, enum who who, struct operand *o);

/* Reaches an operand that is going to be written, and reads it. soft_put() writes it. */
bool soft_change(u64 va, u32 bytes, enum who who, struct operand *o, void *old);
void soft_put(const struct operand *o, const void *data);

/* What a case's kind does: soft_plain.c, soft_stack.c, soft_own.c. */
bool soft_plain(u64 va, u32 *value);
bool soft_stack(u64 va, u32 *value);
bool soft_own(u64 va);
bool soft_system(u64 va); /* soft_system.c */

#endif
