/* SPDX-License-Identifier: MIT */
/* Where serial ports may be, and how registers in memory are accessed. */
#include "tests/host/harness.h"

#include "kernel/console/uart.h"

/* Registers in memory: which bytes of it are touched. */
static void accesses_keep_to_stride_and_width(void **state)
{
	static struct uart uart;
	static const struct {
		u32 stride, width;
	} ways[] = { { 1, 8 }, { 2, 8 }, { 4, 8 }, { 4, 32 }, { 8, 32 }, { 16, 32 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct uart_place place = { .mmio = true,
					    .base = 0xfe000000,
					    .stride = ways[i].stride,
					    .width = ways[i].width };
		size_t size = (size_t)ways[i].stride * 7 + ways[i].width / 8;
		u8 *regs = malloc(size);
		size_t at5 = (size_t)5 * ways[i].stride, at7 = (size_t)7 * ways[i].stride;

		assert_non_null(regs);
		memset(regs, 0xaa, size);
		regs[at5] = 0x61; /* idle, and a byte was received */
		assert_null(uart_place_check(&place, 40));
		assert_true(uart_start(&uart, &place, regs));
		assert_int_equal(regs[at7], 0xa5);
		regs[0] = 'r';
		assert_int_equal(uart_get(&uart), 'r');
		uart_put(&uart, 's');
		assert_int_equal(regs[0], 's');
		if (ways[i].width == 32)
			assert_memory_equal(regs + 1, "\0\0", 3); /* a store of 32 bits */
		for (size_t at = 0; at < size; at++)
			if (at % ways[i].stride >= ways[i].width / 8)
				assert_int_equal(regs[at], 0xaa);
		free(regs);
	}
}

static const struct {
	struct uart_place place;
	bool good;
} cases[] = {
	{ { false, 0x3f8, 1, 8, 0 }, true },
	{ { false, 0xfff8, 1, 8, 0 }, true },
	{ { false, 0xfff9, 1, 8, 0 }, false },
	{ { false, 0x100003f8, 1, 8, 0 }, false },
	{ { false, 0xffe0, 4, 8, 0 }, true },
	{ { false, 0xffe1, 4, 8, 0 }, false },
	{ { false, 0, 1, 8, 0 }, false },
	{ { false, 0x3f8, 4, 32, 0 }, false },
	{ { false, 0x3f8, 0, 8, 0 }, false },
	{ { false, 0x3f8, 3, 8, 0 }, false },
	{ { false, 0x3f8, 32, 8, 0 }, false },
	{ { true, 0xfe000000, 4, 32, 0 }, true },
	{ { true, 0xfe000002, 4, 32, 0 }, false },
	{ { true, 0xfe000000, 2, 32, 0 }, false },
	{ { true, 0xfe000000, 4, 16, 0 }, false },
	{ { true, 0xfe000000, 4, 0, 0 }, false },
	{ { true, 0xfe000003, 1, 8, 0 }, true },
	{ { true, 0, 1, 8, 0 }, false },
	{ { true, (1ULL << 40) - 8, 1, 8, 0 }, true },
	{ { true, (1ULL << 40) - 7, 1, 8, 0 }, false },
	{ { true, UINT64_MAX - 6, 1, 8, 0 }, false },
	{ { true, UINT64_MAX - 7, 1, 8, 0 }, false },
};

static void impossible_places_are_refused(void **state)
{
	struct uart_place port = cases[0].place, memory = cases[0].place;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *why = uart_place_check(&cases[i].place, 40);

		if (!why != cases[i].good)
			fail_msg("case %zu: %s", i, why ? why : "accepted");
	}
	memory.mmio = true;
	port.baud = 9600;
	assert_true(uart_same(&cases[0].place, &port));
	assert_false(uart_same(&memory, &port));
	assert_false(uart_same(&cases[0].place, &cases[1].place));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(accesses_keep_to_stride_and_width),
		cmocka_unit_test(impossible_places_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
