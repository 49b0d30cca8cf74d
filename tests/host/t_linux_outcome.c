/* SPDX-License-Identifier: MIT */
/*
 * tests/linux/outcome.c: made-up signals, and what they say about the access. The code of the kinds
 * is made up too. What this cannot know: what a processor or Linux puts into a signal.
 */
#define _GNU_SOURCE
#include "tests/host/harness.h"

#include <signal.h>

#include "tests/linux/outcome.h"
#include "tests/matrix/home.h"
#include "tests/matrix/sdm.h"
#include "tests/matrix/tables.h"

struct machine_can machine_can;
struct tables tables;
static u8 scratch[4096];

/* Each kind has 16 bytes: the access at 4, the end at 12. */
const char matrix_text[16 * KINDS];
#define CODE(id, ...)                                                               \
	{ (u64)&matrix_text[16 * KIND_##id], (u64)&matrix_text[16 * KIND_##id + 4], \
	  (u64)&matrix_text[16 * KIND_##id + 12] },
const struct shot_code matrix_shots[KINDS] = { MATRIX_KINDS(CODE) };

#define ACCESS(kind) (VA_TEXT + 16 * (kind) + 4)
#define END(kind)    (VA_TEXT + 16 * (kind) + 12)
#define ADDRESS      0x10040000000

static struct outcome come(u32 kind, u32 mode, struct signalled came)
{
	struct shot s = { .kind = (u16)kind, .mode = (u8)mode, .address = ADDRESS, .first = KINDS };
	struct linux_way way = { 0 };

	tables.scratch = scratch;
	way.registers = registers_before(&s, false);
	return outcome_of(&s, &way, &came, 5);
}

static struct outcome done_at(u32 kind, u32 mode, u64 rip, u32 cs)
{
	return come(kind, mode, (struct signalled){ .vector = VECTOR_GP, .rip = rip, .cs = cs });
}

static void the_int_behind_an_access_is_its_end(void **state)
{
	(void)state;
	assert_int_equal(done_at(KIND_READ, MODE_USER, END(KIND_READ) - 2, CS_64).vector,
			 SHOT_DONE);
	assert_int_equal(done_at(KIND_READ, MODE_COMPAT, END(KIND_READ) - 2, CS_32).vector,
			 SHOT_DONE);
	assert_int_equal(done_at(KIND_READ, MODE_USER, END(KIND_READ), CS_64).vector, SHOT_DONE);
	assert_true(done_at(KIND_READ, MODE_USER, END(KIND_READ), CS_64).rip_right);
	assert_int_equal(done_at(KIND_READ, MODE_USER, END(KIND_READ) - 1, CS_64).vector,
			 VECTOR_GP);
	assert_int_equal(done_at(KIND_READ, MODE_USER, END(KIND_READ) - 4, CS_64).vector,
			 VECTOR_GP);
	assert_int_equal(done_at(KIND_READ, MODE_USER, END(KIND_WRITE) - 2, CS_64).vector,
			 VECTOR_GP);
	assert_int_equal(done_at(KIND_READ, MODE_USER, END(KIND_READ) - 2, CS_32).vector,
			 VECTOR_GP);
	assert_int_equal(
		come(KIND_READ, MODE_USER,
		     (struct signalled){ .vector = 6, .rip = END(KIND_READ) - 2, .cs = CS_64 })
			.vector,
		6);
	/* IRET to 32-bit code ends there, and nowhere else. */
	assert_int_equal(
		done_at(KIND_IRET_COMPAT, MODE_USER, END(KIND_IRET_COMPAT) - 2, CS_32).vector,
		SHOT_DONE);
	assert_int_equal(
		done_at(KIND_IRET_COMPAT, MODE_USER, END(KIND_IRET_COMPAT) - 2, CS_64).vector,
		VECTOR_GP);
}

static bool faults_right(u32 kind, u32 mode, u64 rip, u32 cs)
{
	return come(kind, mode, (struct signalled){ .vector = VECTOR_PF, .rip = rip, .cs = cs })
		.rip_right;
}

static void a_fault_is_at_the_access(void **state)
{
	(void)state;
	assert_true(faults_right(KIND_READ, MODE_USER, ACCESS(KIND_READ), CS_64));
	assert_true(faults_right(KIND_READ, MODE_COMPAT, ACCESS(KIND_READ), CS_32));
	assert_false(faults_right(KIND_READ, MODE_USER, ACCESS(KIND_READ) + 1, CS_64));
	assert_false(faults_right(KIND_READ, MODE_USER, ACCESS(KIND_READ), CS_32));
	assert_false(faults_right(KIND_READ, MODE_USER, ACCESS(KIND_WRITE), CS_64));
	assert_true(faults_right(KIND_FETCH, MODE_USER, ADDRESS, CS_64));
	assert_false(faults_right(KIND_FETCH, MODE_USER, ACCESS(KIND_FETCH), CS_64));
	/* A REX prefix is an instruction of its own in 32-bit code. */
	assert_true(faults_right(KIND_RET_FAR, MODE_USER, ACCESS(KIND_RET_FAR), CS_64));
	assert_false(faults_right(KIND_RET_FAR, MODE_COMPAT, ACCESS(KIND_RET_FAR), CS_32));
	assert_true(faults_right(KIND_RET_FAR, MODE_COMPAT, ACCESS(KIND_RET_FAR) + 1, CS_32));
}

static u32 vector_of(u32 error, int code, int key)
{
	struct signalled came = { .vector = VECTOR_PF,
				  .error = error,
				  .rip = ACCESS(KIND_READ),
				  .cs = CS_64,
				  .code = code,
				  .key = key };

	return come(KIND_READ, MODE_USER, came).vector;
}

static void linux_must_see_the_key_that_the_processor_sees(void **state)
{
	(void)state;
	assert_int_equal(vector_of(ERROR_P | ERROR_U | ERROR_PK, SEGV_PKUERR, 5), VECTOR_PF);
	assert_int_equal(vector_of(ERROR_P | ERROR_U | ERROR_PK, SEGV_PKUERR, 6), 0);
	assert_int_equal(vector_of(ERROR_P | ERROR_U | ERROR_PK, SEGV_ACCERR, 5), 0);
	assert_int_equal(vector_of(ERROR_P | ERROR_U, SEGV_ACCERR, -1), VECTOR_PF);
	/* The judge says that PK is missing, if it is. */
	assert_int_equal(vector_of(ERROR_P | ERROR_U, SEGV_PKUERR, 5), VECTOR_PF);
	assert_int_equal(vector_of(ERROR_U, SEGV_PKUERR, 5), VECTOR_PF);
}

static void registers_come_from_the_signal(void **state)
{
	struct signalled came = { .vector = VECTOR_PF,
				  .error = 7,
				  .cr2 = 0x1234,
				  .rip = 1,
				  .cs = CS_64,
				  .registers = { .rbx = 0x99, .rsp = ADDRESS - 24 } };
	struct outcome o = come(KIND_CALL_FAR, MODE_USER, came);

	(void)state;
	assert_int_equal(o.error, 7);
	assert_int_equal(o.cr2, 0x1234);
	assert_int_equal(o.value, 0x99);
	assert_int_equal(o.rsp_moved, -24 - 16); /* from the operand's end */
}

/* The operand of far CALL is 8 bytes of offset and 2 of selector, in 32-bit code 4 and 2. */
static void far_call_finds_where_to_go(void **state)
{
	u64 end = END(KIND_CALL_FAR) - 2;
	u8 *operand;

	(void)state;
	come(KIND_CALL_FAR, MODE_USER, (struct signalled){ 0 });
	operand = memmem(scratch, sizeof(scratch), &end, 8);
	assert_non_null(operand);
	assert_int_equal(operand[8], CS_64);
	come(KIND_CALL_FAR, MODE_COMPAT, (struct signalled){ 0 });
	assert_memory_equal(operand, &end, 4);
	assert_int_equal(operand[4], CS_32);
}

static void a_landing_has_the_selectors_of_its_mode(void **state)
{
	struct landing to = machine_landing(KIND_IRET, MODE_COMPAT, false);

	(void)state;
	assert_int_equal(to.rip, END(KIND_IRET) - 2);
	assert_int_equal(to.cs, 0x23);
	assert_int_equal(to.ss, 0x2b);
	assert_int_equal(machine_landing(KIND_IRET, MODE_USER, false).cs, 0x33);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_int_behind_an_access_is_its_end),
		cmocka_unit_test(a_fault_is_at_the_access),
		cmocka_unit_test(linux_must_see_the_key_that_the_processor_sees),
		cmocka_unit_test(registers_come_from_the_signal),
		cmocka_unit_test(far_call_finds_where_to_go),
		cmocka_unit_test(a_landing_has_the_selectors_of_its_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
