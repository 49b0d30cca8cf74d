// SPDX-License-Identifier: MIT
/*
 * The ways of a right with each of the 15 keys that restrict, on two pages of one key and one of
 * another: pardons of every scope, maps, grants, in every kind of context. What this cannot know:
 * other orders of these steps; the suite `interleave` plays those.
 */
#define KTEST_SUITE "pardon"

#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/kmap_warn.h"
#include "pks/keys.h"
#include "pks/policy/fault.h"
#include "pks/rights.h"
#include "tests/harness/access.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"

/* A page that is marked, one of the same key that is not, and one of another key. */
static struct prot_page marked, second, other;
static u32 key;

/* Rights, in which the key has these two bits; 2: it can be read. */
#define EXPECT_KEY(bits) EXPECT_RIGHTS(OF_KEY(key, bits, PKRS_INIT))

static u32 initial_bits(void)
{
	return key == PKS_KEY_RO ? 2 : 3;
}

static bool pages_get(void)
{
	u32 another = key > 8 ? key - 8 : key + 7; /* 1 to 8 and 8 to 15 */

	if (!prot_pair_get(&marked, &second, key))
		return false;
	if (!prot_page_get(&other, another)) {
		prot_pair_put(&marked, &second);
		return false;
	}
	kmap(marked.page);
	return true;
}

static void pages_put(void)
{
	kunmap(marked.page);
	prot_page_put(&other);
	prot_pair_put(&marked, &second);
}

/* Runs `check` in a context of each kind, with each key in turn; the caller keeps its rights. */
static void with_each_key(enum pks_scope scope, void (*check)(void *))
{
	u32 taken = PKS_KEY_FIRST_DYNAMIC;

	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	policy_scope_set(scope);
	while (taken < PKS_KEYS && EXPECT_EQ(pks_key_alloc("pardon"), taken))
		taken++;
	for (key = 1; key < taken; key++) {
		if (!pages_get())
			break;
		for (enum test_context c = 0; c < TEST_CONTEXTS; c++) {
			run_in(c, check, &c);
			EXPECT_EQ(rights_mirror(), PKRS_INIT);
		}
		pages_put();
	}
	while (taken-- > PKS_KEY_FIRST_DYNAMIC)
		EXPECT_EQ(pks_key_free(taken), 0);
}

static void expect_refused(const struct prot_page *p)
{
	EXPECT_EQ(policy_write(p->va).vector, X86_PF);
}

static void be_pardoned(void *arg)
{
	(void)arg;
	expect_refused(&second);
	expect_refused(&other);
	EXPECT_KEY(initial_bits());
	EXPECT_NO_FAULT(policy_write(marked.va), "the page is marked");
	EXPECT_KEY(0);
	EXPECT_NO_FAULT(probe_write(second.va, 1), "the pardon opens the whole key");
	expect_refused(&other);
}

static void each_key_is_pardoned_in_each_context(void)
{
	with_each_key(PKS_SCOPE_CONTEXT, be_pardoned);
}
KTEST(each_key_is_pardoned_in_each_context, KT_PKS);

/* Code on the stack of #MC cannot be stepped: there the pardon lasts as long as the context. */
static void be_pardoned_for_an_instruction(void *arg)
{
	bool steps = *(enum test_context *)arg != IN_MC;

	EXPECT_NO_FAULT(policy_write(marked.va), "the page is marked");
	EXPECT_KEY(steps ? initial_bits() : 0);
	if (steps)
		expect_refused(&second);
	expect_refused(&other);
}

static void each_key_is_pardoned_for_an_instruction(void)
{
	with_each_key(PKS_SCOPE_INSTRUCTION, be_pardoned_for_an_instruction);
}
KTEST(each_key_is_pardoned_for_an_instruction, KT_PKS);

static void use_the_open_key(void *arg)
{
	(void)arg;
	EXPECT_NO_FAULT(policy_write(marked.va), "a page of the key is marked");
	EXPECT_NO_FAULT(policy_write(second.va), "so the key is open, for all its pages");
	expect_refused(&other);
	EXPECT_EQ(rights_mirror(), PKRS_INIT);
}

static void each_key_opens_to_all_alone(void)
{
	with_each_key(PKS_SCOPE_GLOBAL, use_the_open_key);
}
KTEST(each_key_opens_to_all_alone, KT_PKS);

/* A map for reading, a pardon, a grant, a second map: each ends, the last one first. */
static void nest_in_a_map(void *arg)
{
	struct pks_token token;

	(void)arg;
	kmap_local_page_read(marked.page);
	EXPECT_KEY(2);
	expect_refused(&second);
	EXPECT_NO_FAULT(policy_write(marked.va), "the page is marked");
	EXPECT_KEY(0);
	token = pks_grant(key, PKS_READ);
	EXPECT_KEY(0); /* a grant takes nothing away */
	kmap_local_page(second.page);
	kmap_local_page(other.page);
	EXPECT_NO_FAULT(probe_write(other.va, 1), "it is mapped");
	kunmap_local((void *)other.va);
	kunmap_local((void *)second.va);
	pks_revoke(token);
	EXPECT_KEY(0); /* the pardon came before the grant, and stays */
	kunmap_local((void *)marked.va);
	EXPECT_KEY(initial_bits()); /* but ends with its map */
}

/* The same within a grant, and with two maps of the key that end in the order they began in. */
static void nest_in_a_grant(void *arg)
{
	struct pks_token token = pks_grant(key, PKS_READ);
	u32 order = (u32)kmap_stats.order;

	(void)arg;
	EXPECT_KEY(2);
	kmap_local_page_read(second.page);
	EXPECT_NO_FAULT(policy_write(marked.va), "the page is marked");
	EXPECT_KEY(0);
	kmap_local_page_read(marked.page);
	kunmap_local((void *)second.va); /* warns, and ends the pardon, which came within */
	EXPECT_EQ((u32)kmap_stats.order - order, 1);
	EXPECT_KEY(2);
	kunmap_local((void *)marked.va);
	EXPECT_KEY(2);
	pks_revoke(token);
	EXPECT_KEY(initial_bits());
}

static void maps_pardons_and_grants_of_each_key_nest(void)
{
	with_each_key(PKS_SCOPE_CONTEXT, nest_in_a_map);
	with_each_key(PKS_SCOPE_CONTEXT, nest_in_a_grant);
}
KTEST(maps_pardons_and_grants_of_each_key_nest, KT_PKS);
