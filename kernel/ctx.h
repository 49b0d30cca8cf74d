/* SPDX-License-Identifier: MIT */
/*
 * Begins and ends a context inside a running one. A context gets, in this order:
 *
 *   1. a struct local of its own, so that it sees none of the maps open in the context below
 *   2. its count, so that code can ask which kind of context runs (kernel/cpu/context.h)
 *   3. its trace event, with the rights of the context below
 *   4. the initial rights
 *
 * It gives them up in the same order. Its maps go while its count still says which context left
 * them open, and the outer rights return last, so that the trace counts each change of rights for
 * the context that made it. For traps, kernel/entry.S does 3 and 4.
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
	struct local *below; /* of the interrupted context */
	u64 base;            /* the previous base of its own struct local */
	u32 pkrs;            /* the rights below; for a trap they are in its frame */
};

/* A work item uses its thread's struct local; every other kind has one on each CPU. */
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

/* True for the kinds that begin with a call, not with a trap. */
static inline bool ctx_is_soft(enum ctx_kind kind)
{
	return kind == CTX_WORK || kind == CTX_SOFTIRQ;
}

/*
 * Begins a context; `kind` is a constant. `what` is its TRACE_ number, used for soft kinds only.
 * Pass the result to ctx_leave(). Interrupts off, except for a work item.
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

/* Ends what ctx_enter() began with the same `kind` and `what`, on the same CPU or thread. */
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
