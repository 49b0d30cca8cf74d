// SPDX-License-Identifier: MIT
/*
 * Stray writes from another CPU, and from interrupts that it sends while the store's writer works:
 * in mode STRICT each is refused. What this cannot know: which instructions they hit. Emulators
 * take interrupts between blocks of code only; t_stray_int.c has an event at each instruction.
 */
#define KTEST_SUITE "stray"

#include "kernel/apic.h"
#include "kernel/cpu/x86.h"
#include "kernel/exception.h"
#include "kernel/lib/atomic.h"
#include "kernel/sched.h"
#include "pks/policy/fault.h"
#include "tests/harness/expect.h"
#include "tests/harness/percpu_run.h"
#include "tests/stray/arm_list.h"
#include "tests/stray/shot.h"
#include "tests/stray/victim.h"

#define OPERATIONS 2000 /* a fifth of it in a brief run */

/*
 * `stray` is the shooter's: it fills it and waits until `hit` is clear again, which the interrupt
 * on the writer's CPU does. The writer sets `stop`.
 */
static struct {
	struct victim victim;
	struct stray stray;
	struct cpu *target;
	u64 seed, shots, landed, wrong, interrupts;
	bool hit, stop;
} game;

static void shoot(void)
{
	const struct stray *s = &game.stray;
	char *to = stray_range_at(((u64)s->page << PAGE_SHIFT) + s->offset);
	const void *reached;
	struct fault f;

	if (s->kind == STRAY_AFTER_FREE)
		to = (char *)stray_range_use(s->page) + s->offset;
	f = shot(to - s->before, s->bytes, s->before + s->length, s->kind == STRAY_OVERRUN,
		 &reached);
	game.landed += f.vector == FAULT_NONE;
	game.wrong += f.vector != FAULT_NONE &&
		      (f.vector != X86_PF || f.addr != (u64)to || reached != to);
}

static bool in_interrupt(struct regs *regs)
{
	(void)regs;
	shoot();
	game.interrupts++;
	smp_store_release(&game.hit, false);
	return true;
}

static int shooter(void *arg)
{
	(void)arg;
	thread_pin(cpus[cpu_count - 1]);
	for (u64 n = 0; !smp_load_acquire(&game.stop); n++) {
		stray_draw(&game.stray, game.seed, n);
		if (n & 1) {
			shoot();
		} else {
			smp_store_release(&game.hit, true);
			apic_send_ipi(game.target->apic_id, VECTOR_TEST);
			while (smp_load_acquire(&game.hit))
				cpu_relax();
		}
		game.shots++;
	}
	return 0;
}

static void work(void)
{
	u32 n = OPERATIONS / ktest_part(5);

	for (u32 i = 0; i < n && EXPECT(victim_work(&game.victim, random_next())); i++)
		continue;
}

static void work_under_fire(void)
{
	struct thread *t = thread_prepare("shooter", shooter, NULL);

	if (!EXPECT(t))
		return;
	t->pinned = NULL;
	thread_launch(t);
	work();
	smp_store_release(&game.stop, true);
	thread_join(t);
}

static void play(const struct stray_arm *arm)
{
	struct victim_damage damage;
	trap_hook_t before;

	game.seed = random_next();
	game.target = this_cpu();
	game.shots = game.landed = game.wrong = game.interrupts = 0;
	game.hit = game.stop = false;
	if (!stray_range_get(arm))
		return;
	stray_range_clear();
	before = trap_hook_set(VECTOR_TEST, in_interrupt);
	if (victim_start(&game.victim, game.seed))
		work_under_fire();
	percpu_drain_interrupts();
	trap_hook_set(VECTOR_TEST, before);
	EXPECT_EQ(stray_range_damaged(), 0);
	damage = victim_verify(&game.victim.knows);
	EXPECT(!damage.refused && !damage.unclean);
	EXPECT_EQ(damage.records, 0);
	stray_range_put();
}

static void another_cpu_hits_nothing_at_any_time(void)
{
	const struct stray_arm *arm = &stray_arms[STRAY_ARM_strict];

	EXPECT_EQ(pks_policy_set(arm->policy), 0);
	play(arm);
	EXPECT(game.interrupts > 0 && game.shots > 2);
	EXPECT_EQ(game.landed, 0);
	EXPECT_EQ(game.wrong, 0);
}
KTEST(another_cpu_hits_nothing_at_any_time, KT_PKS | KT_SMP);
