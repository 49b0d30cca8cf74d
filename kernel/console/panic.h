/* SPDX-License-Identifier: MIT */
#ifndef KEYWARD_KERNEL_CONSOLE_PANIC_H
#define KEYWARD_KERNEL_CONSOLE_PANIC_H

#include "kernel/cpu/regs.h"

/* Prints the message and a backtrace and ends the machine. Any context. */
_Noreturn void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same, with the frame of the interrupted context; `addr` is CR2 where that is meaningful. */
_Noreturn void panic_regs(const struct regs *regs, u64 addr, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define BUG_ON(condition)                                                   \
	do {                                                                \
		if (unlikely(condition))                                    \
			panic("%s:%d: %s", __FILE__, __LINE__, #condition); \
	} while (0)

/*
 * Prints the full report on an interrupted context: registers, fault in words, page walk, rights by
 * key and owner, backtrace. Each line begins with '#'. Any context.
 */
void report_regs(const struct regs *regs, u64 addr);

#endif
