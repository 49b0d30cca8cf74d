/* SPDX-License-Identifier: MIT */
/*
 * Which ranges can be persistent memory: by hand, and random maps against a table of pages. The
 * table's rules are those of docs/HARDWARE.md, in other words than the code's.
 */
#include "tests/host/harness.h"

#include "kernel/cpu/x86.h"
#include "mm/ram.h"

#define MIB        (1ULL << 20)
#define GIB        (1ULL << 30)
#define KERNEL_END (3 * MIB)
#define END        (64 * GIB)

static struct boot_info info;
static struct options_range reserve[OPTIONS_RESERVE];
static struct range devices[3];
static const struct pmem_limits limits = { &info, devices, 3, reserve, KERNEL_END, END };

static int start(void **state)
{
	(void)state;
	memset(&info, 0, sizeof(info));
	memset(reserve, 0, sizeof(reserve));
	memset(devices, 0, sizeof(devices));
	return 0;
}

static void entry(uint64_t base, uint64_t len, uint32_t type)
{
	info.mem[info.mem_count++] = (struct boot_mem){ base, len, type };
}

static void usable(enum pmem_source source, uint64_t at, uint64_t size)
{
	const char *why = pmem_refusal(&limits, source, at, size);

	if (why)
		fail_msg("%#lx+%#lx is refused: %s", at, size, why);
}

static void refused(enum pmem_source source, uint64_t at, uint64_t size, const char *reason)
{
	const char *why = pmem_refusal(&limits, source, at, size);

	if (!why)
		fail_msg("%#lx+%#lx is not refused", at, size);
	else
		assert_non_null(strstr(why, reason));
}

static void both_refuse(uint64_t at, uint64_t size, const char *reason)
{
	refused(PMEM_WORD, at, size, reason);
	refused(PMEM_NFIT, at, size, reason);
}

/* What the table holds behind its last entry counts for nothing; nor does a type beyond a mask's
 * bits. */
static void only_what_is_in_the_map_counts(void **state)
{
	(void)state;
	entry(4 * GIB, GIB, 64); /* beyond the shift that C defines */
	info.mem[info.mem_count] = (struct boot_mem){ 4 * GIB, GIB, BOOT_MEM_RAM };
	usable(PMEM_NFIT, 4 * GIB, MIB);
	refused(PMEM_WORD, 4 * GIB, MIB, "no memory there");
}

static void a_word_takes_ram_and_the_nfit_must_not(void **state)
{
	(void)state;
	entry(MIB, 63 * MIB, BOOT_MEM_RAM);
	entry(64 * MIB, 64 * MIB, BOOT_MEM_PMEM);
	entry(128 * MIB, 64 * MIB, 2);
	usable(PMEM_WORD, 16 * MIB, 4096);
	usable(PMEM_WORD, 60 * MIB, 68 * MIB); /* over two entries */
	refused(PMEM_WORD, 127 * MIB, 2 * MIB, "no memory");
	refused(PMEM_WORD, 128 * MIB, MIB, "no memory");
	refused(PMEM_WORD, GIB, MIB, "no memory");
	refused(PMEM_NFIT, 16 * MIB, 4096, "has RAM");
	refused(PMEM_NFIT, 64 * MIB - 4096, MIB, "has RAM");
	refused(PMEM_NFIT, 4 * MIB, GIB, "has RAM"); /* all around it */
	usable(PMEM_NFIT, 64 * MIB, 64 * MIB);
	usable(PMEM_NFIT, 128 * MIB, 64 * MIB);
	usable(PMEM_NFIT, GIB, GIB);
}

static void ends_are_looked_at_to_the_page(void **state)
{
	(void)state;
	entry(MIB, 2 * END, BOOT_MEM_RAM);
	both_refuse(GIB, 0, "empty");
	both_refuse(GIB, ~0ULL - GIB + 1, "wraps");
	both_refuse(~0ULL - 4095, 8192, "wraps");
	both_refuse(GIB + 1, 4096, "whole pages");
	both_refuse(GIB, 4097, "whole pages");
	both_refuse(GIB + 2048, 2048, "whole pages");
	both_refuse(END - 4096, 8192, "ends beyond");
	both_refuse(END, 4096, "ends beyond");
	both_refuse(0, 4096, "kernel");
	both_refuse(KERNEL_END - 4096, 4096, "kernel");
	both_refuse(KERNEL_END - 4096, 8192, "kernel");
	both_refuse(0, GIB, "kernel");
	both_refuse(0xa0000, 0x20000, "kernel"); /* video memory */
	usable(PMEM_WORD, KERNEL_END, 4096);
	usable(PMEM_WORD, END - 4096, 4096);
}

static void reserved_pages_stay_unused(void **state)
{
	(void)state;
	entry(MIB, 2 * GIB, BOOT_MEM_RAM);
	reserve[0] = (struct options_range){ 5 * GIB, GIB };
	reserve[OPTIONS_RESERVE - 1] = (struct options_range){ GIB + 5, 1 }; /* one byte */
	refused(PMEM_WORD, GIB, 4096, "reserve=");
	refused(PMEM_WORD, GIB - 4096, 3 * 4096, "reserve=");
	usable(PMEM_WORD, GIB - 4096, 4096);
	usable(PMEM_WORD, GIB + 4096, 4096);
	refused(PMEM_NFIT, 6 * GIB - 4096, 4096, "reserve=");
	refused(PMEM_NFIT, 4 * GIB, 4 * GIB, "reserve=");
	usable(PMEM_NFIT, 6 * GIB, GIB);
	usable(PMEM_NFIT, 4 * GIB, GIB);
}

/* One byte of the firmware's own memory is enough; what is reserved or unlisted may be an NVDIMM.
 */
static void the_nfit_must_not_name_the_firmwares_memory(void **state)
{
	(void)state;
	entry(GIB, 4096, 3);
	entry(2 * GIB + 100, 1, 4);
	entry(3 * GIB - 1, 4096, 5);
	entry(5 * GIB, GIB, 12);
	entry(6 * GIB, GIB, 0xffffffff);
	for (unsigned i = 1; i <= 3; i++) {
		refused(PMEM_NFIT, i * GIB, 4096, "ACPI's memory or bad memory");
		refused(PMEM_NFIT, i * GIB - 8192, 4 * 4096, "ACPI's memory or bad memory");
		usable(PMEM_NFIT, i * GIB + 4096, 4096);
	}
	usable(PMEM_NFIT, GIB - 4096, 4096);
	usable(PMEM_NFIT, 2 * GIB - 4096, 4096);
	usable(PMEM_NFIT, 5 * GIB, 2 * GIB);
}

static void nobody_names_registers(void **state)
{
	(void)state;
	entry(MIB, 8 * GIB, BOOT_MEM_RAM);
	devices[0] = (struct range){ 4 * GIB + 16, 4 * GIB + 24 };
	devices[1] = (struct range){ 6 * GIB - 4, 6 * GIB + 4 }; /* in two pages */
	refused(PMEM_WORD, 4 * GIB, 4096, "registers");
	refused(PMEM_WORD, 4 * GIB - GIB, 2 * GIB, "registers");
	refused(PMEM_WORD, 6 * GIB, 4096, "registers");
	refused(PMEM_WORD, 6 * GIB - 4096, 4096, "registers");
	usable(PMEM_WORD, 4 * GIB + 4096, 2 * GIB - 2 * 4096);
	devices[2] = (struct range){ 16 * GIB, 16 * GIB + 1 };
	refused(PMEM_NFIT, 16 * GIB, 4096, "registers");
	refused(PMEM_NFIT, 9 * GIB, 8 * GIB, "registers");
	usable(PMEM_NFIT, 9 * GIB, 7 * GIB);
}

static void a_register_can_be_where_no_persistent_memory_is(void **state)
{
	struct options_range words[OPTIONS_PMEM] = { { 64 * MIB, MIB }, { GIB, MIB } };

	(void)state;
	entry(MIB, 511 * MIB, BOOT_MEM_RAM); /* the second word names nothing */
	entry(2 * GIB, MIB, BOOT_MEM_PMEM);
	entry(3 * GIB, MIB, 2);
	words[OPTIONS_PMEM - 1] = (struct options_range){ 80 * MIB, 4096 };
	assert_true(pmem_touches(&limits, words, 64 * MIB, 64 * MIB + 8));
	assert_true(pmem_touches(&limits, words, 65 * MIB - 1, 65 * MIB + 7));
	assert_true(pmem_touches(&limits, words, 64 * MIB - 7, 64 * MIB + 1));
	assert_true(pmem_touches(&limits, words, 80 * MIB + 4095, 80 * MIB + 4103));
	assert_true(pmem_touches(&limits, words, 2 * GIB + MIB - 1, 2 * GIB + MIB + 7));
	assert_true(pmem_touches(&limits, words, 2 * GIB - 7, 2 * GIB + 1));
	assert_false(pmem_touches(&limits, words, 64 * MIB - 8, 64 * MIB));
	assert_false(pmem_touches(&limits, words, 65 * MIB, 65 * MIB + 8));
	assert_false(pmem_touches(&limits, words, GIB, GIB + 8));
	assert_false(pmem_touches(&limits, words, 2 * GIB + MIB, 2 * GIB + MIB + 8));
	assert_false(pmem_touches(&limits, words, 3 * GIB, 3 * GIB + 8));
}

/* What the map says of each page: a bit for each type. */
#define CELLS 48
#define FIRST (KERNEL_END / PAGE_SIZE)

static void random_map(unsigned types[CELLS])
{
	start(NULL);
	memset(types, 0, CELLS * sizeof(*types));
	for (int i = 0, n = 1 + rand() % 8; i < n; i++) {
		static const uint32_t kinds[] = {
			BOOT_MEM_RAM, BOOT_MEM_RAM, BOOT_MEM_PMEM, 2, 3, 4, 5
		};
		uint32_t type = kinds[rand() % (rand() % 2 ? 4 : 7)];
		unsigned at = (unsigned)rand() % CELLS,
			 end = at + 1 + (unsigned)rand() % (CELLS - at);

		entry((FIRST + at) * PAGE_SIZE, (end - at) * (uint64_t)PAGE_SIZE, type);
		for (unsigned k = at; k < end; k++)
			types[k] |= 1u << type;
	}
}

static void random_maps_match_a_table_of_pages(void **state)
{
	unsigned types[CELLS];
	unsigned counts[2][2] = { 0 };

	(void)state;
	srand(3);
	for (int round = 0; round < 20000; round++) {
		unsigned at, end;
		bool word = true, nfit = true;

		if (round % 20 == 0)
			random_map(types);
		at = (unsigned)rand() % CELLS;
		end = at + 1 + (unsigned)rand() % (CELLS - at);
		for (unsigned k = at; k < end; k++) {
			word &= types[k] &&
				!(types[k] & ~(1u << BOOT_MEM_RAM | 1u << BOOT_MEM_PMEM));
			nfit &= !(types[k] & (1u << BOOT_MEM_RAM | 1u << 3 | 1u << 4 | 1u << 5));
		}
		for (int source = 0; source < 2; source++) {
			bool want = source == PMEM_WORD ? word : nfit;

			counts[source][want]++;
			assert_int_equal(!pmem_refusal(&limits, (enum pmem_source)source,
						       (FIRST + at) * PAGE_SIZE,
						       (end - at) * (uint64_t)PAGE_SIZE),
					 want);
		}
	}
	for (int i = 0; i < 4; i++)
		assert_true(counts[i / 2][i % 2] > 500); /* each answer comes often */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(only_what_is_in_the_map_counts, start),
		cmocka_unit_test_setup(a_word_takes_ram_and_the_nfit_must_not, start),
		cmocka_unit_test_setup(ends_are_looked_at_to_the_page, start),
		cmocka_unit_test_setup(reserved_pages_stay_unused, start),
		cmocka_unit_test_setup(the_nfit_must_not_name_the_firmwares_memory, start),
		cmocka_unit_test_setup(nobody_names_registers, start),
		cmocka_unit_test_setup(a_register_can_be_where_no_persistent_memory_is, start),
		cmocka_unit_test(random_maps_match_a_table_of_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
