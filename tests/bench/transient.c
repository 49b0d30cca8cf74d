// SPDX-License-Identifier: MIT
#include "tests/bench/transient.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/insn.h"
#include "mm/kmap/devmap.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "pks/rights.h"
#include "tests/bench/fenced.h"
#include "tests/harness/probe.h"

#define FR_ORDER 4 /* FR_LINES pages */
_Static_assert(1 << FR_ORDER == FR_LINES, "a page for each line");

static struct page *page, *block;
static volatile u64 *target; /* in `page`, which has the key */
static u8 *lines;

/* A load, and a load of the line that its value names: in the shadow of the first one's fault. */
PROBE struct fault load_and_use(const volatile u64 *p, const u8 *base)
{
	struct fault f = { .vector = FAULT_NONE };
	u64 v = 0;

	ACCESS(KIND_PROBE,
	       "movq (%[p]), %[v]\n\t"
	       "shlq $12, %[v]\n\t"
	       "movzbl (%[base], %[v]), %k[v]",
	       f, [v] "+r"(v)
	       : [p] "r"(p), [base] "r"(base));
	return f;
}

/* A store, and a load from there whose value names the line that is used. */
PROBE struct fault store_and_use(volatile u64 *p, u64 value, const u8 *base)
{
	struct fault f = { .vector = FAULT_NONE };

	ACCESS(KIND_PROBE,
	       "movq %[v], (%[p])\n\t"
	       "movq (%[p]), %[v]\n\t"
	       "shlq $12, %[v]\n\t"
	       "movzbl (%[base], %[v]), %k[v]",
	       f, [v] "+r"(value)
	       : [p] "r"(p), [base] "r"(base));
	return f;
}
_Static_assert(TRANSIENT_STRIDE == 1 << 12, "the shifts");

const char *transient_setup(u8 *others)
{
	if (!pks_on())
		return "this CPU has no PKS";
	if (!cpu_has(FEATURE_CLFSH))
		return "this CPU has no CLFLUSH";
	page = page_alloc(0);
	block = page_alloc(FR_ORDER);
	if (!page || !block || devmap_protect(page, 1, PKS_KEY_DEVMAP)) {
		transient_teardown();
		return "out of memory";
	}
	target = page_to_virt(page);
	lines = others ? others : page_to_virt(block);
	/* Pages of zeros might share their lines; the test's may be read-only. */
	for (u32 line = 0; line < FR_LINES && !others; line++)
		lines[line * TRANSIENT_STRIDE] = 1;
	return NULL;
}

void transient_teardown(void)
{
	if (page && page->pkey)
		devmap_unprotect(page, 1);
	if (page)
		page_free(page, 0);
	if (block)
		page_free(block, FR_ORDER);
	page = block = NULL;
}

struct fault transient_act(enum fr_act act)
{
	static const u32 rights[FR_ACTS] = {
		[FR_NOTHING] = PKS_NOACCESS,     [FR_LOAD_PERMITTED] = PKS_READWRITE,
		[FR_LOAD_DENIED] = PKS_NOACCESS, [FR_STORE_PERMITTED] = PKS_READWRITE,
		[FR_STORE_DENIED] = PKS_NOWRITE,
	};
	struct fault f = { .vector = FAULT_NONE };

	/* The value is in the cache: a load that waits for memory may be too late for its fault. */
	pks_set_readwrite(PKS_KEY_DEVMAP);
	*target = FR_OLD;
	pks_set(PKS_KEY_DEVMAP, rights[act]);
	if (act == FR_STORE_PERMITTED || act == FR_STORE_DENIED)
		f = store_and_use(target, FR_NEW, lines);
	else if (act != FR_NOTHING)
		f = load_and_use(target, lines);
	pks_set_noaccess(PKS_KEY_DEVMAP);
	return f;
}

u64 transient_value(void)
{
	u64 value;

	pks_set_readwrite(PKS_KEY_DEVMAP);
	value = *target;
	pks_set_noaccess(PKS_KEY_DEVMAP);
	return value;
}

static void act(enum fr_act a)
{
	transient_act(a);
}

static void flush(u32 line)
{
	clflush((u64)lines + line * TRANSIENT_STRIDE);
	mfence();
}

static u64 reload(u32 line)
{
	volatile u8 *p = lines + line * TRANSIENT_STRIDE;
	u64 start = fenced_tsc();

	*p;
	return fenced_tsc() - start;
}

const char *transient_run(struct flush_reload *r)
{
	static const struct fr_machine machine = { flush, reload, act };
	const char *why = transient_setup(NULL);
	u64 flags;

	if (why)
		return why;
	flags = irq_save();
	why = flush_reload(r, &machine);
	irq_restore(flags);
	transient_teardown();
	return why;
}
