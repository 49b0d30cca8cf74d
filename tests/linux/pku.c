// SPDX-License-Identifier: MIT
/*
 * The machine of the matrix that an ordinary Linux process is: user mode, user keys. The page
 * tables are the matrix's own plan; machine_flush() and machine_invlpg() make the process's memory
 * so, by mprotect and pkey_mprotect. What the processor did comes out of the signal: error code,
 * CR2, RIP and registers as the processor left them.
 *
 * Linux must keep: key 0, on which the process itself lives, is never denied. What a process cannot
 * see or set (accessed and dirty flags, CR0, CR4, U/S, reserved bits) is in no case.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "kernel/cpu/pte.h"
#include "tests/linux/shoot.h"
#include "tests/matrix/home.h"
#include "tests/matrix/machine.h"
#include "tests/matrix/tables.h"

struct machine_can machine_can;

/* Linux's selectors for user mode, from arch/x86/include/asm/segment.h. */
enum { CS_64 = 0x33, CS_32 = 0x23, SS = 0x2b };
enum { VECTOR_GP = 13, VECTOR_PF = 14 };
enum { ERROR_P = 1, ERROR_PK = 32 };

/* The code that is fetched: it continues at the address in RBX. */
#define JMP_RBX 0xe3ff

static u64 entries[TABLES][512];
static u8 alternate_stack[65536] __attribute__((aligned(4096)));
static struct linux_way way;

/* What the signal said. */
static struct {
	u32 vector, error;
	u64 cr2, rip, cs, rbx, rsp;
	int code, key;
} came;

/* A row of 18 pages, as it is now: the protection, key and place in the block of each page. */
struct row_memory {
	u64 va, page;
	enum table table;
	int file;
	u8 *block;
	int prot[ROW_PAGES], key[ROW_PAGES], offset[ROW_PAGES];
};
static struct row_memory rows[SIZES] = {
	[SIZE_4K] = { .va = VA_4K, .page = 4096, .table = TABLE_PT_4K },
	[SIZE_2M] = { .va = VA_2M, .page = 2ul << 20, .table = TABLE_PD_2M },
};

static void on_signal(int number, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)number;
	came.vector = (u32)r[REG_TRAPNO];
	came.error = (u32)r[REG_ERR];
	came.cr2 = (u64)r[REG_CR2];
	came.rip = (u64)r[REG_RIP];
	came.cs = (u64)r[REG_CSGSFS] & 0xffff;
	came.rbx = (u64)r[REG_RBX];
	came.rsp = (u64)r[REG_RSP];
	came.code = info->si_code;
	came.key = info->si_code == SEGV_PKUERR ? (int)info->si_pkey : -1;
	r[REG_RIP] = (greg_t)linux_back;
	r[REG_RSP] = (greg_t)way.back;
	r[REG_CSGSFS] = (r[REG_CSGSFS] & ~0xffffll) | CS_64;
	r[REG_EFL] = 2;
}

static void catch_signals(void)
{
	static const int numbers[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	stack_t alternate = { .ss_sp = alternate_stack, .ss_size = sizeof(alternate_stack) };
	struct sigaction action = { .sa_sigaction = on_signal,
				    .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaltstack(&alternate, NULL);
	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++)
		sigaction(numbers[i], &action, NULL);
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

static int memory_file(u64 bytes, u32 flags)
{
	int file = (int)syscall(SYS_memfd_create, "keyward", flags);

	if (file >= 0 && ftruncate(file, (off_t)bytes)) {
		close(file);
		return -1;
	}
	return file;
}

/* Maps a file of 2 MiB as the block of one size's row, and once more with key 0 for the suite. */
static u8 *make_block(struct row_memory *row, u32 flags)
{
	int file = memory_file(BLOCK_SIZE, flags);
	u8 *block = MAP_FAILED;

	if (file >= 0)
		block = mmap(NULL, BLOCK_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			     file, 0);
	if (block == MAP_FAILED || !map_at(row->va, row->page, file, 0, ROW_PAGES))
		return NULL;
	row->file = file;
	for (u32 i = 0; i < ROW_PAGES; i++) {
		row->prot[i] = PROT_READ | PROT_WRITE;
		row->key[i] = row->offset[i] = 0;
	}
	*(u16 *)(block + CODE_PAGE + AT_CODE) = JMP_RBX;
	return row->block = block;
}

/* The code, at the address where user mode has it on the bare CPU too; and the scratch page. */
static bool map_text(void)
{
	u64 bytes = (u64)(matrix_text_end - matrix_text);
	int file = memory_file(bytes, 0);

	if (file < 0 || pwrite(file, matrix_text, bytes, 0) != (ssize_t)bytes)
		return false;
	return mmap((void *)VA_TEXT, bytes, PROT_READ | PROT_EXEC,
		    MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_POPULATE, file, 0) == (void *)VA_TEXT &&
	       map_at(VA_SCRATCH, 4096, memory_file(4096, 0), 0, 1);
}

const char *machine_setup(void)
{
	machine_can = (struct machine_can){ .pku = true, .process = true, .needs = 1 };
	for (u32 i = 0; i < TABLES; i++)
		tables.entries[i] = entries[i];
	tables_link();
	if (!take_keys())
		return "pkey_alloc() does not give this process the keys 1 to 15";
	if (!map_text())
		return "the addresses of the matrix's code are taken or forbidden "
		       "(vm.mmap_min_addr must be 65536 or less)";
	if (!make_block(&rows[SIZE_4K], 0))
		return "the addresses of the matrix's pages are taken";
	machine_can.process_sizes = 1u << SIZE_4K;
	if (make_block(&rows[SIZE_2M], MFD_HUGETLB))
		machine_can.process_sizes |= 1u << SIZE_2M;
	catch_signals();
	return NULL;
}

/* The process ends soon. */
void machine_teardown(void)
{
}

void machine_enter(u32 levels)
{
	(void)levels;
}

void machine_leave(void)
{
}

void machine_control(const struct control *control)
{
	(void)control; /* PKRU is loaded with each access, and the rest is Linux's */
}

void machine_home_key(u32 key)
{
	if (key) {
		fprintf(stderr, "a case denies key 0, on which this process lives\n");
		exit(2);
	}
}

static struct row_memory *current = &rows[SIZE_4K];

void machine_row(const struct mcase *row)
{
	current = &rows[row->v[AXIS_SIZE]];
	tables.block = current->block;
}

/* Makes page `i` of the row what its entry says. */
static void make_page(struct row_memory *row, u32 i)
{
	u64 entry = tables.entries[row->table][i], va = row->va + i * row->page;
	int prot = entry & PTE_P ? PROT_READ : PROT_NONE, key = (int)(entry >> 59 & 15);
	int offset = (int)(row->page == 4096 ? entry & CODE_PAGE : 0);

	if (prot && entry & PTE_W)
		prot |= PROT_WRITE;
	if (prot && !(entry & PTE_NX))
		prot |= PROT_EXEC;
	if (offset != row->offset[i]) {
		mmap((void *)va, row->page, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_FIXED | MAP_POPULATE, row->file, offset);
		row->prot[i] = -1;
	}
	row->offset[i] = offset;
	if (prot == row->prot[i] && key == row->key[i])
		return;
	if (syscall(SYS_pkey_mprotect, va, row->page, prot, key)) {
		perror("pkey_mprotect");
		exit(2);
	}
	row->prot[i] = prot;
	row->key[i] = key;
}

void machine_flush(void)
{
	for (u32 i = 0; i < ROW_PAGES; i++)
		make_page(current, i);
}

void machine_invlpg(u64 va)
{
	make_page(current, (u32)((va - current->va) / current->page));
}

static u64 text_at(u64 code)
{
	return code - (u64)matrix_text + VA_TEXT;
}

static void aim(const struct shot *s)
{
	const struct shot_code *code = &matrix_shots[s->kind];

	way.rbx = s->kind == KIND_FETCH ? text_at(code->end - 2) : MATRIX_OPERAND;
	way.rsi = s->kind == KIND_LODS ? s->address : MATRIX_PATTERN;
	way.rdi = s->address;
	way.rsp = VA_SCRATCH + 4096;
	if (matrix_kinds[s->kind].group == GROUP_STACK)
		way.rsp = s->address;
	if (s->kind == KIND_PUSH)
		way.rsp += s->mode == MODE_COMPAT ? 4 : 8;
	way.rip = (u32)text_at(code->start);
	way.cs = s->mode == MODE_COMPAT ? CS_32 : CS_64;
	way.pkru = s->pkru & ~3u;
}

/* INT has no gate for user mode: #GP at the INT. */
static bool is_done(const struct shot *s)
{
	return came.vector == VECTOR_GP && came.rip == text_at(matrix_shots[s->kind].end - 2);
}

/*
 * Linux's own words about a page fault must agree with the processor's. Where the page is absent
 * Linux looks at the key too, and the processor does not.
 */
static bool linux_agrees(void)
{
	bool by_key = came.error & ERROR_PK, says_key = came.code == SEGV_PKUERR;
	u64 page = (came.cr2 - current->va) / current->page;

	if (came.vector != VECTOR_PF)
		return true;
	if (by_key != says_key && (by_key || came.error & ERROR_P))
		return false;
	return !by_key || page >= ROW_PAGES || came.key == current->key[page];
}

struct landing machine_landing(u32 kind, u32 mode, bool first)
{
	(void)first; /* a process makes no runs */
	return (struct landing){ .rip = text_at(matrix_shots[kind].end - 2),
				 .cs = mode == MODE_COMPAT ? CS_32 : CS_64,
				 .ss = SS };
}

void machine_shoot(const struct shot *s, struct outcome *o)
{
	u64 access = text_at(matrix_shots[s->kind].access);
	bool done;

	aim(s);
	linux_shoot(&way);
	done = is_done(s);
	*o = (struct outcome){
		.vector = done ? SHOT_DONE : came.vector,
		.error = came.error,
		.cr2 = came.cr2,
		.pkrs = s->pkrs,
		.value = (u32)came.rbx,
		.rsp_moved = (int)(came.rsp - way.rsp),
		.rip_right = done || came.rip == (s->kind == KIND_FETCH ? s->address : access),
	};
	if (!linux_agrees() || came.cs != way.cs)
		o->vector = 0;
}
