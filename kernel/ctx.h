/* SPDX-License-Identifier: MIT */
/*
 * A context begins inside a running one, and ends. In this order:
 *
 *   1. its own struct local, so that it finds none of the maps that are open below it
 *   2. its count, so that code can ask which kind of context runs (kernel/cpu/context.h)
 *   3. its event in the trace, with the rights of the context below
 *   4. the initial rights
 *
 * It ends in the same order. Its maps go while its count still says which context has left them
 * open, and the outer rights come back last, so that the trace counts every change of rights for
 * the context that made it. The contexts of traps have 3 and 4 from kernel/entry.S.
 */
#ifndef KEYWARD_KERNEL_CTX_H
#define KEYWARD_KERNEL_CTX_H

#include "kernel/cpu/context.h"
#include "kernel/cpu/local.h"
#include "kernel/cpu/percpu.h"
#include "kernel/cpu/trace.h"
#include "pks/pkrs.h"

enum ctx_kind { CTX_WORK, CTX_SOFTIRQ, CTX_INTERRUPT, CTX_NMI };

struct ctx {
	struct local *below; /* the context's that is interrupted */
	u32 base;            /* of its own struct local, as it was before */
	u32 pkrs;            /* the rights below; a trap's are in its frame */
};

/* A work item runs on its thread's struct local; each other kind has one on each processor. */
static inline struct local *ctx_local(enum ctx_kind kind)
{
	switch (kind) {
	case CTX_SOFTIRQ:
		return &this_cpu()->local[LOCAL_SOFTIRQ];
	case CTX_INTERRUPT:
		return &this_cpu()->local[LOCAL_INTERRUPT];
	case CTX_NMI:
		return &this_cpu()->local[LOCAL_NMI];
	default:
		return this_local();
	}
}

static inline u32 ctx_count(enum ctx_kind kind)
{
	return kind == CTX_NMI         ? CONTEXT_NMI
	       : kind == CTX_INTERRUPT ? CONTEXT_INTERRUPT
	       : kind == CTX_SOFTIRQ   ? CONTEXT_SOFTIRQ
				       : 0;
}

/* Begun by a call, and not by a trap. */
static inline bool ctx_is_soft(enum ctx_kind kind)
{
	return kind == CTX_WORK || kind == CTX_SOFTIRQ;
}

/*
 * Begins a context of a kind that is a constant. `what` is its TRACE_ number, for those that are
 * soft. Give the result to ctx_leave(). Interrupts off, but for a work item.
 */
static inline struct ctx ctx_enter(enum ctx_kind kind, u32 what)
{
	struct local *local = ctx_local(kind);
	struct ctx ctx = { .below = local_set(local), .base = local_enter(local) };

	if (kind != CTX_WORK)
		context_enter(ctx_count(kind));
	if (ctx_is_soft(kind)) {
		trace_inner(TRACE_ENTER, what, (u32)this_cpu()->pkrs);
		ctx.pkrs = pkrs_enter();
	}
	return ctx;
}

/* Ends what ctx_enter() began with the same kind and number, on the same processor or thread. */
static inline void ctx_leave(struct ctx ctx, enum ctx_kind kind, u32 what)
{
	local_leave(ctx_local(kind), ctx.base);
	local_set(ctx.below);
	if (kind != CTX_WORK)
		context_leave(ctx_count(kind));
	if (ctx_is_soft(kind)) {
		trace_inner(TRACE_LEAVE, what, ctx.pkrs);
		pkrs_exit(ctx.pkrs);
	}
}

#endif
