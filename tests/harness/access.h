/* SPDX-License-Identifier: MIT */
/* Accesses under chosen rights, and their comparison with the oracle. */
#ifndef KEYWARD_TESTS_HARNESS_ACCESS_H
#define KEYWARD_TESTS_HARNESS_ACCESS_H

#include "kernel/cpu/extable.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/msr.h"
#include "kernel/cpu/percpu.h"
#include "kernel/thread.h"
#include "kernel/uspace.h"
#include "tests/harness/expect.h"
#include "tests/oracle/oracle.h"

/* Every key open; key 0 open and all others denied; one key's bits. By the SDM's layout. */
#define ALL_OPEN   0u
#define ALL_DENIED 0xfffffffcu
#define AD(key)    (1u << (2 * (key)))
#define WD(key)    (2u << (2 * (key)))
#define OF_KEY(key, rights, others) \
	(((others) & ~(AD(key) | WD(key))) | (u32)(rights) << (2 * (key)))

/* The context's rights at rights_begin(); until rights_end() interrupts are off. */
struct rights_saved {
	u64 flags;
	u32 pkrs;
};

static inline struct rights_saved rights_begin(void)
{
	u64 flags = irq_save();

	return (struct rights_saved){ flags, (u32)this_cpu()->pkrs };
}

/* Mirror and register, by the tests' own hand. Interrupts off, PKS present. */
static inline void rights_put(u32 pkrs)
{
	this_cpu()->pkrs = pkrs;
	wrmsr(MSR_IA32_PKRS, pkrs);
}

static inline void rights_end(struct rights_saved saved)
{
	rights_put(saved.pkrs);
	irq_restore(saved.flags);
}

/* The context's rights: mirror and register, which must be the same. */
u32 rights_now(void);

/*
 * Runs fn(arg) in a thread of the address space `cr3` (0: the kernel's) to its end, which may be
 * a death without a report.
 */
struct thread_end run_in_space(u64 cr3, int (*fn)(void *), void *arg);

/* The same for a program in user mode. */
struct thread_end run_in_user_mode(struct uspace *us, void (*program)(u64), u64 arg);

/* Calls `p`, where a RET must stand; the fault of the fetch, or none. Thread context. */
struct fault probe_fetch(u64 cr3, const volatile void *p);

/* How this processor stands, but with these rights; as a supervisor. */
struct oracle_cpu oracle_cpu_now(u32 pkrs);

#define EXPECT_VERDICT(fault, verdict, addr, rule) \
	expect_verdict(__FILE__, __LINE__, (fault), (verdict), (u64)(addr), (rule))
bool expect_verdict(const char *file, int line, struct fault f, struct oracle_verdict want,
		    u64 addr, const char *rule);

/* One access to *p, judged by the oracle: fault, error code, CR2, and what memory holds then. */
struct trial {
	volatile u64 *p;     /* how the access is made */
	volatile u64 *alias; /* the same memory, under key 0 */
	u32 pkrs;
	struct oracle_page page;
	const char *rule;
};

/* `judged`: the bits of the error code that count. Interrupts off; leaves `pkrs` in force. */
void trial(const struct trial *t, enum oracle_access kind, u32 judged);

/*
 * The trial for reading, writing and modifying. Whether a denied read-modify-write is *reported*
 * as a write is left to one test of its own, so that a machine that differs there is judged by all
 * the others still.
 */
void trial_data(const struct trial *t);

#endif
