// SPDX-License-Identifier: MIT
/*
 * WRPKRU in user mode, where it is meant to be used. What this cannot know: the kernel's accesses
 * to user-mode addresses and other combinations of the two kinds of keys, which t_matrix.c covers.
 */
#define KTEST_SUITE "matrix"

#include "kernel/console/console.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/syscall.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "tests/harness/access.h"
#include "tests/harness/pke.h"
#include "tests/harness/probe.h"
#include "tests/harness/window.h"
#include "tests/matrix/matrix_rule.h"

#define KEYS 16

#define USER_CODE __attribute__((section(".user.text"), noinline)) static

#define USER_VA  0x10000000UL /* one page under each of the keys */
#define FIRST    0x100        /* offsets in it: of the access that all rights permit ... */
#define SECOND   0x208        /* ... and of the one under the rights in question */
#define OLD      0x1111111111111111
#define NEW_WORD 0x22222222

/*
 * arg: PKRU, and the key in bits 35:32. PKRU starts all open. The first access brings the page into
 * the TLB; the second follows WRPKRU directly. No stack is used after that, as its key 0 may be
 * denied. Exits with PKRU.
 */
#define DEFINE_USER_WRPKRU(name, first, second)                                                  \
	USER_CODE void name(u64 arg)                                                             \
	{                                                                                        \
		u64 page = USER_VA + (arg >> 32 << PAGE_SHIFT);                                  \
		asm volatile(first "\n\t"                                                        \
				   "wrpkru\n\t" second "\n\t"                                    \
				   "not %%eax\n\t"                                               \
				   "rdpkru\n\t"                                                  \
				   "mov %%eax, %%edi\n\t"                                        \
				   "mov %[exit], %%eax\n\t"                                      \
				   "syscall"                                                     \
			     :                                                                   \
			     : "a"((u32)arg), "c"(0),                                            \
			       "d"(0), [page] "r"(page), [exit] "i"(SYS_EXIT), [at1] "i"(FIRST), \
			       [at2] "i"(SECOND), [new] "i"(NEW_WORD)                            \
			     : "rdi", "r8", "r11", "memory");                                    \
		__builtin_unreachable();                                                         \
	}
DEFINE_USER_WRPKRU(user_wrpkru_read, "mov %c[at1](%[page]), %%r8", "mov %c[at2](%[page]), %%r8")
DEFINE_USER_WRPKRU(user_wrpkru_write, "movq %[new], %c[at1](%[page])",
		   "movq %[new], %c[at2](%[page])")

struct user_trial {
	struct uspace us;
	volatile u8 *memory; /* the page, as the kernel sees it */
};

static void try_in_user_mode(struct rule_tally *r, struct user_trial *t, u32 key, u32 pkru,
			     bool write)
{
	volatile u64 *word = (volatile u64 *)(t->memory + SECOND);
	struct oracle_page page = { .present = true, .writable = true, .user = true, .key = key };
	struct oracle_cpu cpu = oracle_cpu_now(ALL_OPEN);
	struct fault want = NO_FAULT;
	struct oracle_verdict v;
	struct thread_end end;

	cpu.pkru = pkru;
	cpu.user_mode = true;
	v = oracle(cpu, page, write ? ORACLE_WRITE : ORACLE_READ);
	if (v.fault)
		want = (struct fault){ X86_PF, v.error, USER_VA + (key << PAGE_SHIFT) + SECOND, 0 };
	*word = OLD;
	/* The last program's PKRU is still there, and this one needs a stack. */
	probe_wrpkru(0, 0, 0);
	end = run_in_user_mode(&t->us, write ? user_wrpkru_write : user_wrpkru_read,
			       (u64)key << 32 | pkru);
	RULE_FAULT(r, end.died ? end.fault : NO_FAULT, want, end.died || (u32)end.code == pkru,
		   "user-mode %s, key %u, PKRU %08x", write ? "write" : "read", key, pkru);
	RULE_CASE(r, *word == (write && !v.fault ? NEW_WORD : OLD),
		  "memory is %016lx after a %s, key %u, PKRU %08x", *word, write ? "write" : "read",
		  key, pkru);
}

static void try_user_key(struct rule_tally *r, struct user_trial *t, u32 key, u32 others)
{
	for (u32 rights = 0; rights < 4; rights++) {
		try_in_user_mode(r, t, key, OF_KEY(key, rights, others), false);
		try_in_user_mode(r, t, key, OF_KEY(key, rights, others), true);
	}
}

/*
 * True if the kernel, whose pages have key 0, survives a PKRU that denies key 0: if PKRU rules
 * user-mode addresses only, as it should. Another test checks that; this one must be able to go on.
 */
static bool kernel_bears_pkru(void)
{
	struct page *page = window_page(0);
	struct fault f = { 0 };
	struct pke_saved saved;

	if (page && window_map(0, page_to_phys(page), PAGE_SIZE, PTE_RW_DATA | window_key(1), 1)) {
		saved = pke_begin();
		write_cr4(read_cr4() & ~(u64)CR4_PKS); /* IA32_PKRS must not interfere */
		probe_wrpkru(AD(1) | WD(1), 0, 0);
		f = probe_write((void *)WINDOW, 1);
		pke_end(saved);
	}
	window_clear();
	if (page)
		page_free(page, 0);
	return f.vector == FAULT_NONE;
}

static void try_user_keys(struct rule_tally *r, struct user_trial *t, bool with_key_0)
{
	for (u32 key = with_key_0 ? 0 : 1; key < KEYS; key++) {
		try_user_key(r, t, key, 0);
		try_user_key(r, t, key, with_key_0 ? ~0u : ALL_DENIED);
	}
}

static void wrpkru_holds_at_once_in_user_mode(void)
{
	struct rule_tally r = RULE("WRPKRU", "WRPKRU works at CPL 3, and what it "
					     "writes rules user-mode "
					     "addresses from the next instruction "
					     "on, without a flush");
	struct page *page;
	struct user_trial t;
	struct pke_saved saved;
	bool mapped = true, with_key_0;

	SKIP_IF(!cpu_has(FEATURE_PKU), NO_PKU);
	with_key_0 = kernel_bears_pkru();
	if (!with_key_0)
		pr("    # PKRU denies the kernel's own pages here: key 0 stays open in it\n");
	page = window_page(0);
	REQUIRE(page && !uspace_create(&t.us));
	t.memory = page_address(page);
	for (u32 key = 0; key < KEYS; key++)
		mapped = mapped && !uspace_map(&t.us, USER_VA + (key << PAGE_SHIFT),
					       page_to_phys(page), PTE_W | window_key(key));
	if (EXPECT(mapped)) {
		saved = pke_begin();
		irq_restore(saved.flags); /* threads have to run */
		try_user_keys(&r, &t, with_key_0);
		irq_disable();
		pke_end(saved);
	}
	uspace_destroy(&t.us);
	page_free(page, 0);
	rule_report(&r);
}
KTEST(wrpkru_holds_at_once_in_user_mode, 0);
