// SPDX-License-Identifier: MIT
#include "kernel/local.h"
#include "kernel/context.h"
#include "kernel/thread.h"

/* Before there are threads. */
static struct local boot_local;

struct local *this_local(void)
{
	u32 n = context_count();

	if (n >= CONTEXT_NMI)
		return &this_cpu()->local[LOCAL_NMI];
	if (n >= CONTEXT_INTERRUPT)
		return &this_cpu()->local[LOCAL_INTERRUPT];
	if (n >= CONTEXT_SOFTIRQ)
		return &this_cpu()->local[LOCAL_SOFTIRQ];
	return likely(current_thread()) ? &current_thread()->local : &boot_local;
}
