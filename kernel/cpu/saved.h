/* SPDX-License-Identifier: MIT */
/*
 * Where the rights of an interrupted context wait. The kernel keeps them in the saved frame, struct
 * regs. The other places are built for comparison alone, by the make variable SAVED
 * (docs/EXPERIMENTS.md):
 *
 *   stack   a stack of values in each thread; a context that ends takes the topmost
 *   slot    one value in each thread
 *   cpu     a stack of values in each processor
 *
 * There the frame does not say whose rights are whose: the running context's predecessor is the
 * topmost, and no other can be asked for or changed.
 */
#ifndef KEYWARD_KERNEL_CPU_SAVED_H
#define KEYWARD_KERNEL_CPU_SAVED_H

#include "kernel/lib/atomic.h"
#include "kernel/lib/config.h"

/* Offsets for pks/saved.inc; kernel/cpu/percpu.c and kernel/thread.c assert them. */
#define SAVED_COUNT  0
#define SAVED_VALUES 16
#define SAVED_DEPTH  16 /* contexts inside one another; the rights of a deeper one are lost */
#define CPU_SAVED    64
#define THREAD_SAVED 8

#ifndef __ASSEMBLER__

#include "kernel/cpu/pkrs_bits.h"
#include "kernel/lib/types.h"

#if CONFIG_SAVED

/*
 * Written by its thread and by whatever comes on top of it, on the one processor that runs it. A
 * place is taken before it is filled and read before it is given back, so an NMI uses those above.
 */
struct saved {
	u64 count; /* how many wait; beyond SAVED_DEPTH they are counted, not kept */
	u64 lost;  /* stands for the topmost where none is kept */
	u64 value[SAVED_DEPTH];
};

#define SAVED_INIT                \
	{                         \
		.lost = PKRS_INIT \
	}

static inline u64 *saved_top(struct saved *s)
{
	if (CONFIG_SAVED == SAVED_SLOT)
		return &s->value[0];
	return s->count - 1 < SAVED_DEPTH ? &s->value[s->count - 1] : &s->lost;
}

static inline void saved_push(struct saved *s, u32 pkrs)
{
	if (CONFIG_SAVED != SAVED_SLOT)
		WRITE_ONCE(s->count, s->count + 1);
	*saved_top(s) = pkrs;
}

#endif
#endif
#endif
