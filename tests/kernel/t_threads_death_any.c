// SPDX-License-Identifier: MIT
/*
 * Deaths of exceptions that no instruction raises here, or none in every emulator: the test enters
 * the kernel with the frame that the CPU would push. What this cannot know: which error code a CPU
 * pushes; EXCEPTIONS_WITH_ERROR is the manual's.
 */
#define KTEST_SUITE "threads"

#include "kernel/cpu/insn.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/exception.h"
#include "kernel/lib/string.h"
#include "tests/harness/expect.h"
#include "tests/harness/percpu_run.h"
#include "tests/kernel/death.h"

#define X86_SS    12
#define STUB_SIZE 16

/* SDM Vol. 3A, "Exception and Interrupt Reference"; #VC and #SX: AMD's manual. */
#define EXCEPTIONS_WITH_ERROR \
	(1u << X86_DF | 0x1fu << 10 | 1u << 17 | 1u << 21 | 1u << 29 | 1u << 30)
/* Not here: those that enter on a stack of their own, and #PF, whose error code means something. */
#define NOT_HERE (1u << X86_NMI | 1u << X86_DF | 1u << X86_MC | 1u << X86_PF)

/* Odd and even, high and low bits. */
static u64 error_of(u64 vector)
{
	return EXCEPTIONS_WITH_ERROR >> vector & 1 ? 0x8000 + 37 * vector : 0;
}

/* Raises an exception as the CPU does: SDM Vol. 3A, "64-Bit Mode Stack Frame". */
static __attribute__((noinline)) void raise(u64 vector)
{
	u64 has_error = EXCEPTIONS_WITH_ERROR >> vector & 1;

	asm volatile("mov %%rsp, %%rax\n\t"
		     "and $-16, %%rsp\n\t"
		     "push %[ss]\n\t"
		     "push %%rax\n\t"
		     "pushfq\n\t"
		     "cli\n\t"
		     "push %[cs]\n\t"
		     "lea 2f(%%rip), %%rax\n\t"
		     "push %%rax\n\t"
		     "test %[has], %[has]\n\t"
		     "jz 1f\n\t"
		     "push %[error]\n"
		     "1: jmp *%[stub]\n"
		     "2:"
		     :
		     : [ss] "i"(SEL_KERNEL_DS), [cs] "i"(SEL_KERNEL_CS), [has] "r"(has_error),
		       [error] "r"(error_of(vector)), [stub] "r"(trap_stubs + vector * STUB_SIZE)
		     : "rax", "memory", "cc");
}

static int raise_in_thread(void *vector)
{
	raise((u64)vector);
	return 0;
}

static void die_of(u64 vector, struct cpu *cpu)
{
	struct thread *t = doomed(cpu, raise_in_thread, (void *)vector);
	struct thread_end end;

	REQUIRE(t);
	thread_launch(t);
	end = thread_join(t);
	EXPECT(end.died);
	EXPECT_VECTOR(end.fault, vector, error_of(vector), "no handler: the thread ends");
	EXPECT_EQ(end.fault.addr, 0);
	EXPECT(end.why && !strcmp(end.why, exception_name(vector)));
	percpu_run_on(cpu, check_cpu, cpu);
}

static struct {
	u64 vector, error;
	u32 count;
} handled;

static bool handle(struct regs *regs)
{
	handled.vector = regs->vector;
	handled.error = regs->error;
	handled.count++;
	return true;
}

/* A hook that handles it, whose thread then goes on with its own stack and flags. */
static void be_handled(u64 vector)
{
	trap_hook_t before = trap_hook_set((u32)vector, handle);
	u64 flags = read_flags() & ~(u64)0x8d5; /* but those of the arithmetic */

	handled.count = 0;
	raise(vector);
	trap_hook_set((u32)vector, before);
	EXPECT_EQ(read_flags() & ~(u64)0x8d5, flags);
	EXPECT_EQ(handled.count, 1);
	EXPECT_EQ(handled.vector, vector);
	EXPECT_EQ(handled.error, error_of(vector));
}

static void any_exception_that_nothing_handles_ends_its_thread(void)
{
	for (u64 vector = 0; vector < X86_EXCEPTIONS; vector++) {
		if (NOT_HERE >> vector & 1)
			continue;
		be_handled(vector);
		die_of(vector, cpus[0]);
		die_of(vector, cpus[cpu_count - 1]);
	}
}
KTEST(any_exception_that_nothing_handles_ends_its_thread, KT_STRESS);

static u64 stack_descriptor; /* of this CPU; written by the thread that dies */

/* The return from any trap would load it again. */
static bool put_back(struct regs *regs)
{
	(void)regs;
	this_cpu()->gdt[SEL_KERNEL_DS / 8] = stack_descriptor;
	return false;
}

static int load_absent_stack(void *arg)
{
	(void)arg;
	irq_disable();
	stack_descriptor = this_cpu()->gdt[SEL_KERNEL_DS / 8];
	this_cpu()->gdt[SEL_KERNEL_DS / 8] &= ~(1ULL << 47); /* P */
	asm volatile("mov %0, %%ss" : : "r"(SEL_KERNEL_DS) : "memory");
	return 0;
}

/* SDM Vol. 2B, "MOV": #SS(selector) if the descriptor is not present. */
static void a_stack_segment_that_is_not_present_ends_the_thread(void)
{
	trap_hook_t before = trap_hook_set(X86_SS, put_back);

	for (u32 last = 0; last <= 1; last++) {
		struct cpu *cpu = cpus[last ? cpu_count - 1 : 0];
		struct thread *t = doomed(cpu, load_absent_stack, NULL);
		struct thread_end end;

		REQUIRE(t);
		thread_launch(t);
		end = thread_join(t);
		EXPECT(end.died);
		EXPECT_VECTOR(end.fault, X86_SS, SEL_KERNEL_DS, "P = 0 in SS's descriptor");
		percpu_run_on(cpu, check_cpu, cpu);
	}
	trap_hook_set(X86_SS, before);
}
KTEST(a_stack_segment_that_is_not_present_ends_the_thread, KT_STRESS);
