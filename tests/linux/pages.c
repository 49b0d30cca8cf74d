// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "tests/linux/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/cpu/pte.h"
#include "tests/matrix/announce.h"
#include "tests/matrix/home.h"
#include "tests/matrix/machine.h"
#include "tests/matrix/tables.h"

/* From include/uapi/linux/memfd.h; the C library may be older. */
enum { NOEXEC_SEAL = 8, HUGE_2MB = 21 << 26 };

/* The pages of one size: their entries in the plan, and the block that all of them map. */
static struct size_memory {
	u64 page;
	enum table table;
	int file;
	u8 *block;
} sizes[] = {
	[SIZE_4K] = { .page = 4096, .table = TABLE_PT_4K },
	[SIZE_2M] = { .page = 2ul << 20, .table = TABLE_PD_2M },
};

/*
 * A row of 18 pages, as it is now: the protection, key and place in the block of each page. 32-bit
 * code has rows of its own, as it has on the bare CPU (tables.h).
 */
static struct row_memory {
	const struct size_memory *size;
	u64 va;
	int prot[ROW_PAGES], key[ROW_PAGES], offset[ROW_PAGES];
} rows[ARRAY_SIZE(sizes)][2];
static struct row_memory *current;

static struct row_memory *row_of(const struct mcase *c)
{
	return &rows[c->v[AXIS_SIZE]][c->v[AXIS_MODE] == MODE_COMPAT];
}

/* Maps a file at an address, `count` times in a row; false if Linux refuses. */
static bool map_at(u64 va, u64 bytes, int file, u64 offset, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		void *at =
			mmap((void *)(va + i * bytes), bytes, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_POPULATE, file, (off_t)offset);

		if (at != (void *)(va + i * bytes))
			return false;
	}
	return true;
}

/* The keys must be 1 to 15: what a case calls key 5 is key 5 of the processor. */
static bool take_keys(void)
{
	u32 taken = 0;

	for (u32 i = 1; i < KEY_NUMBERS; i++) {
		long key = syscall(SYS_pkey_alloc, 0, 0);

		if (key > 0)
			taken |= 1u << key;
	}
	return taken == 0xfffe;
}

/* Where vm.memfd_noexec is 2, Linux wants it said that nobody executes the file; old ones refuse
 * it. */
static int memory_file(u64 bytes, u32 flags)
{
	int file = (int)syscall(SYS_memfd_create, "keyward", flags | NOEXEC_SEAL);

	if (file < 0)
		file = (int)syscall(SYS_memfd_create, "keyward", flags);
	if (file >= 0 && ftruncate(file, (off_t)bytes)) {
		close(file);
		return -1;
	}
	return file;
}

/* Makes the block, a file, and maps it with key 0 for the suite; false if Linux refuses. */
static bool make_block(struct size_memory *size, u32 flags)
{
	size->file = memory_file(BLOCK_SIZE, flags);
	if (size->file < 0)
		return false;
	size->block = mmap(NULL, BLOCK_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			   size->file, 0);
	if (size->block == MAP_FAILED)
		return false;
	*(u16 *)(size->block + CODE_PAGE + AT_CODE) = JMP_RBX;
	return true;
}

/* Maps the row of a case of key 0, whose page is the second, where the plan has it. */
static bool make_row(const struct mcase *c)
{
	const struct size_memory *size = &sizes[c->v[AXIS_SIZE]];
	struct row_memory *row = row_of(c);

	row->size = size;
	row->va = ALIGN_DOWN(case_address(c), size->page) - size->page;
	for (u32 i = 0; i < ROW_PAGES; i++)
		row->prot[i] = PROT_READ | PROT_WRITE;
	return map_at(row->va, size->page, size->file, 0, ROW_PAGES);
}

static bool make_size(enum size size, u32 flags)
{
	struct mcase c = { .v = { [AXIS_SIZE] = size, [AXIS_KEY] = KEY_NUMBERS - 1 } }, c_32 = c;

	c.v[AXIS_MODE] = MODE_USER;
	c_32.v[AXIS_MODE] = MODE_COMPAT;
	return make_block(&sizes[size], flags) && make_row(&c) && make_row(&c_32);
}

/* The code, at the address where user mode has it on the bare CPU too; and the scratch page. */
static bool map_text(void)
{
	u64 bytes = (u64)(matrix_text_end - matrix_text);
	int file = memory_file(bytes, 0);

	tables.scratch = (u8 *)VA_SCRATCH;
	if (file < 0 || pwrite(file, matrix_text, bytes, 0) != (ssize_t)bytes)
		return false;
	return mmap((void *)VA_TEXT, bytes, PROT_READ | PROT_EXEC,
		    MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_POPULATE, file, 0) == (void *)VA_TEXT &&
	       map_at(VA_SCRATCH, 4096, memory_file(4096, 0), 0, 1);
}

const char *pages_setup(void)
{
	if (!take_keys())
		return "pkey_alloc() does not give this process the keys 1 to 15";
	if (!map_text())
		return "the addresses of the matrix's code are taken or forbidden "
		       "(vm.mmap_min_addr must be 65536 or less)";
	if (!make_size(SIZE_4K, 0))
		return "the addresses of the matrix's pages are taken";
	machine_can.process_sizes = 1u << SIZE_4K;
	if (syscall(SYS_pkey_mprotect, VA_SCRATCH, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, 0))
		return "Linux refuses a page that is writable and executable (SELinux, "
		       "MemoryDenyWriteExecute)";
	if (make_size(SIZE_2M, MFD_HUGETLB | HUGE_2MB))
		machine_can.process_sizes |= 1u << SIZE_2M;
	return NULL;
}

void pages_row(const struct mcase *row)
{
	current = row_of(row);
	tables.block = current->size->block;
}

static void must(bool done, const char *what)
{
	if (done)
		return;
	perror(what);
	announce_under_way();
	exit(3);
}

/* Makes page `i` of the row what its entry says. */
static void make_page(struct row_memory *row, u32 i)
{
	u64 entry = tables.entries[row->size->table][i], bytes = row->size->page;
	u64 va = row->va + i * bytes;
	int prot = entry & PTE_P ? PROT_READ : PROT_NONE, key = (int)(entry >> 59 & 15);
	int offset = (int)(bytes == 4096 ? entry & CODE_PAGE : 0);

	if (prot && entry & PTE_W)
		prot |= PROT_WRITE;
	if (prot && !(entry & PTE_NX))
		prot |= PROT_EXEC;
	if (offset != row->offset[i]) {
		must(mmap((void *)va, bytes, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_FIXED | MAP_POPULATE, row->size->file,
			  offset) != MAP_FAILED,
		     "mmap");
		row->offset[i] = offset;
		row->prot[i] = -1;
	}
	if (prot == row->prot[i] && key == row->key[i])
		return;
	must(!syscall(SYS_pkey_mprotect, va, bytes, prot, key), "pkey_mprotect");
	row->prot[i] = prot;
	row->key[i] = key;
}

void pages_make(void)
{
	for (u32 i = 0; i < ROW_PAGES; i++)
		make_page(current, i);
}

bool pages_touch(u64 va)
{
	u64 page = (va - current->va) / current->size->page;

	if (page >= ROW_PAGES || current->prot[page] == PROT_NONE)
		return false;
	(void)*(volatile u8 *)va;
	return true;
}

int pages_key(u64 va)
{
	u64 page = (va - current->va) / current->size->page;

	return page < ROW_PAGES ? current->key[page] : -1;
}
