// SPDX-License-Identifier: MIT
/* A program that raises an exception ends alone, whichever it is. */
#define KTEST_SUITE "user"

#include "kernel/cpu/insn.h"
#include "kernel/exception.h"
#include "kernel/lib/string.h"
#include "tests/harness/access.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/user.h"
#include "tests/kernel/death.h"

#define IDT_BIT 2 /* SDM Vol. 3A, "Error Code": the index in bits 15:3 is the vector */
#define X86_AC  17

static const struct {
	void (*program)(u64);
	u64 vector, error;
} deaths[] = {
	{ user_divide, X86_DE, 0 }, { user_break, X86_BP, 0 }, { user_opcode, X86_UD, 0 },
	{ user_float, X86_NM, 0 },  { user_halt, X86_GP, 0 },
};

static void expect_death(struct uspace *us, void (*program)(u64), u64 vector, u64 error)
{
	struct thread_end end = run_in_user_mode(us, program, 0);

	EXPECT(end.died);
	EXPECT_VECTOR(end.fault, vector, error, "the program's own exception");
	EXPECT_EQ(end.fault.addr, 0); /* CR2 is for page faults */
	EXPECT(end.why && !strcmp(end.why, exception_name(vector)));
	EXPECT(end.rip - (u64)program < 64);
}

static void end_programs(void *cpu)
{
	struct uspace us;

	REQUIRE(!uspace_create(&us));
	for (u32 i = 0; i < ARRAY_SIZE(deaths); i++) {
		expect_death(&us, deaths[i].program, deaths[i].vector, deaths[i].error);
		check_cpu(cpu);
	}
	uspace_destroy(&us);
}

static void each_exception_kills_only_its_program(void)
{
	percpu_run_on(cpus[cpu_count - 1], end_programs, cpus[cpu_count - 1]);
	percpu_run_on(cpus[0], end_programs, cpus[0]);
}
KTEST(each_exception_kills_only_its_program, KT_STRESS);

static void use_kernel_gate(void *cpu)
{
	struct uspace us;

	REQUIRE(!uspace_create(&us));
	expect_death(&us, user_int, X86_GP, X86_OF << 3 | IDT_BIT);
	check_cpu(cpu);
	uspace_destroy(&us);
}

/* INT 4: only #BP's gate has DPL 3. */
static void an_int_through_a_kernel_gate_kills_its_program(void)
{
	percpu_run_on(cpus[cpu_count - 1], use_kernel_gate, cpus[cpu_count - 1]);
}
KTEST(an_int_through_a_kernel_gate_kills_its_program, 0);

static void misalign(void *cpu)
{
	u64 cr0 = read_cr0();
	struct uspace us;

	REQUIRE(!uspace_create(&us));
	write_cr0(cr0 | CR0_AM);
	expect_death(&us, user_misalign, X86_AC, 0);
	write_cr0(cr0);
	check_cpu(cpu);
	EXPECT(!run_in_user_mode(&us, user_misalign, 0).died);
	uspace_destroy(&us);
}

/* SDM Vol. 3A, "Alignment Checking": at CPL 3, with CR0.AM and EFLAGS.AC. */
static void a_misaligned_access_kills_its_program_if_asked(void)
{
	percpu_run_on(cpus[cpu_count - 1], misalign, cpus[cpu_count - 1]);
}
KTEST(a_misaligned_access_kills_its_program_if_asked, 0);
