/* SPDX-License-Identifier: MIT */
/* Has an operation's allocations refused, one after another, and looks whether it undoes itself. */
#ifndef KEYWARD_TESTS_HARNESS_REFUSE_H
#define KEYWARD_TESTS_HARNESS_REFUSE_H

#include "kernel/lib/types.h"

/* The refused allocation alone, or all that follow it too. */
#define REFUSE_ONE 1
#define REFUSE_ALL (~0ULL)

/*
 * Calls op(arg) with its first allocation refused, then with its second, and so on until none is
 * refused; `count`: how many allocations in a row. A call with a refusal must return -ENOMEM and
 * undo what it has done; the last one must return 0, and undo(arg) undoes that. The frames, the
 * counts of each key's pages, the threads and the rights must then be as before. Returns how many
 * calls had a refusal. Thread context.
 */
u32 refuse_each_allocation(int (*op)(void *arg), void (*undo)(void *arg), void *arg, u64 count);

#endif
