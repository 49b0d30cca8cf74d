// SPDX-License-Identifier: MIT
#include "monitor/access.h"
#include "kernel/console/console.h"
#include "monitor/user.h"
#include "pks/pkrs.h"
#include "tests/harness/access.h"
#include "tests/harness/probe.h"

#define DEFINE_SIZE(bits, load, store)                                        \
	PROBE struct fault probe_load##bits(struct access *a)                 \
	{                                                                     \
		struct fault f = { .vector = FAULT_NONE };                    \
		u64 v = 0;                                                    \
		ACCESS(KIND_PROBE, load, f, [v] "+r"(v) : [p] "r"(a->addr));  \
		a->value = v;                                                 \
		return f;                                                     \
	}                                                                     \
	PROBE struct fault touch_load##bits(struct access *a)                 \
	{                                                                     \
		struct fault f = { .vector = FAULT_NONE };                    \
		u64 v = 0;                                                    \
		ACCESS(KIND_DIE, load, f, [v] "+r"(v) : [p] "r"(a->addr));    \
		a->value = v;                                                 \
		return f;                                                     \
	}                                                                     \
	PROBE struct fault probe_store##bits(struct access *a)                \
	{                                                                     \
		struct fault f = { .vector = FAULT_NONE };                    \
		u64 v = a->value;                                             \
		ACCESS(KIND_PROBE, store, f, [v] "+r"(v) : [p] "r"(a->addr)); \
		return f;                                                     \
	}                                                                     \
	PROBE struct fault touch_store##bits(struct access *a)                \
	{                                                                     \
		struct fault f = { .vector = FAULT_NONE };                    \
		u64 v = a->value;                                             \
		ACCESS(KIND_DIE, store, f, [v] "+r"(v) : [p] "r"(a->addr));   \
		return f;                                                     \
	}

DEFINE_SIZE(8, "movzbq (%[p]), %[v]", "movb %b[v], (%[p])")
DEFINE_SIZE(16, "movzwq (%[p]), %[v]", "movw %w[v], (%[p])")
DEFINE_SIZE(32, "movl (%[p]), %k[v]", "movl %k[v], (%[p])")
DEFINE_SIZE(64, "movq (%[p]), %[v]", "movq %[v], (%[p])")

typedef struct fault (*access_t)(struct access *a);

/* Indexed by log2 of the size. Probes bypass the fault policy, touches go through it. */
static const access_t probes[2][4] = {
	{ probe_load8, probe_load16, probe_load32, probe_load64 },
	{ probe_store8, probe_store16, probe_store32, probe_store64 },
};
static const access_t touches[2][4] = {
	{ touch_load8, touch_load16, touch_load32, touch_load64 },
	{ touch_store8, touch_store16, touch_store32, touch_store64 },
};

/* Makes the access, in the chosen context; after a key's fault again, through the fault policy. */
static void make(void *arg)
{
	struct access *a = arg;
	u32 size = (u32)__builtin_ctz(a->size);

	a->made = true;
	a->fault = probes[a->write][size](a);
	a->decided = a->fault.vector == X86_PF && a->fault.error & PF_PK;
	if (a->decided)
		a->pardoned = touches[a->write][size](a).vector == FAULT_NONE;
}

static void make_with_rights(u32 pkrs, struct access *a)
{
	struct rights_saved saved;

	if (!pks_on()) {
		pr("there is no IA32_PKRS here to load rights into\n");
		return;
	}
	saved = rights_begin();
	rights_put(pkrs);
	make(a);
	rights_end(saved);
}

void access_make(const struct as *as, struct access *a)
{
	a->made = a->decided = a->pardoned = a->user_page = false;
	switch (as->kind) {
	case AS_SELF:
		make(a);
		if (a->pardoned)
			pr("the monitor's own thread keeps this pardon until `revoke`\n");
		return;
	case AS_CONTEXT:
		run_in(as->context, make, a);
		break;
	case AS_USER:
		user_make(a);
		break;
	case AS_RIGHTS:
		make_with_rights(as->pkrs, a);
		return;
	}
	if (!a->made)
		pr("no memory for that context\n");
}
