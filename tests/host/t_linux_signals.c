/* SPDX-License-Identifier: MIT */
/*
 * tests/linux/signals.c: an access ends in a signal; any other fault, or an access that does not
 * end, ends the program, which names the case. Accesses that need no user keys stand in for the
 * matrix's. What this cannot know: what Linux puts into a signal of a denied access.
 */
#include "tests/host/harness.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/host/console_stub.h"
#include "tests/linux/signals.h"
#include "tests/matrix/announce.h"

#define LIMIT_MS 100

/* Of the parts that stand in. */
static void (*access_now)(void);
static bool comes_back;
static void *back[5]; /* of the compiler's own setjmp, which needs no FS as libc's does */

void linux_shoot(struct linux_way *way)
{
	/* Below all that the access has on the stack; as a call leaves it. */
	way->back = (((u64)__builtin_frame_address(0) - 65536) & ~15ul) - 8;
	if (!__builtin_setjmp(back))
		access_now();
}

void linux_back(void)
{
	if (!comes_back)
		raise(SIGSEGV);
	__builtin_longjmp(back, 1);
}

static void say(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		abort();
}

/* What was printed before it is why the program ends. */
void announce_under_way(void)
{
	say(pr_last);
	say("the case\n");
}

static void invalid_opcode(void)
{
	asm volatile("ud2");
}

static void never_ends(void)
{
	asm volatile("1: pause; jmp 1b"); /* uses no FS */
}

/* Computes for about so many milliseconds. */
static void compute(u32 ms)
{
	clock_t end = clock() + ms * CLOCKS_PER_SEC / 1000;

	while (clock() < end)
		;
}

static void shoot(void)
{
	struct linux_way way = { 0 };

	say(signals_shoot(&way)->vector == 6 ? "#UD " : "? ");
}

/* Runs a program of its own; returns its exit status, or minus the signal that ended it. */
static int program(void (*body)(void), char *output, u32 size)
{
	int ends[2], status;
	ssize_t n;
	u32 at = 0;

	assert_int_equal(pipe(ends), 0);
	if (!fork()) {
		dup2(ends[1], STDOUT_FILENO);
		signals_catch(LIMIT_MS);
		body();
		_exit(0);
	}
	close(ends[1]);
	while ((n = read(ends[0], output + at, size - 1 - at)) > 0)
		at += (u32)n;
	output[at] = '\0';
	close(ends[0]);
	assert_true(wait(&status) > 0);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void expect_end(void (*body)(void), const char *why)
{
	char output[1024];

	assert_int_equal(program(body, output, sizeof(output)), 3);
	if (!strstr(output, why) || !strstr(output, "the case\n"))
		fail_msg("no \"%s\" or no case in: %s", why, output);
}

static void ends_twice(void)
{
	access_now = invalid_opcode;
	comes_back = true;
	shoot();
	shoot();
}

static void an_access_ends_in_a_signal(void **state)
{
	char output[1024];

	(void)state;
	assert_int_equal(program(ends_twice, output, sizeof(output)), 0);
	assert_string_equal(output, "#UD #UD ");
}

#define FS 0x800

/* Reads by way of FS, then ends. */
static void reads_by_fs(void)
{
	static u32 there = 0x5a5a5a5a;
	u32 found;

	asm volatile("mov %%fs:-0x800(%1), %0" : "=&r"(found) : "r"(&there));
	if (found == there)
		asm volatile("ud2");
	asm volatile("int3");
}

static __thread volatile u32 own = 7;

static void changes_fs(void)
{
	struct linux_way way = { .fs = FS };

	comes_back = true;
	access_now = reads_by_fs;
	for (u32 i = 0; i < 2; i++)
		say(signals_shoot(&way)->vector == 6 && own == 7 ? "#UD " : "? ");
}

static void an_access_has_its_own_fs_and_the_program_keeps_its_own(void **state)
{
	char output[1024];

	(void)state;
	assert_int_equal(program(changes_fs, output, sizeof(output)), 0);
	assert_string_equal(output, "#UD #UD ");
}

static void hangs_with_fs(void)
{
	struct linux_way way = { .fs = FS };

	access_now = never_ends;
	signals_shoot(&way);
}

static void an_access_with_its_own_fs_that_does_not_end_is_named(void **state)
{
	(void)state;
	expect_end(hangs_with_fs, "no access ends");
}

static void computes_between(void)
{
	for (u32 i = 0; i < 8; i++) {
		ends_twice();
		compute(LIMIT_MS / 2);
	}
}

static void accesses_that_end_have_all_the_time(void **state)
{
	char output[1024];

	(void)state;
	assert_int_equal(program(computes_between, output, sizeof(output)), 0);
}

static void hangs(void)
{
	ends_twice();
	access_now = never_ends;
	shoot();
}

static void an_access_that_does_not_end_is_named(void **state)
{
	(void)state;
	expect_end(hangs, "no access ends");
}

static void strays(void)
{
	ends_twice();
	invalid_opcode();
}

static void a_fault_of_the_program_is_named(void **state)
{
	(void)state;
	expect_end(strays, "a fault outside of an access");
}

static void does_not_come_back(void)
{
	access_now = invalid_opcode;
	comes_back = false;
	shoot();
}

static void a_second_fault_of_one_access_is_named(void **state)
{
	(void)state;
	expect_end(does_not_come_back, "a fault outside of an access");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_access_ends_in_a_signal),
		cmocka_unit_test(an_access_has_its_own_fs_and_the_program_keeps_its_own),
		cmocka_unit_test(an_access_with_its_own_fs_that_does_not_end_is_named),
		cmocka_unit_test(accesses_that_end_have_all_the_time),
		cmocka_unit_test(an_access_that_does_not_end_is_named),
		cmocka_unit_test(a_fault_of_the_program_is_named),
		cmocka_unit_test(a_second_fault_of_one_access_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
