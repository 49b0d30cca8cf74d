/* SPDX-License-Identifier: MIT */
/* Nested maps that end in any order, against a model that knows only which are open. */
#include "tests/host/harness.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/cpu/pkrs_bits.h"
#include "mm/kmap/kmap_stack.h"

static struct local local;
static u32 rights;

static void map(u32 key, enum pks_access access, bool ordered)
{
	struct local_map *m = kmap_stack_claim(&local);

	assert_non_null(m);
	*m = (struct local_map){
		.what = kmap_what((struct page *)(u64)(key * 4096 + (u32)rand() % 2 * 32), ordered),
		.mask = pkrs_mask(key),
		.found = rights,
		.access = access,
	};
	rights &= ~pkrs_needs_clear(key, access);
}

static void unmap(u32 i)
{
	u32 bits, mask = kmap_stack_remove(&local, i, &bits);

	rights ^= (rights ^ bits) & mask;
}

static u32 model(void)
{
	u32 pkrs = PKRS_INIT;

	for (u32 i = 0; i < local.maps; i++) {
		u32 key = (u32)__builtin_ctz(local.map[i].mask) / 2;

		pkrs &= ~pkrs_needs_clear(key, (enum pks_access)local.map[i].access);
	}
	return pkrs;
}

static void rights_are_those_of_the_open_maps(void **state)
{
	(void)state;
	memset(&local, 0, sizeof(local));
	rights = PKRS_INIT;
	srand(1);
	for (unsigned i = 0; i < 500000; i++) {
		bool full = local.maps == LOCAL_MAPS;

		assert_int_equal(!kmap_stack_claim(&local), full);
		local.maps -= !full;
		if (!full && (!local.maps || rand() % 2))
			map((u32)rand() % 4, rand() % 2 ? PKS_READ : PKS_WRITE, rand() % 2);
		else
			unmap((u32)rand() % local.maps);
		assert_int_equal(rights, model());
	}
}

static void find_returns_the_topmost_of_a_kind(void **state)
{
	struct page *page = (struct page *)4096, *other = (struct page *)8192;

	(void)state;
	memset(&local, 0, sizeof(local));
	for (u32 i = 0; i < 4; i++)
		*kmap_stack_claim(&local) = (struct local_map){ .what = kmap_what(page, i % 2) };
	assert_int_equal(kmap_stack_find(&local, page, true), 3);
	assert_int_equal(kmap_stack_find(&local, page, false), 2);
	assert_int_equal(kmap_stack_find(&local, other, false), KMAP_NONE);
	assert_int_equal(kmap_stack_above(&local, 0), 3);
	assert_int_equal(kmap_stack_above(&local, 3), KMAP_NONE);
	local.base = 3; /* an exception's: what is below is not its own */
	assert_int_equal(kmap_stack_find(&local, page, true), 3);
	assert_int_equal(kmap_stack_find(&local, page, false), KMAP_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rights_are_those_of_the_open_maps),
		cmocka_unit_test(find_returns_the_topmost_of_a_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
