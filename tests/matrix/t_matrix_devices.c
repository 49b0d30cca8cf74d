// SPDX-License-Identifier: MIT
/*
 * Memory that is no RAM obeys keys like RAM, and a denied access does not reach the device: the
 * local APIC's registers and video memory, each mapped by a page of each size under each key. What
 * this cannot know: devices whose registers change when they are read, as none of these does.
 */
#define KTEST_SUITE "matrix"

#include "kernel/apic.h"
#include "kernel/console/console.h"
#include "kernel/console/fbcon.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/exception.h"
#include "mm/tlb.h"
#include "tests/harness/access.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/probe.h"
#include "tests/harness/window.h"
#include "tests/matrix/matrix_rule.h"

#define SDM  "Protection Keys"
#define KEYS 16

#define REG_TPR        0x080
#define REG_IRR        0x200 /* eight words of 32 bits, each in 16 bytes */
#define REG_ICR_LOW    0x300
#define REG_LVT_ERROR  0x370
#define REG_TIMER_INIT 0x380
#define REG_TIMER_DIV  0x3e0
#define LVT_MASKED     (1 << 16)
#define ICR_TO_SELF    (1 << 18 | 1 << 14)
#define ICR_SPINS      1000000

/* 32 bits: the only width that APIC registers have. */
PROBE struct fault probe_read_32(const volatile void *p, u32 *value)
{
	struct fault f = { .vector = FAULT_NONE };

	ACCESS(KIND_PROBE, "movl (%[p]), %[v]", f, [v] "+r"(*value) : [p] "r"(p));
	return f;
}

PROBE struct fault probe_write_32(volatile void *p, u32 value)
{
	struct fault f = { .vector = FAULT_NONE };

	ACCESS(KIND_PROBE, "movl %[v], (%[p])", f, [v] "+r"(value) : [p] "r"(p));
	return f;
}

/* A word of a device, and what else can be written there without harm. */
struct device_word {
	const char *name;
	u32 offset; /* in the page */
	u32 other;
};

/* A device of one page. */
struct device {
	struct rule_tally *rule;
	u64 phys;
	const struct device_word *words;
	u32 count;
	u32 (*look)(u32 offset); /* reads a word in another way, under key 0 */
};

/* The window: one mapping of each size, then the page under key 0. */
static u64 window_offset(int level)
{
	return level == 1 ? 0 : level_size(level);
}

#define LOOK_OFFSET (3UL << 30)

static bool map_device(u64 phys)
{
	for (int level = 1; level <= (cpu_has(FEATURE_PAGE1GB) ? 3 : 2); level++)
		if (!window_map(window_offset(level), ALIGN_DOWN(phys, level_size(level)),
				level_size(level), PTE_MMIO, level))
			return false;
	return window_map(LOOK_OFFSET, phys, PAGE_SIZE, PTE_MMIO, 1);
}

/* Where the device's page is mapped with this key now, by a page of that size. */
static u64 map_under_key(const struct device *d, int level, u32 key)
{
	u64 va = WINDOW + window_offset(level) + (d->phys & (level_size(level) - 1));
	pte_t *entry = window_entry(va, level);

	*entry = pte_with_key(*entry, key);
	tlb_flush_page(va);
	return va;
}

static void expect_access(struct rule_tally *r, struct fault got, struct oracle_verdict v, u64 va,
			  bool kept, const struct device_word *word, const char *what, u32 pkrs)
{
	struct fault want = NO_FAULT;

	if (v.fault)
		want = (struct fault){ X86_PF, v.error, va, 0 };
	RULE_FAULT(r, got, want, kept, "%s of %s at %p, IA32_PKRS %08x", what, word->name,
		   (void *)va, pkrs);
}

/* Reads and writes the word under these rights. */
static void try_word(const struct device *d, const struct device_word *word, u64 va, u32 key,
		     u32 pkrs)
{
	struct oracle_page page = { .present = true, .writable = true, .key = key };
	struct oracle_cpu cpu = oracle_cpu_now(pkrs);
	struct oracle_verdict reads = oracle(cpu, page, ORACLE_READ);
	struct oracle_verdict writes = oracle(cpu, page, ORACLE_WRITE);
	u32 before = d->look(word->offset), value = 0, after;
	struct fault f;

	rights_put(pkrs);
	f = probe_read_32((void *)va, &value);
	rights_put(ALL_OPEN);
	expect_access(d->rule, f, reads, va, reads.fault || value == before, word, "read", pkrs);
	rights_put(pkrs);
	f = probe_write_32((void *)va, word->other);
	rights_put(ALL_OPEN);
	after = d->look(word->offset);
	expect_access(d->rule, f, writes, va, after == (writes.fault ? before : word->other), word,
		      "write", pkrs);
	if (!writes.fault)
		probe_write_32((void *)va, before);
}

/* Key 0 is only the open one: the kernel's own pages have it. */
static void try_device(const struct device *d)
{
	for (int level = 1; level <= (cpu_has(FEATURE_PAGE1GB) ? 3 : 2); level++) {
		for (u32 key = 0; key < KEYS; key++) {
			u64 va = map_under_key(d, level, key);

			for (u32 i = 0; i < 4 * d->count; i++) {
				const struct device_word *word = &d->words[i / 4];

				if ((key || i % 4 == 0) && rule_turn(d->rule, 7))
					try_word(d, word, va + word->offset, key,
						 OF_KEY(key, i % 4, i & 4 ? ALL_DENIED : ALL_OPEN));
			}
		}
	}
}

static const struct device_word apic_words[] = {
	{ "the APIC's task priority", REG_TPR, 0x30 },
	{ "the APIC's error vector", REG_LVT_ERROR, LVT_MASKED | 0x55 },
	{ "the APIC timer's divisor", REG_TIMER_DIV, 0xa },
	{ "the APIC timer's initial count", REG_TIMER_INIT, 0x12345678 },
};

static u32 arrived;

static bool count_arrival(struct regs *regs)
{
	(void)regs;
	arrived++;
	return true;
}

static bool is_pending(void)
{
	return apic_line(REG_IRR + VECTOR_TEST / 32 * 16) >> VECTOR_TEST % 32 & 1;
}

/* A write of the command register sends an interrupt, which a denied one must not. */
static void try_command(struct rule_tally *r, u64 va, u32 key, u32 rights)
{
	struct fault want = { X86_PF, PF_P | PF_W | PF_PK, va, 0 }, f;
	bool pending;

	rights_put(OF_KEY(key, rights, ALL_OPEN));
	f = probe_write_32((void *)va, ICR_TO_SELF | VECTOR_TEST);
	rights_put(ALL_OPEN);
	for (u32 i = 0; !rights && !is_pending() && i < ICR_SPINS; i++)
		cpu_relax();
	pending = is_pending();
	RULE_FAULT(r, f, rights ? want : NO_FAULT, pending == !rights,
		   "the APIC's command register by key %u, rights %u: interrupt %s", key, rights,
		   pending ? "sent" : "not sent");
	irq_enable();
	for (u32 i = 0; is_pending() && i < ICR_SPINS; i++)
		cpu_relax();
	irq_disable();
}

/* On the CPU whose APIC it is. Stops the timer's count, and starts it again where it was. */
static void try_apic(void *arg)
{
	struct device d = { arg, apic_mmio_address(), apic_words, ARRAY_SIZE(apic_words),
			    apic_line };
	trap_hook_t hook = trap_hook_set(VECTOR_TEST, count_arrival);
	struct rights_saved saved = rights_begin();
	u32 left = apic_timer_left(), sent = arrived, open = 0;

	rights_put(ALL_OPEN);
	try_device(&d);
	for (u32 i = 0; i < 4 * KEYS; i++) {
		if (i / 4 || i % 4 == 0)
			try_command(d.rule, map_under_key(&d, 1, i / 4) + REG_ICR_LOW, i / 4,
				    i % 4);
		open += i % 4 == 0;
	}
	RULE_CASE(d.rule, arrived - sent == open, "%u interrupts came of %u that were sent",
		  arrived - sent, open);
	apic_timer_start(MAX(left, 1U)); /* 0: it has expired, and was started again meanwhile */
	rights_end(saved);
	trap_hook_set(VECTOR_TEST, hook);
}

static void a_denied_access_does_not_reach_the_apic(void)
{
	struct rule_tally r = RULE(SDM, "keys rule accesses to the local APIC's page: a denied one "
					"changes no register and sends no interrupt, and one with "
					"rights does");

	SKIP_IF(!apic_mmio_address(), "the local APIC is in x2APIC mode: its registers are MSRs");
	if (map_device(apic_mmio_address())) {
		percpu_run_on(cpus[0], try_apic, &r);
		if (cpu_count > 1)
			percpu_run_on(cpus[cpu_count - 1], try_apic, &r);
	}
	window_clear();
	rule_report(&r);
}
KTEST(a_denied_access_does_not_reach_the_apic, KT_ENFORCED);

static u32 look_in_window(u32 offset)
{
	return *(volatile u32 *)(WINDOW + LOOK_OFFSET + offset);
}

/* The end of a PC's first page of text cells, which no screen shows, or of a framebuffer's row. */
static const struct device_word video_words[] = {
	{ "video memory", 0xff0, 0x07210721 },
	{ "video memory", 0xffc, 0x5a5aa5a5 },
};

#define PC_TEXT 0xb8000

/* Returns the page of a framebuffer that the console draws on, or else that of a PC's text. */
static u64 find_video(void)
{
	const struct fbcon *fb = console_hide();
	struct pgwalk walk;
	u64 phys = PC_TEXT;

	if (fb && pgtable_walk(kernel_root, (u64)fb->pixels, &walk))
		phys = ALIGN_DOWN(walk.pa, PAGE_SIZE);
	console_show();
	return phys;
}

/* True if the words hold what is written to them. */
static bool holds_words(void)
{
	bool holds = true;

	for (u32 i = 0; i < ARRAY_SIZE(video_words); i++) {
		volatile u32 *p = (u32 *)(WINDOW + LOOK_OFFSET + video_words[i].offset);
		u32 before = *p;

		*p = ~before;
		holds = holds && *p == ~before;
		*p = before;
	}
	return holds;
}

static void a_denied_access_does_not_reach_video_memory(void)
{
	struct rule_tally r = RULE(SDM, "keys rule accesses to video memory: a denied one changes "
					"nothing there, and one with rights does");
	struct device d = { &r, find_video(), video_words, ARRAY_SIZE(video_words),
			    look_in_window };
	bool found = map_device(d.phys) && holds_words();
	struct rights_saved saved;

	if (found) {
		saved = rights_begin();
		rights_put(ALL_OPEN);
		try_device(&d);
		rights_end(saved);
	}
	window_clear();
	SKIP_IF(!found, "this machine has no video memory at the usual place");
	rule_report(&r);
}
KTEST(a_denied_access_does_not_reach_video_memory, KT_PKS);
