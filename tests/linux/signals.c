// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "tests/linux/signals.h"

#include <asm/prctl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "kernel/console/console.h"
#include "tests/matrix/announce.h"

/* Linux's selector for 64-bit code, from arch/x86/include/asm/segment.h. */
enum { CS_64 = 0x33 };

static u8 alternate_stack[65536] __attribute__((aligned(4096)));

/*
 * The access that is being made; NULL as soon as it has raised its signal. signals_shoot() writes
 * it before the access, on_fault() after; the program has one thread.
 */
static struct linux_way *volatile under_way;
static struct signalled signalled; /* on_fault() writes it before signals_shoot() reads it */

/* Accesses: signals_shoot() counts them, and on_tick(), which may interrupt it anywhere, reads. */
static volatile u64 ended;
static u64 ended_at_tick = ~0ull; /* on_tick() alone */

static u64 own_fs; /* signals_catch() alone writes it */

/* Sets the base of FS, where libc has its own data: without libc. */
static void set_fs(u64 base)
{
	long result;

	asm volatile("syscall"
		     : "=a"(result)
		     : "0"(SYS_arch_prctl), "D"(ARCH_SET_FS), "S"(base)
		     : "rcx", "r11", "memory");
}

static _Noreturn void give_up(const char *what, const greg_t *r)
{
	set_fs(own_fs);
	pr("    # linux-pku: %s; RIP %p, RSP %p\n", what, (void *)r[REG_RIP], (void *)r[REG_RSP]);
	announce_under_way();
	_exit(3);
}

/* Goes back to signals_shoot(), by way of linux_back(). */
static void go_back(greg_t *r, const struct linux_way *way)
{
	r[REG_RIP] = (greg_t)linux_back;
	r[REG_RSP] = (greg_t)way->back;
	r[REG_CSGSFS] = (r[REG_CSGSFS] & ~0xffffll) | CS_64;
	r[REG_EFL] = 2;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	struct linux_way *way = under_way;

	(void)number;
	set_fs(own_fs);
	if (!way)
		give_up("a fault outside of an access", r);
	under_way = NULL;
	signalled = (struct signalled){
		.vector = (u32)r[REG_TRAPNO],
		.error = (u32)r[REG_ERR],
		.cr2 = (u64)r[REG_CR2],
		.rip = (u64)r[REG_RIP],
		.cs = (u64)r[REG_CSGSFS] & 0xffff,
		.registers = { .rbx = (u64)r[REG_RBX],
			       .rsi = (u64)r[REG_RSI],
			       .rdi = (u64)r[REG_RDI],
			       .rsp = (u64)r[REG_RSP],
			       .rcx = (u64)r[REG_RCX] },
		.code = info->si_code,
		.key = info->si_code == SEGV_PKUERR ? (int)info->si_pkey : -1,
	};
	go_back(r, way);
}

static void on_tick(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	if (ended == ended_at_tick)
		give_up("no access ends", ((ucontext_t *)context)->uc_mcontext.gregs);
	ended_at_tick = ended;
}

static void catch (int number, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction action = { .sa_sigaction = handler,
				    .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART };

	sigaction(number, &action, NULL);
}

void signals_catch(u32 limit_ms)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	stack_t alternate = { .ss_sp = alternate_stack, .ss_size = sizeof(alternate_stack) };
	struct timeval each = { limit_ms / 1000, limit_ms % 1000 * 1000 };
	struct itimerval timer = { .it_interval = each, .it_value = each };

	syscall(SYS_arch_prctl, ARCH_GET_FS, &own_fs);
	sigaltstack(&alternate, NULL);
	for (u32 i = 0; i < ARRAY_SIZE(faults); i++)
		catch (faults[i], on_fault);
	catch (SIGPROF, on_tick);
	setitimer(ITIMER_PROF, &timer, NULL); /* the time that the process computes, in Linux too */
}

const struct signalled *signals_shoot(struct linux_way *way)
{
	under_way = way;
	if (way->fs)
		set_fs(way->fs);
	linux_shoot(way);
	ended++;
	return &signalled;
}
