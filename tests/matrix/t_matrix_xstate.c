// SPDX-License-Identifier: MIT
/*
 * PKRU is XSAVE-managed state, component 9, and IA32_PKRS is not: XRSTOR changes the first as
 * WRPKRU does. The kernel uses neither instruction; each test turns them on while it runs and
 * restores no other component. What this cannot know: XSAVES and XRSTORS, and other components.
 */
#define KTEST_SUITE "matrix"

#include "kernel/cpu/cpuid.h"
#include "kernel/lib/random.h"
#include "kernel/lib/string.h"
#include "pks/pkrs.h"
#include "tests/harness/access.h"
#include "tests/harness/pke.h"
#include "tests/matrix/matrix_rule.h"
#include "tests/matrix/own_space.h"

#define SDM  "XSAVE-Supported Features and State-Component Bitmaps"
#define KEYS 16

#define FEATURE_XSAVE   CPUID_FEATURE(1, 2, 26)
#define CR4_OSXSAVE     (1 << 18)
#define XCR0_X87        BIT(0) /* must be 1 */
#define XSTATE_PKRU     BIT(9)
#define XSTATE_PKRU_BIT 9
#define COMPACTED       BIT(63) /* in XCOMP_BV */
#define KEY_0           3u      /* both bits of key 0, which the kernel's pages have */

/*
 * The XSAVE area lies in the 2 MiB page, under key 0, and the access goes to the 4 KiB page. The
 * area's header follows the 512 bytes of the legacy region; in the compacted form the one component
 * follows the header.
 */
#define AT_AREA 0x1000
#define XSTATE  512
#define XCOMP   520
#define COMPACT 576

struct xstate {
	struct own_space space;
	struct rule_tally rule;
	u32 offset; /* of PKRU in an area of the standard form */
	bool compact;
	u64 xcr0;
};

static u64 xgetbv(void)
{
	u32 lo, hi;

	asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return (u64)hi << 32 | lo;
}

static void xsetbv(u64 value)
{
	asm volatile("xsetbv" : : "c"(0), "a"((u32)value), "d"(value >> 32) : "memory");
}

/*
 * PKRU is loaded by XRSTOR or WRPKRU, and the instruction after it makes the access. RBX is the
 * area's address, RDI the page's; a write stores RBX.
 */
#define CODE(where, name, load, insn)                                                   \
	".pushsection " where "\n"                                                      \
	"load_" name ": " load "\n"                                                     \
	"load_" name "_access: " insn "\n\t"                                            \
	"int3\n"                                                                        \
	"load_" name "_end:\n"                                                          \
	".popsection\n"                                                                 \
	".pushsection .rodata\n\t"                                                      \
	".balign 8\n"                                                                   \
	"code_" name ": .quad load_" name ", load_" name "_access, load_" name "_end\n" \
	".popsection\n"
#define XRSTOR "mov $0x200, %eax; xor %edx, %edx; xrstor (%rbx)"
#define WRPKRU "mov (%rbx), %eax; xor %ecx, %ecx; xor %edx, %edx; wrpkru"
#define READ   "mov 0x100(%rdi), %rbx"
#define WRITE  "mov %rbx, 0x100(%rdi)"
_Static_assert(OWN_DATA == 0x100 && XSTATE_PKRU == 0x200, "CODE");

asm(CODE(".text", "kernel_xrstor_read", XRSTOR, READ)
	    CODE(".text", "kernel_xrstor_write", XRSTOR, WRITE) CODE(".text", "kernel_wrpkru_read",
								     WRPKRU, READ)
		    CODE(".text", "kernel_wrpkru_write", WRPKRU, WRITE)
			    CODE(".user.text, \"ax\"", "user_xrstor_read", XRSTOR, READ)
				    CODE(".user.text, \"ax\"", "user_xrstor_write", XRSTOR, WRITE));
extern const struct own_code code_kernel_xrstor_read, code_kernel_xrstor_write,
	code_kernel_wrpkru_read, code_kernel_wrpkru_write, code_user_xrstor_read,
	code_user_xrstor_write;

enum way { USER_XRSTOR, KERNEL_XRSTOR, KERNEL_WRPKRU };
static const struct own_code *const codes[][2] = {
	[USER_XRSTOR] = { &code_user_xrstor_read, &code_user_xrstor_write },
	[KERNEL_XRSTOR] = { &code_kernel_xrstor_read, &code_kernel_xrstor_write },
	[KERNEL_WRPKRU] = { &code_kernel_wrpkru_read, &code_kernel_wrpkru_write },
};

static void put_pkrs(u32 pkrs)
{
	if (pks_on())
		rights_put(pkrs);
}

/* Fills the area with PKRU; `init`: as component in its initial state. */
static void fill_area(const struct xstate *x, u32 pkru, bool init)
{
	volatile u8 *area = x->space.pages[1].memory + AT_AREA;

	memset((u8 *)area + XSTATE, 0,
	       COMPACT - XSTATE);     /* the header's reserved bytes must be 0 */
	*(volatile u32 *)area = pkru; /* for WRPKRU */
	*(volatile u64 *)(area + XSTATE) = init ? 0 : XSTATE_PKRU;
	*(volatile u64 *)(area + XCOMP) = x->compact ? COMPACTED | XSTATE_PKRU : 0;
	*(volatile u64 *)(area + (x->compact ? COMPACT : x->offset)) = pkru;
}

/* One access after PKRU has been loaded. */
struct load {
	enum way way;
	bool write, init;
	u32 key, before, pkru; /* PKRU before, and what the area holds */
	u32 pkrs;              /* means nothing to a user-mode address */
};

static void try_access(struct xstate *x, const struct load *c)
{
	const struct own_page *p = &x->space.pages[0];
	bool user = c->way == USER_XRSTOR;
	struct oracle_page page = {
		.present = true, .writable = true, .user = true, .key = c->key
	};
	struct oracle_cpu cpu = oracle_cpu_now(0);
	volatile u64 *word = (volatile u64 *)(p->memory + OWN_DATA);
	struct fault want = NO_FAULT, f;
	struct oracle_verdict v;
	u64 area = x->space.pages[1].va + AT_AREA, value = area;
	u32 after;

	cpu.pkru = c->init ? 0 : c->pkru;
	cpu.user_mode = user;
	v = oracle(cpu, page, c->write ? ORACLE_WRITE : ORACLE_READ);
	if (v.fault)
		want = (struct fault){ X86_PF, v.error, p->va + OWN_DATA, 0 };
	fill_area(x, c->pkru, c->init);
	own_page_reset(p, true, c->key);
	invlpg(p->va);
	*word = OWN_OLD;
	put_pkrs(c->pkrs);
	probe_wrpkru(c->before, 0, 0);
	own_access(user, ORACLE_READ, p->va + OWN_DATA, &(u64){ 0 }); /* brings into the TLB */
	f = own_run(user, codes[c->way][c->write], p->va, &value);
	after = pkru_now();
	probe_wrpkru(0, 0, 0);
	put_pkrs(ALL_OPEN);
	RULE_FAULT(&x->rule, f, want,
		   after == cpu.pkru && *word == (c->write && !v.fault ? area : OWN_OLD) &&
			   (c->write || v.fault || value == OWN_OLD),
		   "%s at CPL %u, key %u, PKRU %08x and then %08x%s (is %08x), IA32_PKRS %08x",
		   c->write ? "write" : "read", user ? 3 : 0, c->key, c->before, cpu.pkru,
		   c->init ? " by its initial state" : "", after, c->pkrs);
}

/* Tries the key's rights in the area, after other rights in PKRU. */
static void try_key(struct xstate *x, u32 key, enum way way)
{
	for (u32 i = 0; i < 128; i++) {
		u32 rights = i & 3, others = i & 4 ? ALL_DENIED : ALL_OPEN;
		struct load c = { .way = way,
				  .write = i & 8,
				  .init = rights == 3 && i & 16 && way != KERNEL_WRPKRU,
				  .key = key,
				  .before = OF_KEY(key, ~rights & 3, ~others) & ~KEY_0,
				  .pkru = OF_KEY(key, rights, others),
				  .pkrs = OF_KEY(key ? key : 1, i >> 5, others) };

		if ((key || !rights) &&
		    rule_turn(&x->rule,
			      19)) /* the kernel's pages have key 0: no machine must die of it */
			try_access(x, &c);
	}
}

/* Turns XSAVE on and makes accesses, with SMAP off. */
static void with_xsave(struct xstate *x, void (*tests)(struct xstate *x))
{
	struct pke_saved saved;
	u32 pkrs;

	if (!own_space_create(&x->space))
		return;
	saved = pke_begin();
	pkrs = (u32)this_cpu()->pkrs;
	own_enter(&x->space);
	write_cr4((read_cr4() | CR4_OSXSAVE) & ~(u64)CR4_SMAP);
	x->xcr0 = xgetbv();
	xsetbv(x->xcr0 | XCR0_X87 | XSTATE_PKRU);
	x->offset = cpuid(0xd, XSTATE_PKRU_BIT).b;
	own_page_reset(&x->space.pages[1], true, 0);
	put_pkrs(ALL_OPEN);
	tests(x);
	put_pkrs(pkrs);
	xsetbv(x->xcr0);
	own_leave(&x->space);
	pke_end(saved);
	own_space_destroy(&x->space);
}

static bool has_pkru_state(void)
{
	return cpu_has(FEATURE_XSAVE) && cpu_has(FEATURE_PKU) && cpuid(0xd, 0).a & XSTATE_PKRU;
}

static bool has_compact_form(void)
{
	return cpuid(0xd, 1).a >> 1 & 1;
}

#define NO_STATE "this CPU has no PKRU among its XSAVE state"

static void try_accesses(struct xstate *x, enum way way)
{
	for (u32 i = 0; i < 2; i++) {
		x->compact = i;
		for (u32 key = 0; key < KEYS && (!x->compact || has_compact_form()); key++)
			try_key(x, key, way);
	}
}

static void try_at_cpl_3(struct xstate *x)
{
	try_accesses(x, USER_XRSTOR);
}

static void xrstor_of_pkru_holds_at_once(void)
{
	static struct xstate x;

	x.rule = (struct rule_tally)RULE(
		"Protection Keys", "what XRSTOR at CPL 3 loads into PKRU rules user-mode addresses "
				   "from the next instruction on; PKRU becomes 0 where its bit in "
				   "XSTATE_BV is 0");
	SKIP_IF(!has_pkru_state(), NO_STATE);
	with_xsave(&x, try_at_cpl_3);
	rule_report(&x.rule);
}
KTEST(xrstor_of_pkru_holds_at_once, 0);

static void try_at_cpl_0(struct xstate *x)
{
	try_accesses(x, KERNEL_XRSTOR);
}

static void xrstor_of_pkru_at_cpl_0_holds_at_once(void)
{
	static struct xstate x;

	x.rule = (struct rule_tally)RULE(
		"Protection Keys", "what XRSTOR at CPL 0 loads into PKRU rules a supervisor's "
				   "accesses to user-mode addresses from the next instruction on");
	SKIP_IF(!has_pkru_state(), NO_STATE);
	with_xsave(&x, try_at_cpl_0);
	rule_report(&x.rule);
}
KTEST(xrstor_of_pkru_at_cpl_0_holds_at_once, 0);

static void try_wrpkru(struct xstate *x)
{
	try_accesses(x, KERNEL_WRPKRU);
}

static void wrpkru_at_cpl_0_holds_at_once(void)
{
	static struct xstate x;

	x.rule = (struct rule_tally)RULE(
		"Protection Keys", "what WRPKRU at CPL 0 writes rules a supervisor's accesses to "
				   "user-mode addresses from the next instruction on");
	SKIP_IF(!has_pkru_state(), NO_STATE);
	with_xsave(&x, try_wrpkru);
	rule_report(&x.rule);
}
KTEST(wrpkru_at_cpl_0_holds_at_once, 0);

static void xsave(volatile u8 *area, u64 components)
{
	asm volatile("xsave (%0)"
		     :
		     : "r"(area), "a"((u32)components), "d"(components >> 32)
		     : "memory");
}

static void xrstor(volatile u8 *area, u64 components)
{
	asm volatile("xrstor (%0)"
		     :
		     : "r"(area), "a"((u32)components), "d"(components >> 32)
		     : "memory");
}

/* Saves, changes and restores PKRU; IA32_PKRS keeps its own value throughout. */
static void try_round_trip(struct xstate *x, u32 pkru, u32 pkrs)
{
	volatile u8 *area = x->space.pages[1].memory + AT_AREA;
	u32 saved, untouched, restored;

	fill_area(x, ~pkru, false);
	put_pkrs(pkrs);
	probe_wrpkru(pkru, 0, 0);
	xsave(area, XSTATE_PKRU);
	saved = *(volatile u32 *)(area + x->offset);
	if (!(*(volatile u64 *)(area + XSTATE) & XSTATE_PKRU))
		saved = 0; /* its initial state: XSAVE may leave it out */
	probe_wrpkru(~pkru & ~KEY_0, 0, 0);
	xrstor(area, 0);
	untouched = pkru_now();
	xrstor(area, XSTATE_PKRU);
	restored = pkru_now();
	RULE_CASE(&x->rule, saved == pkru && untouched == (~pkru & ~KEY_0) && restored == pkru,
		  "PKRU %08x: XSAVE saved %08x, XRSTOR of nothing left %08x, XRSTOR restored %08x",
		  pkru, saved, untouched, restored);
	if (pks_on())
		RULE_CASE(&x->rule, (u32)rdmsr(MSR_IA32_PKRS) == pkrs,
			  "IA32_PKRS was %08x, is %08x after XSAVE and XRSTOR", pkrs,
			  (u32)rdmsr(MSR_IA32_PKRS));
}

static void try_round_trips(struct xstate *x)
{
	for (u32 bit = 2; bit < 32; bit++) {
		try_round_trip(x, 1u << bit, ~(1u << bit) & ~KEY_0);
		try_round_trip(x, ~(1u << bit) & ~KEY_0, 1u << bit);
	}
	for (u32 i = 0; i < 256 / ktest_part(16); i++)
		try_round_trip(x, (u32)random_next() & ~KEY_0, (u32)random_next() & ~KEY_0);
}

static void xsave_manages_pkru_and_not_pkrs(void)
{
	static struct xstate x;

	x.rule = (struct rule_tally)RULE(
		SDM, "XSAVE saves and XRSTOR restores PKRU if bit 9 of EDX:EAX asks for it; "
		     "IA32_PKRS is no part of that state and keeps its value");
	SKIP_IF(!has_pkru_state(), NO_STATE);
	x.compact = false;
	with_xsave(&x, try_round_trips);
	rule_report(&x.rule);
}
KTEST(xsave_manages_pkru_and_not_pkrs, 0);
