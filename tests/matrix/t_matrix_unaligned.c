// SPDX-License-Identifier: MIT
/*
 * An operand that is not aligned, but lies in one page, obeys that page's key: amid a cache line,
 * across two of them, at the page's end, and across two 4 KiB parts of a large page. The matrix's
 * own operands are aligned, or lie in two pages. What this cannot know: other instructions than
 * MOV, ADD and MOVUPS.
 */
#define KTEST_SUITE "matrix"

#include "kernel/lib/random.h"
#include "kernel/lib/string.h"
#include "tests/harness/access.h"
#include "tests/matrix/matrix_rule.h"
#include "tests/matrix/own_space.h"

#define KEYS  16
#define LINE  64 /* bytes of a cache line */
#define ADDED 0x0101010101010101

/* own_unaligned.S: by width, then by enum oracle_access; no code changes 16 bytes. */
extern const struct own_code unaligned_kernel[], unaligned_user[];

struct unaligned_run {
	struct rule_tally rule;
	struct own_space space;
	bool user;
	u32 count; /* of operands so far: keys come by turns */
};

/* One operand: its place in the page, which is the block's, and its rights. */
struct operand {
	const struct own_page *page;
	u32 width; /* its bytes are 2 << width */
	u32 at, key, pkrs, pkru;
};

/* Does to the operand what the access does; returns what RBX is after it. */
static u64 access_model(u8 *bytes, u32 size, enum oracle_access kind)
{
	u64 value = 0, rbx = ADDED;

	memcpy(&value, bytes, MIN(size, 8u));
	if (kind == ORACLE_READ)
		return value;
	if (kind == ORACLE_MODIFY)
		rbx = value + ADDED;
	memcpy(bytes, &rbx, MIN(size, 8u));
	if (size == 16)
		memcpy(bytes + 8, &rbx, 8);
	return ADDED;
}

/*
 * Tries one access; the bytes before and behind the operand must stay. Ignores W of a
 * read-modify-write, which matrix.modify_is_a_write checks: a machine that differs in that alone
 * still passes here. So it does if the other register is obeyed, too: that one is open.
 */
static void try_access(struct unaligned_run *run, const struct operand *o, enum oracle_access kind)
{
	const struct own_code *code =
		(run->user ? unaligned_user : unaligned_kernel) + 3 * o->width;
	struct oracle_page page = {
		.present = true, .writable = true, .user = run->user, .key = o->key
	};
	struct oracle_cpu cpu = oracle_cpu_now(o->pkrs);
	u64 va = o->page->va + o->at, value = ADDED, left = ADDED;
	u8 *memory = (u8 *)o->page->memory + o->at - LINE, model[3 * LINE];
	u32 size = 2u << o->width;
	struct fault want = NO_FAULT, f;
	struct oracle_verdict v;

	cpu.pkru = o->pkru;
	cpu.user_mode = run->user;
	v = oracle(cpu, page, kind);
	v.unsettled |= kind == ORACLE_MODIFY ? PF_W : 0;
	for (u32 i = 0; i < sizeof(model); i++)
		memory[i] = (u8)(0x40 + i);
	memcpy(model, memory, sizeof(model));
	if (v.fault)
		want = (struct fault){ X86_PF, v.error & ~v.unsettled, va, 0 };
	else
		left = access_model(model + LINE, size, kind);
	f = own_run(run->user, &code[kind], va, &value);
	f.error &= ~(u64)v.unsettled;
	if (f.addr - va < size) /* the manual names no byte */
		f.addr = va;
	RULE_FAULT(
		&run->rule, f, want,
		value == left && !memcmp((const void *)memory, model, sizeof(model)),
		"%s of %u bytes at offset %x of a %s page at CPL %u, key %u, IA32_PKRS %08x, PKRU "
		"%08x",
		own_access_name(kind), size, o->at, own_size_name(o->page->level),
		run->user ? 3 : 0, o->key, o->pkrs, o->pkru);
}

/* Each access under each right of the page's key: where no TLB has the page, and again. */
static void try_operand(struct unaligned_run *run, struct operand *o)
{
	u32 kinds = o->width < 3 ? ORACLE_MODIFY + 1 : ORACLE_WRITE + 1;

	o->key = run->count++ % KEYS;
	for (u32 i = 0; i < 4 * kinds; i++) {
		u32 pattern = (u32)random_next() & ALL_DENIED; /* key 0, the kernel's, is open */
		u32 mine = o->key ? OF_KEY(o->key, i % 4, pattern) : pattern;

		o->pkrs = run->user ? ALL_OPEN : mine;
		o->pkru = run->user ? mine : 0;
		own_page_reset(o->page, run->user, o->key);
		own_rights(o->pkrs, o->pkru);
		own_flush(&run->space);
		try_access(run, o, (enum oracle_access)(i / 4));
		try_access(run, o, (enum oracle_access)(i / 4));
		own_rights(ALL_OPEN, 0);
	}
}

static void try_at(struct unaligned_run *run, const struct own_page *p, u32 width, u32 at)
{
	struct operand o = { .page = p, .width = width, .at = at };

	if (at % (2u << width) && rule_turn(&run->rule, 31))
		try_operand(run, &o);
}

/* Offsets that are no multiple of the width: through a line and into the next, and at the end. */
static void try_page(struct unaligned_run *run, const struct own_page *p)
{
	for (u32 width = 0; width < 4; width++) {
		u32 size = 2u << width;

		for (u32 i = 1; i < size + LINE - 1; i++)
			try_at(run, p, width, OWN_DATA + i);
		if (p->level == 1)
			try_at(run, p, width, PAGE_SIZE - size - 1);
		else /* across two parts of a large page */
			try_at(run, p, width, PAGE_SIZE - size / 2);
	}
}

static void try_pages(struct unaligned_run *run)
{
	write_cr0((read_cr0() & ~(u64)(CR0_EM | CR0_TS)) | CR0_MP); /* for MOVUPS */
	write_cr4(read_cr4() | CR4_OSFXSR);
	for (u32 i = 0; i < OWN_SIZES; i++)
		if (run->space.pages[i].level)
			try_page(run, &run->space.pages[i]);
}

static void test_unaligned(struct unaligned_run *run)
{
	if (!own_space_create(&run->space))
		return;
	own_enter_open(&run->space);
	try_pages(run);
	own_leave_open(&run->space);
	own_space_destroy(&run->space);
	rule_report(&run->rule);
}

static void an_unaligned_operand_obeys_its_key_at_cpl_0(void)
{
	static struct unaligned_run run;

	run = (struct unaligned_run){
		.rule = RULE("Protection Keys",
			     "IA32_PKRS rules an operand in one page, aligned or not"),
	};
	test_unaligned(&run);
}
KTEST(an_unaligned_operand_obeys_its_key_at_cpl_0, 0);

static void an_unaligned_operand_obeys_its_key_at_cpl_3(void)
{
	static struct unaligned_run run;

	run = (struct unaligned_run){
		.rule = RULE("Protection Keys",
			     "PKRU rules an operand in one page, aligned or not"),
		.user = true,
	};
	test_unaligned(&run);
}
KTEST(an_unaligned_operand_obeys_its_key_at_cpl_3, 0);
