/* SPDX-License-Identifier: MIT */
/* Shared by tests of the kernel's rights: a protected page, checks of rights, rights as values. */
#ifndef KEYWARD_TESTS_HARNESS_FIXTURE_H
#define KEYWARD_TESTS_HARNESS_FIXTURE_H

#include "kernel/lib/options.h"
#include "mm/page.h"
#include "pks/pkrs.h"
#include "tests/harness/contexts.h"
#include "tests/harness/expect.h"

/* Keys that no page carries: rights to them matter to no access. */
#define KEY_A 9
#define KEY_B 10
#define KEY_C 11

/* The initial rights, with this key open too. */
#define WITH_KEY(key) (PKRS_INIT & ~(3u << (2 * (key))))

/* One page of protected device memory, seen through the direct map. */
struct prot_page {
	struct page *page;
	volatile u64 *va;
};

/* Allocates one, zeroed. The key must have an owner. False: the test has failed. */
bool prot_page_get(struct prot_page *p, u32 key);

/* Frees it. A mark that is left is the test's error, and is dropped. */
void prot_page_put(struct prot_page *p);

/* Two pages with the same key. */
bool prot_pair_get(struct prot_page *a, struct prot_page *b, u32 key);
void prot_pair_put(struct prot_page *a, struct prot_page *b);

/* One page, marked by kmap(); and its kunmap() and release. */
bool marked_page(struct prot_page *p, u32 key);
void marked_page_put(struct prot_page *p);

/* Read and write its first word, whatever the caller's rights. Any context. */
u64 prot_page_peek(const struct prot_page *p);
void prot_page_poke(const struct prot_page *p, u64 value);

/*
 * Sets mode and gate, with the scope `policy_scope`: CONTEXT, unless a test reruns others under
 * another scope. The harness restores the policy after the test. Thread context.
 */
extern enum pks_scope policy_scope;
void policy_set(enum pks_mode mode, enum pks_gate gate);

/* Change one part of the policy. The harness restores it after the test. Thread context. */
void policy_mode_set(enum pks_mode mode);
void policy_gate_set(enum pks_gate gate);
void policy_scope_set(enum pks_scope scope);

/* Accesses that the fault policy judges, from one call site each. Any context. */
struct fault policy_read(volatile void *p);
struct fault policy_write(volatile void *p);

/* Returns the running context's rights as the mirror has them. */
static inline u32 rights_mirror(void)
{
	return pkrs_read();
}

static inline void rights_set(u32 pkrs)
{
#if CONFIG_PKS
	pkrs_update(~0u, pkrs);
#else
	(void)pkrs;
#endif
}

static inline void regs_set_pkrs(struct regs *regs, u32 pkrs)
{
	regs_pkrs_set(regs, pkrs);
}

/* Compares both register and mirror with `want`. */
#define EXPECT_RIGHTS(want) expect_rights(__FILE__, __LINE__, (want))
bool expect_rights(const char *file, int line, u32 want);

/* Check whether the CPU denies the running context a read, without the policy. */
#define EXPECT_DENIED(p)     expect_denied(__FILE__, __LINE__, (p)->va)
#define EXPECT_ACCESSIBLE(p) expect_accessible(__FILE__, __LINE__, (p)->va)
bool expect_denied(const char *file, int line, volatile u64 *va);
bool expect_accessible(const char *file, int line, volatile u64 *va);

/* Check whether the policy refuses or pardons a read by a new context. Not in NMIs. */
#define EXPECT_CLOSED(p) expect_policy(__FILE__, __LINE__, (p)->va, false)
#define EXPECT_OPEN(p)   expect_policy(__FILE__, __LINE__, (p)->va, true)
bool expect_policy(const char *file, int line, volatile u64 *va, bool open);

/* True: a test may set instruction breakpoints. False: it would hang, and is skipped. */
bool breakpoints_allowed(void);

/* Spins for `ns` nanoseconds without yielding. */
void spin_ns(u64 ns);

#endif
