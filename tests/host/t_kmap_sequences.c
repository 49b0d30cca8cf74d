/* SPDX-License-Identifier: MIT */
/*
 * Every sequence of maps, unmaps, grants, revokes and pardons of one context, up to six steps (or
 * as many as the first argument says), over three pages and two keys, against a model that knows
 * only what is open. Pages and keys get their numbers when they are first used, so sequences that
 * differ in names alone come once.
 *
 * The model: a pardon belongs to the last map or grant of its key that is open, and ends with it;
 * where there is none, it lasts as long as the context. A key's rights are the widest of the
 * initial rights and of all that is open. Grants have tokens, so they must nest with the maps and
 * grants of their key; where a sequence breaks that, only the form of the rights is checked: no
 * access, read, or write, never AD without WD.
 */
#include "tests/host/harness.h"

#include "mm/page.h"
#include "tests/host/kmap_pure.h"

#define STEPS_MAX 8
#define PAGES     3
#define KEYS      2

enum right { NONE, READ, WRITE };
enum kind { MAP, MAP_THREAD, GRANT };

struct item { /* a map or a grant that is open, for the model */
	enum kind kind;
	enum right right;
	u32 page, key;
	bool pardoned;
	u32 token; /* GRANT: what pks_revoke() restores */
};

struct state {
	struct local local; /* what is tested, with the rights */
	u32 rights;
	struct item item[STEPS_MAX];
	u32 items, pages, keys;
	u32 key_of[PAGES];
	bool pardoned[KEYS]; /* outside any map or grant */
	bool misnested;
};

static struct {
	u32 number[KEYS]; /* of the keys, among the 16 */
	u32 steps;
	u64 sequences;
	char text[STEPS_MAX][24];
} run;

/* Bits of a right as the manual has them, not as the kernel computes them. */
static u32 bits_of(enum right right)
{
	return right == WRITE ? 0 : right == READ ? 2 : 3;
}

static enum right initial(u32 key)
{
	u32 number = run.number[key];

	return number == 0 ? WRITE : number == 2 ? READ : NONE;
}

static enum right model(const struct state *s, u32 key)
{
	enum right right = s->pardoned[key] ? WRITE : initial(key);

	for (u32 i = 0; i < s->items; i++) {
		const struct item *item = &s->item[i];
		enum right its = item->pardoned ? WRITE : item->right;

		if (item->key == key && its > right)
			right = its;
	}
	return right;
}

static void wrong(u32 depth, u32 key, u32 bits)
{
	printf("# keys %u, %u; key %u has %u after", run.number[0], run.number[1], run.number[key],
	       bits);
	for (u32 i = 0; i <= depth; i++)
		printf(" %s;", run.text[i]);
	printf("\n");
	fail();
}

static void check(const struct state *s, u32 depth)
{
	u32 others = ~0u;

	for (u32 key = 0; key < KEYS; key++) {
		u32 bits = s->rights >> 2 * run.number[key] & 3;

		if (bits == 1 || (!s->misnested && bits != bits_of(model(s, key))))
			wrong(depth, key, bits);
		others &= ~(3u << 2 * run.number[key]);
	}
	assert_int_equal((s->rights ^ PKRS_INIT) & others, 0);
}

/* Neighbours, which differ least. */
static struct page *struct_page(u32 page)
{
	return (struct page *)(4096 + page * sizeof(struct page));
}

static void map(struct state *s, enum kind kind, enum right right, u32 page)
{
	u32 key = s->key_of[page];

	pure_open(&s->local, &s->rights, struct_page(page), run.number[key],
		  right == WRITE ? PKS_WRITE : PKS_READ, kind == MAP);
	s->item[s->items++] =
		(struct item){ .kind = kind, .right = right, .page = page, .key = key };
}

static void grant(struct state *s, enum right right, u32 key)
{
	u32 token = pure_grant(&s->rights, run.number[key], right == WRITE ? PKS_WRITE : PKS_READ);

	s->item[s->items++] = (struct item){ GRANT, right, PAGES, key, false, token };
}

/* A fault that the policy pardons: it opens the key in the saved frame. */
static void pardon(struct state *s, u32 key)
{
	bool *owner = &s->pardoned[key];

	for (u32 i = 0; i < s->items; i++)
		if (s->item[i].key == key)
			owner = &s->item[i].pardoned;
	*owner = true;
	s->rights &= ~pkrs_mask(run.number[key]);
}

/* Ends the item: tokens do not know of what was opened after them, and maps not of grants. */
static void close_item(struct state *s, u32 n)
{
	struct item item = s->item[n];
	u32 order = 0;

	for (u32 i = n + 1; i < s->items; i++)
		if (s->item[i].key == item.key && (item.kind == GRANT || s->item[i].kind == GRANT))
			s->misnested = true;
	if (item.kind == GRANT)
		s->rights ^= (s->rights ^ item.token) & pkrs_mask(run.number[item.key]);
	else
		assert_true(pure_close(&s->local, &s->rights, struct_page(item.page),
				       item.kind == MAP, &order));
	for (s->items--; n < s->items; n++)
		s->item[n] = s->item[n + 1];
}

static void play(const struct state *s, u32 depth);

static void maps(const struct state *s, u32 depth, u32 page, u32 key)
{
	static const char *const names[] = { "map r", "map rw", "map thread" };

	for (u32 how = 0; how < ARRAY_SIZE(names); how++) {
		struct state next = *s;

		next.key_of[page] = key;
		next.pages = page == s->pages ? page + 1 : s->pages;
		next.keys = key == s->keys ? key + 1 : s->keys;
		snprintf(run.text[depth], sizeof(run.text[0]), "%s %u:%u", names[how], page, key);
		map(&next, how == 2 ? MAP_THREAD : MAP, how == 0 ? READ : WRITE, page);
		play(&next, depth);
	}
}

static void grants_and_pardon(const struct state *s, u32 depth, u32 key)
{
	static const char *const names[] = { "pardon", "grant r", "grant rw" };

	for (u32 how = 0; how < ARRAY_SIZE(names); how++) {
		struct state next = *s;

		if (how == 0 && !(s->rights & pkrs_mask(run.number[key])))
			continue; /* nothing faults */
		next.keys = key == s->keys ? key + 1 : s->keys;
		snprintf(run.text[depth], sizeof(run.text[0]), "%s :%u", names[how], key);
		if (how == 0)
			pardon(&next, key);
		else
			grant(&next, how == 1 ? READ : WRITE, key);
		play(&next, depth);
	}
}

/* Of two maps of one page and kind the last ends first, whichever is meant. */
static bool has_later_twin(const struct state *s, u32 n)
{
	for (u32 i = n + 1; i < s->items; i++)
		if (s->item[i].kind == s->item[n].kind && s->item[i].kind != GRANT &&
		    s->item[i].page == s->item[n].page)
			return true;
	return false;
}

static void ends(const struct state *s, u32 depth)
{
	static const char *const names[] = { "unmap", "unmap thread", "revoke" };

	for (u32 n = 0; n < s->items; n++) {
		struct state next = *s;

		if (has_later_twin(s, n))
			continue;
		snprintf(run.text[depth], sizeof(run.text[0]), "%s %u:%u", names[s->item[n].kind],
			 s->item[n].page, s->item[n].key);
		close_item(&next, n);
		play(&next, depth);
	}
}

/* Every next step from here, each with all that can follow. */
static void steps(const struct state *s, u32 depth)
{
	u32 keys = s->keys < KEYS ? s->keys + 1 : KEYS;

	for (u32 page = 0; page < s->pages; page++)
		maps(s, depth, page, s->key_of[page]);
	for (u32 key = 0; key < keys; key++) {
		if (s->pages < PAGES)
			maps(s, depth, s->pages, key);
		grants_and_pardon(s, depth, key);
	}
	ends(s, depth);
}

/* Checks the step just made, and goes on from it. */
static void play(const struct state *s, u32 depth)
{
	run.sequences++;
	check(s, depth);
	if (depth + 1 < run.steps)
		steps(s, depth + 1);
}

static u64 enumerate(u32 first, u32 second, u32 depth)
{
	struct state s = { .rights = PKRS_INIT };

	run.number[0] = first;
	run.number[1] = second;
	run.steps = depth;
	run.sequences = 0;
	steps(&s, 0);
	return run.sequences;
}

static u32 depth = 6;

static void rights_are_those_of_what_is_open(void **state)
{
	(void)state;
	printf("# %lu sequences\n", (unsigned long)enumerate(1, 15, depth));
}

static void the_same_for_a_key_that_all_may_read(void **state)
{
	(void)state;
	enumerate(2, 3, depth - 1);
	enumerate(3, 2, depth - 1);
}

/* Shorter ones for each two of the keys that can be mapped: no key's bits reach another's. */
static void the_same_for_every_pair_of_keys(void **state)
{
	(void)state;
	for (u32 first = 1; first < PKS_KEYS; first++)
		for (u32 second = 1; second < PKS_KEYS; second++)
			if (first != second)
				enumerate(first, second, depth - 2);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rights_are_those_of_what_is_open),
		cmocka_unit_test(the_same_for_a_key_that_all_may_read),
		cmocka_unit_test(the_same_for_every_pair_of_keys),
	};

	if (argc > 1)
		depth = (u32)atoi(argv[1]);
	if (depth < 3 || depth > STEPS_MAX) {
		fprintf(stderr, "usage: %s [STEPS, 3 to %d]\n", argv[0], STEPS_MAX);
		return 2;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
