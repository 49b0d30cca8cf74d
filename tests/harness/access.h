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

/* All keys open; all but key 0 denied; the bits of one key. Layout: the SDM's. */
#define ALL_OPEN   0u
#define ALL_DENIED 0xfffffffcu
#define AD(key)    (1u << (2 * (key)))
#define WD(key)    (2u << (2 * (key)))
#define OF_KEY(key, rights, others) \
	(((others) & ~(AD(key) | WD(key))) | (u32)(rights) << (2 * (key)))

/* The context's rights as rights_begin() saved them. Interrupts stay off until rights_end(). */
struct rights_saved {
	u64 flags;
	u32 pkrs;
};

static inline struct rights_saved rights_begin(void)
{
	u64 flags = irq_save();

	return (struct rights_saved){ flags, (u32)this_cpu()->pkrs };
}

/* Writes mirror and register without the kernel's help. Interrupts off, PKS present. */
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

/* Returns the context's rights. Fails the test if mirror and register differ. */
u32 rights_now(void);

/*
 * Runs fn(arg) in a thread of the address space `cr3` (0: the kernel's) and joins it. The thread
 * may die; its death is not reported on the console. Thread context.
 */
struct thread_end run_in_space(u64 cr3, int (*fn)(void *), void *arg);

/* The same for a user-mode program. */
struct thread_end run_in_user_mode(struct uspace *us, void (*program)(u64), u64 arg);

/* Calls `p`, which must point to a RET; returns the fetch's fault, or none. Thread context. */
struct fault probe_fetch(u64 cr3, const volatile void *p);

/* Returns this CPU's present state for the oracle, with `pkrs` as its rights. */
struct oracle_cpu oracle_cpu_now(u32 pkrs);

#define EXPECT_VERDICT(fault, verdict, addr, rule) \
	expect_verdict(__FILE__, __LINE__, (fault), (verdict), (u64)(addr), (rule))
bool expect_verdict(const char *file, int line, struct fault f, struct oracle_verdict want,
		    u64 addr, const char *rule);

/* One access to *p. The oracle judges fault, error code, CR2 and the memory content afterwards. */
struct trial {
	volatile u64 *p;     /* the address to access */
	volatile u64 *alias; /* the same memory, under key 0 */
	u32 pkrs;
	struct oracle_page page;
	const char *rule;
};

/* `judged`: the error code bits to compare. Interrupts off; leaves t->pkrs in force. */
void trial(const struct trial *t, enum oracle_access kind, u32 judged);

/*
 * Tries a read, a write and a modify. Ignores the W bit of a denied read-modify-write: the matrix
 * has a rule for it, so a machine that differs in that alone still passes the other tests.
 */
void trial_data(const struct trial *t);

#endif
