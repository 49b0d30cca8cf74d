// SPDX-License-Identifier: MIT
#include "tests/matrix/cpu_run.h"
#include "tests/matrix/tables.h"

_Static_assert(VA_RUN == VA_SCRATCH + RUN_AT, "CPL 3 has the home's scratch page there");

/* As a stack cache is filled by one access, used by the next, and used wrongly by the last. */
#define PASSES 2

static struct run_access aimed_at(u64 target)
{
	return (struct run_access){ target, home->new_rsp, home->rbx, home->rsi, home->rdi };
}

void cpu_run_aim(const struct shot *s)
{
	struct run *run = (struct run *)(home->scratch + RUN_AT);
	u64 start = matrix_run_shots[s->first].start;
	struct shot first = *s;

	first.kind = s->first;
	first.address = s->first_address;
	run->last = aimed_at(home->target);
	if (s->mode != MODE_KERNEL)
		start = start - (u64)matrix_run_text + VA_RUN_TEXT;
	cpu_load_address(&first, true);
	run->first = aimed_at(start);
	run->passes = PASSES;
	run->pkru = s->pkru;
	run->pkrs = s->pkrs;
	run->write_pkru = cpu_now.cr4 & CR4_PKE && s->first_pkru != s->pkru;
	run->write_pkrs = machine_can.pks && s->first_pkrs != s->pkrs;
	home->target = home->frame[0] = start;
	home->pkrs = s->first_pkrs;
	home->pkru = s->first_pkru;
	home->write_pkrs = machine_can.pks && s->first_pkrs != cpu_now.pkrs;
	home->write_pkru |= run->write_pkru; /* the exit restores it */
	home->open_pkrs = (s->first_pkrs | s->pkrs) & 3;
	cpu_now.aimed.kind = KINDS; /* the home fits no other shot */
}
