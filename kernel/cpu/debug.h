/* SPDX-License-Identifier: MIT */
/* The debug registers, which the kernel uses for single steps only. */
#ifndef KEYWARD_KERNEL_CPU_DEBUG_H
#define KEYWARD_KERNEL_CPU_DEBUG_H

/*
 * Sets DR6, DR7 and IA32_DEBUGCTL of this CPU as a reset does, as firmware may have left others:
 * a breakpoint raises a #DB that nobody expects, BTF makes TF trap at branches only, and a stale
 * DR6.BS makes any #DB look like a step's. Once per CPU, interrupts off, after lidt().
 */
void debug_init_cpu(void);

#endif
