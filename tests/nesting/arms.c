// SPDX-License-Identifier: MIT
#include "tests/nesting/arms.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/context.h"
#include "kernel/lib/string.h"
#include "kernel/thread.h"

static struct arm_hold plain_grant(u32 key, enum pks_access access)
{
	pks_set(key, access == PKS_WRITE ? PKS_READWRITE : PKS_NOWRITE);
	return (struct arm_hold){ .key = key, .access = access };
}

static bool plain_revoke(struct arm_hold hold)
{
	pks_set_noaccess(hold.key);
	return true;
}

/* One context's counts. Only that context writes them; a context on top of it has its own. */
struct counts {
	const struct thread *thread; /* NULL: unused, or no thread's */
	u8 users[PKS_KEYS], readers[PKS_KEYS], writers[PKS_KEYS];
};

#define THREADS 4
static struct counts of_thread[THREADS], of_context[LOCALS];

void arms_reset(void)
{
	memset(of_thread, 0, sizeof(of_thread));
	memset(of_context, 0, sizeof(of_context));
}

/* Returns the running context's counts. Threads take turns, so claiming an entry needs no lock. */
static struct counts *counts(void)
{
	u32 n = context_count();

	if (n >= CONTEXT_SOFTIRQ)
		return &of_context[n >= CONTEXT_NMI         ? LOCAL_NMI
				   : n >= CONTEXT_INTERRUPT ? LOCAL_INTERRUPT
							    : LOCAL_SOFTIRQ];
	for (u32 i = 0; i < THREADS; i++) {
		if (!of_thread[i].thread)
			of_thread[i].thread = current_thread();
		if (of_thread[i].thread == current_thread())
			return &of_thread[i];
	}
	panic("more threads than the arms have counts for");
}

/* The widest access holds until the last revoke. */
static struct arm_hold count_grant(u32 key, enum pks_access access)
{
	counts()->users[key]++;
	pks_grant(key, access);
	return (struct arm_hold){ .key = key, .access = access };
}

static bool count_revoke(struct arm_hold hold)
{
	u8 *users = &counts()->users[hold.key];

	if (!*users)
		return false;
	if (!--*users)
		pks_set_noaccess(hold.key);
	return true;
}

static struct arm_hold counts_grant(u32 key, enum pks_access access)
{
	struct counts *c = counts();

	++*(access == PKS_WRITE ? &c->writers[key] : &c->readers[key]);
	pks_grant(key, access);
	return (struct arm_hold){ .key = key, .access = access };
}

static bool counts_revoke(struct arm_hold hold)
{
	struct counts *c = counts();
	u8 *users = hold.access == PKS_WRITE ? &c->writers[hold.key] : &c->readers[hold.key];

	if (!*users)
		return false;
	if (!--*users && !c->writers[hold.key])
		pks_set(hold.key, c->readers[hold.key] ? PKS_NOWRITE : PKS_NOACCESS);
	return true;
}

static struct arm_hold token_grant(u32 key, enum pks_access access)
{
	return (struct arm_hold){ key, access, pks_grant(key, access) };
}

static bool token_revoke(struct arm_hold hold)
{
	pks_revoke(hold.token);
	return true;
}

const struct arm arms[ARMS] = {
	{ "plain", plain_grant, plain_revoke },
	{ "count", count_grant, count_revoke },
	{ "counts", counts_grant, counts_revoke },
	{ "token", token_grant, token_revoke },
};
