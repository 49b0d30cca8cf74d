/* SPDX-License-Identifier: MIT */
/*
 * Upcalls: what one floor needs of a floor above it. Each comment gives the caller, what the
 * function does, who defines it, and its contexts. All other calls go down; `tools/house --check`
 * enforces that. Three more kinds go up. Every floor may end the machine with panic() or
 * panic_regs() (kernel/console/panic.h, defined in kernel/panic.c). boot/main.c, the end of the
 * boot order, calls ktest_main() and monitor_main(). Assembly names trace functions at its patch
 * sites (kernel/cpu/patch.h, kernel/trace/).
 */
#ifndef KEYWARD_KERNEL_CPU_UPCALLS_H
#define KEYWARD_KERNEL_CPU_UPCALLS_H

#include "kernel/lib/types.h"

struct local;
struct local_step;
struct page;
struct regs;
struct spinlock;

/* kernel/cpu/percpu.c fills the IDT with the entry stubs, kernel/entry.S. */
extern const char trap_stubs[];

/*
 * kernel/cpu/spinlock.h: the caller has waited for the lock for spin_tsc_max ticks. Panics.
 * kernel/panic.c. Any context but NMI.
 */
void spin_stuck(struct spinlock *lock);

/*
 * kernel/cpu/spinlock.h, in the paranoid build: the caller releases a lock that its CPU does not
 * hold. Panics. kernel/panic.c. Any context but NMI.
 */
void spin_not_held(const struct spinlock *lock);

/*
 * mm/stack.c, mm/init.c, kernel/sched.c: the stack of the main thread, above its guard page, and
 * the TSC at kernel entry. boot/boot.S.
 */
extern char boot_stack_guard[], boot_stack[], boot_stack_top[];
extern u64 boot_tsc;

/*
 * kernel/cpu/local.h: a context has ended with maps open. Warns about them and drops them.
 * mm/kmap/kmap_warn.c. Any context.
 */
void kmap_left_open(struct local *local);

/*
 * mm/tlb.c: runs fn(arg) on every CPU with interrupts off, and returns when all have run it.
 * kernel/ipi.c. Thread context; interrupts on if there are other CPUs.
 */
void ipi_run_on_all(void (*fn)(void *arg), void *arg);

/*
 * mm/debug_pagealloc.c: the number of the running thread + 1; 0 in a softirq, interrupt or NMI, and
 * before there are threads. kernel/thread.c. Any context.
 */
u32 thread_number(void);

/* mm/page_alloc.c: true if kmap() has marked the page. pks/policy/marks.c. Any context. */
bool page_is_marked(const struct page *page);

/*
 * mm/set_memory.c: the page is about to get `key`. Moves its marks there from its old key.
 * pks/policy/global.c. Page-table lock held.
 */
void pks_key_moved(const struct page *page, u32 key);

/*
 * pks/keys.c: true if a context may have rights to the key by a pardon or a map. If `owner` is not
 * NULL, warns that it gets no key for that reason. mm/kmap/kmap_holder.c. Thread context.
 */
bool pks_key_open(u32 key, const char *owner);

/*
 * kernel/exception.c: handles a page fault. `addr` is CR2, read before anything could overwrite it.
 * pks/policy/page_fault.c. Interrupts off on entry and on return.
 */
void page_fault(struct regs *regs, u64 addr);

/*
 * pks/policy/page_fault.c: a page fault of user mode at `addr`. True: its range has a page there
 * now, and the access can be repeated. mm/gup/fault.c. Thread context, interrupts on.
 */
bool user_fault(u64 error, u64 addr);

/*
 * kernel/watchdog.c: the number of protection-key faults since boot. pks/policy/fault.c. Any
 * context.
 */
u64 pks_fault_count(void);

/*
 * kernel/exception.c: pardons for one instruction. Call step_suspend() on entry of any trap taken
 * with TF = 1 and, if it returned non-NULL, step_resume() on exit. Offer each #DB to step_trap()
 * first; true means it is consumed. pks/policy/step.c. Interrupts off.
 */
struct local_step *step_suspend(struct regs *regs);
void step_resume(struct regs *regs, struct local_step *step);
bool step_trap(struct regs *regs);

/* kernel/panic.c: prints what is known about an address. mm/kmap/report_page.c. Any context. */
void report_address(u64 addr);

#endif
