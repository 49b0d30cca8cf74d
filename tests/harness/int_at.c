// SPDX-License-Identifier: MIT
#include "tests/harness/int_at.h"
#include "kernel/cpu/insn.h"
#include "tests/harness/inject.h"
#include "tests/harness/ktest.h"
#include "tests/harness/window.h"

#define PLACES_MAX 512
#define INT_BYTES  2          /* CD, vector */
#define IMAGE_MAX  (8u << 20) /* the image stands in the first MiB of RAM */

/* Written by the running test's thread, and by its event alone while that is awaited. */
static struct {
	u64 rip[PLACES_MAX]; /* each instruction once */
	bool irqs_on[PLACES_MAX];
	u32 n;
	u32 calls; /* of int_at_each() */
	u8 *at;    /* INT is there; NULL: it has come */
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

/*
 * Text is read-only, so the window maps it for writing. CR0.WP = 0 would do, but Bochs stops at a
 * write to a read-only page that is not dirty. The write of CR0 makes the CPU fetch the text anew.
 */
static void write_text(const u8 *at, u8 first, u8 second)
{
	volatile u8 *alias = (u8 *)WINDOW + ((u64)at - KERNEL_BASE);

	alias[0] = first;
	alias[1] = second;
	write_cr0(read_cr0());
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
	bool came;

	place.last = rip;
	place.at = (u8 *)rip;
	place.was[0] = place.at[0];
	place.was[1] = place.at[1];
	write_text(place.at, 0xcd, (u8)vector);
	fn(arg);
	came = !place.at;
	if (!came)
		take_away();
	return came;
}

bool int_at_possible(void)
{
	if (options.trace)
		ktest_skip("with trace=on an interrupt's entry runs the code under test");
	return !options.trace;
}

/* Whether the INT's second byte would stand in an instruction that the run executes before it. */
static bool breaks_another(u32 i)
{
	for (u32 k = 0; k < i; k++)
		if (place.rip[k] == place.rip[i] + 1)
			return true;
	return false;
}

u32 int_at_each(void (*fn)(void *), void *arg, u32 vector, trap_hook_t hook, void (*after)(void))
{
	trap_hook_t before = trap_hook_set(vector, take);
	u32 events = 0;

	if (!window_map(0, 0, IMAGE_MAX, PTE_RW_DATA, 2))
		return 0;
	place.n = 0;
	place.hook = hook;
	single_step(fn, arg, note);
	after();
	for (u32 i = 0, n = place.calls++; i < place.n; i++) {
		if (vector != X86_NMI && !place.irqs_on[i])
			continue;
		if (place.rip[i] >= (u64)single_step && place.rip[i] < (u64)single_step + 256)
			continue; /* the ends of the stepped run */
		if (breaks_another(i))
			continue;
		if (n++ % ktest_part(INT_AT_PART))
			continue;
		events += run_with_int(fn, arg, place.rip[i], vector);
		after();
	}
	trap_hook_set(vector, before);
	window_clear();
	return events;
}
