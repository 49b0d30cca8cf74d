/* SPDX-License-Identifier: MIT */
/* Printing while other CPUs print, on a model of their turns, of time and of the interrupt flag. */
#include "tests/host/harness.h"

#include "kernel/cpu/x86.h"
#include "kernel/lib/atomic.h"

/* In place of kernel/cpu/insn.h, spinlock.h and context.h. */
#define KEYWARD_KERNEL_CPU_INSN_H
#define KEYWARD_KERNEL_CPU_SPINLOCK_H
#define KEYWARD_KERNEL_CPU_CONTEXT_H
#define CONTEXT_NMI 0x10000

static struct {
	u64 tsc, flags;
	u32 context;
	u32 turns; /* of other CPUs, before the lock is free */
	u64 turn;  /* TSC ticks that each takes */
	u32 every; /* a text comes with each turn that this divides; 0: never */
	u32 waits, masked_waits, sent;
	jmp_buf stuck;
} model;

static void others_print(void);

static inline u64 rdtsc(void)
{
	return model.tsc;
}

static inline u64 irq_save(void)
{
	u64 flags = model.flags;

	model.flags &= ~(u64)RFLAGS_IF;
	return flags;
}

static inline void irq_restore(u64 flags)
{
	model.flags = flags;
}

static inline void cpu_relax(void)
{
	model.waits++;
	model.masked_waits += !(model.flags & RFLAGS_IF);
	model.tsc += model.turn;
	others_print();
}

struct spinlock {
	bool locked, listed;
};

#define SPIN_TSC_MAX (1ULL << 35)

void spin_stuck(struct spinlock *lock);

static inline bool spin_trylock(struct spinlock *lock)
{
	bool was = lock->locked;

	lock->locked = true;
	return !was;
}

static inline void spin_list(struct spinlock *lock)
{
	lock->listed = true;
}

static inline u64 spin_lock_irqsave(struct spinlock *lock)
{
	u64 flags = irq_save();

	assert_true(spin_trylock(lock));
	spin_list(lock);
	return flags;
}

static inline void spin_unlock_irqrestore(struct spinlock *lock, u64 flags)
{
	assert_true(lock->locked && lock->listed);
	lock->locked = lock->listed = false;
	irq_restore(flags);
}

static inline u32 context_count(void)
{
	return model.context;
}

static inline u8 inb(u16 port)
{
	(void)port;
	return 0xff;
}

static void outb(u16 port, u8 v);

#define pr console_pr
#include "kernel/console/console.c"

void spin_stuck(struct spinlock *lock)
{
	assert_ptr_equal(lock, &console.lock);
	longjmp(model.stuck, 1);
}

static void others_print(void)
{
	if (model.turns && --model.turns == 0)
		console.lock.locked = 0;
	if (model.every && model.waits % model.every == 0)
		console.written += 80;
}

static void outb(u16 port, u8 v)
{
	(void)v;
	assert_int_equal(port, PORT_E9);
	assert_false(model.flags & RFLAGS_IF);
	if (model.context < CONTEXT_NMI)
		assert_int_equal(console.lock.locked, 1);
	model.sent++;
}

/* Prints when the lock comes free after `turns` turns. False: given up. */
static bool print_after(u32 turns, u64 turn, u32 every, u64 flags)
{
	memset(&console, 0, sizeof(console));
	memset(&model, 0, sizeof(model));
	console.e9 = true;
	console.lock.locked = turns != 0;
	model.turns = turns;
	model.turn = turn;
	model.every = every;
	model.flags = flags;
	if (setjmp(model.stuck))
		return false;
	console_pr("four");
	assert_int_equal(model.sent, 4);
	assert_int_equal(console.lock.locked, 0);
	assert_int_equal(model.flags, flags);
	return true;
}

static void a_free_console_prints_at_once(void **state)
{
	(void)state;
	assert_true(print_after(0, 1, 1, RFLAGS_IF));
	assert_int_equal(model.waits, 0);
}

/* 512 CPUs with a second for each wait are no reason to give up; each single text counts as life.
 */
static void others_may_print_for_minutes(void **state)
{
	(void)state;
	assert_true(print_after(512, SPIN_TSC_MAX / 10, 7, RFLAGS_IF));
	assert_int_equal(model.waits, 512);
	assert_true(print_after(512, SPIN_TSC_MAX, 1, 0));
}

/* A holder that prints nothing for that long will not come back. */
static void a_silent_holder_is_given_up(void **state)
{
	(void)state;
	assert_false(print_after(100, SPIN_TSC_MAX / 10, 0, RFLAGS_IF));
	assert_in_range(model.waits, 10, 12);
	assert_true(print_after(9, SPIN_TSC_MAX / 10, 0, RFLAGS_IF));
}

/* So that a CPU which waits to print answers other CPUs meanwhile. */
static void a_waiting_cpu_takes_interrupts(void **state)
{
	(void)state;
	assert_true(print_after(100, 1000, 1, RFLAGS_IF));
	assert_int_equal(model.masked_waits, 0);
	assert_true(print_after(100, 1000, 1, 0));
	assert_int_equal(model.masked_waits, model.waits);
}

static void an_nmi_does_not_wait(void **state)
{
	(void)state;
	memset(&console, 0, sizeof(console));
	memset(&model, 0, sizeof(model));
	console.e9 = true;
	console.lock.locked = 1;
	model.context = CONTEXT_NMI;
	console_pr("four");
	assert_int_equal(model.sent, 4);
	assert_int_equal(model.waits, 0);
	assert_int_equal(console.lock.locked, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_free_console_prints_at_once),
		cmocka_unit_test(others_may_print_for_minutes),
		cmocka_unit_test(a_silent_holder_is_given_up),
		cmocka_unit_test(a_waiting_cpu_takes_interrupts),
		cmocka_unit_test(an_nmi_does_not_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
