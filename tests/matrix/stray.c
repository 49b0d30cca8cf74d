// SPDX-License-Identifier: MIT
/* What ends the matrix: exceptions that belong to no access, or to one that does not end. */
#include "kernel/console/panic.h"
#include "kernel/cpu/insn.h"
#include "tests/matrix/announce.h"
#include "tests/matrix/cpu.h"

/*
 * Leaves the matrix's state and panics. The registers may hold anything, so that all are written.
 * If the way out is barred too, the next exception comes back here: then the machine is reset, by
 * tables that map nothing, rather than kept busy for ever.
 */
static _Noreturn void give_up(const char *what, u64 vector, u64 error, u64 rip, u64 cr2)
{
	static bool given_up;

	if (given_up)
		write_cr3(0);
	given_up = true;
	home->has_pkrs = false;
	cpu_now.cr0 = read_cr0();
	cpu_now.cr4 = read_cr4();
	cpu_now.pkru = ~0u;
	cpu_now.pkrs = ~(u32)this_cpu()->pkrs;
	machine_leave();
	announce_under_way();
	panic("matrix: %s: vector %lu (error %lx, CR2 %p) at %p"
	      "S",
	      what, vector, error, (void *)cr2, (void *)rip);
}

void matrix_stray(void)
{
	give_up("an exception outside of an access", home->vector, home->error, home->rip,
		home->cr2);
}

void matrix_endless(u64 vector, u64 error, u64 rip)
{
	give_up("one access raises exceptions without end", vector, error, rip, read_cr2());
}
