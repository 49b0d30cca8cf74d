// SPDX-License-Identifier: MIT
#include "tests/harness/int_at.h"
#include "kernel/cpu/insn.h"
#include "tests/harness/inject.h"
#include "tests/harness/ktest.h"

#define PLACES_MAX 512
#define INT_BYTES  2 /* CD, vector */

/* Written by the running test's thread, and by its event alone while that is awaited. */
static struct {
	u64 rip[PLACES_MAX]; /* each instruction once */
	bool irqs_on[PLACES_MAX];
	u32 n;
	u8 *at; /* INT is there; NULL: it has come */
	u8 was[INT_BYTES];
	u64 last;
	trap_hook_t hook;
} place;

u64 int_at_last(void)
{
	return place.last;
}

static bool note(struct regs *regs)
{
	for (u32 i = 0; i < place.n; i++)
		if (place.rip[i] == regs->rip)
			return true;
	if (place.n < PLACES_MAX) {
		place.irqs_on[place.n] = regs->rflags & RFLAGS_IF;
		place.rip[place.n++] = regs->rip;
	}
	return true;
}

/* Text is read-only. The last write of CR0 also makes the CPU fetch it anew. */
static void write_text(volatile u8 *at, u8 first, u8 second)
{
	u64 flags = irq_save(), cr0 = read_cr0();

	write_cr0(cr0 & ~(u64)CR0_WP);
	at[0] = first;
	at[1] = second;
	write_cr0(cr0);
	irq_restore(flags);
}

static void take_away(void)
{
	write_text(place.at, place.was[0], place.was[1]);
	place.at = NULL;
}

static bool take(struct regs *regs)
{
	if (!place.at || regs->rip != (u64)place.at + INT_BYTES)
		return false;
	take_away();
	regs->rip -= INT_BYTES;
	return place.hook(regs);
}

/* True if the run came to the place. */
static bool run_with_int(void (*fn)(void *), void *arg, u64 rip, u32 vector)
{
	place.last = rip;
	place.at = (u8 *)rip;
	place.was[0] = place.at[0];
	place.was[1] = place.at[1];
	write_text(place.at, 0xcd, (u8)vector);
	fn(arg);
	if (!place.at)
		return true;
	take_away();
	return false;
}

u32 int_at_each(void (*fn)(void *), void *arg, u32 vector, trap_hook_t hook, void (*after)(void))
{
	trap_hook_t before = trap_hook_set(vector, take);
	u32 events = 0;

	place.n = 0;
	place.hook = hook;
	single_step(fn, arg, note);
	after();
	for (u32 i = 0; i < place.n; i++) {
		if (vector != X86_NMI && !place.irqs_on[i])
			continue;
		if (place.rip[i] >= (u64)single_step && place.rip[i] < (u64)single_step + 256)
			continue; /* the ends of the stepped run */
		events += run_with_int(fn, arg, place.rip[i], vector);
		after();
	}
	trap_hook_set(vector, before);
	return events;
}
