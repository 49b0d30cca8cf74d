/* SPDX-License-Identifier: MIT */
/*
 * The reference model of marks and rights with three pages, two keys, kmap_thread(), grants and
 * deaths, against sequences worked out by hand. t_model.c has those about one page.
 */
#include "tests/host/harness.h"

#include "tests/host/model_play.h"

static void each_page_has_its_key_and_its_marks(void **state)
{
	struct pks_policy p = silent;

	(void)state;
	expect(silent, "mwW.w", "pfx"); /* the pardon opens the key, for its other page too */
	expect(silent, "MwW", "xp");
	expect(silent, "lW.wdW", "fxx");
	expect(silent, ".lw.wW", "xfx");
	expect(silent, ".mw.ww", "xpx");
	p.scope = PKS_SCOPE_INSTRUCTION;
	expect(p, "mwWw", "pxp");
	p.scope = PKS_SCOPE_GLOBAL;
	expect(p, "mW.wuW", "sxx"); /* a mark opens the key for all its pages */
	expect(p, "mMuwUw", "sx");
}

static void maps_end_in_any_order(void **state)
{
	(void)state;
	expect(silent, "lLdWDW", "fx");
	expect(silent, "oLDwrdr", "xfx");
	expect(silent, "oLdwDr", "fx");
	expect(silent, "tlewdw", "fx");
	expect(silent, "t.tew.w.e.w", "xfx");
	expect(silent, "ttewew", "fx");
	expect(silent, "tyewyw", "xf");    /* a thread ends its own maps only */
	expect(silent, "tdwew", "fx");     /* and each call those of its kind */
	expect(silent, "oMWTdwEw", "pfx"); /* the pardon ends with the map that it came in */
	expect(silent, "TmowdwEw", "ffp");
}

static void grants_give_rights_to_a_key(void **state)
{
	(void)state;
	expect(silent, "gwW.wvw", "ffxx");
	expect(silent, "hrwvr", "fxx");
	expect(silent, ".gw.w.v.w", "xfx");
	expect(silent, "ghvwvw", "fx"); /* grants nest */
	expect(silent, "hmwvwuw", "ppf");
	expect(silent, "gyw", "x");
	expect(silent, "lgdwvdw", "fx"); /* what must not be is left out: they nest with maps */
	expect(silent, "glvwdvw", "fx");
	expect(silent, "g.lvw.w", "xf"); /* of their key */
	expect(silent, "vw", "x");
}

static void what_is_open_ends_with_a_death(void **state)
{
	struct model m;

	(void)state;
	expect(silent, "lwxw", "fx");
	expect(silent, "mwxw", "pp"); /* the mark is global, the pardon dies with its thread */
	expect(silent, "gTwxwW", "fxx");
	expect(silent, "ylyxywyw", "fx"); /* the other thread lives */
	expect(silent, "lxdw", "x");
	model_start(&m, silent, keys);
	take_all(&m, "lTg.oyoyx", NULL);
	assert_int_equal(m.mistakes.left_open, 3);
	assert_int_equal(model_nested(&m, MODEL_A), 0);
	assert_int_equal(model_nested(&m, MODEL_B), 1);
	assert_int_equal(model_rights(&m, MODEL_A, 0), MODEL_AD | MODEL_WD);
}

static void two_keys_start_with_other_rights(void **state)
{
	static const u8 read_only[] = { 2, 0 }, other[] = { 1, 2 };

	(void)state;
	expect_with(read_only, silent, "rwRWl", "fxfx");
	expect_with(read_only, silent, "lwdwr", "fxf");
	expect_with(read_only, silent, "mwuw", "pf");
	expect_with(read_only, silent, ".r.w.m.w.u.l.d.t.e.d.e.u.w", "ffff"); /* ordinary memory */
	expect_with(other, silent, ".r.wr", "fxx");
	expect_with(other, silent, ".h.r.w.v.r", "fxf");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_page_has_its_key_and_its_marks),
		cmocka_unit_test(maps_end_in_any_order),
		cmocka_unit_test(grants_give_rights_to_a_key),
		cmocka_unit_test(what_is_open_ends_with_a_death),
		cmocka_unit_test(two_keys_start_with_other_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
