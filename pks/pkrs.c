// SPDX-License-Identifier: MIT
#include "pks/pkrs.h"
#include "kernel/console.h"
#include "kernel/cpuid.h"
#include "kernel/panic.h"

bool pks_present;

void pkrs_init(void)
{
	pks_present = CONFIG_PKS && cpu_has(FEATURE_PKS);
	pkrs_init_cpu();
}

void pkrs_init_cpu(void)
{
	if (!pks_present)
		return;
#if CONFIG_PKS
	pkrs_write(PKRS_INIT);
	write_cr4(read_cr4() | CR4_PKS);
#endif
}

void pkrs_enforce(bool on)
{
	if (!pks_present)
		return;
	if (on)
		write_cr4(read_cr4() | CR4_PKS);
	else
		write_cr4(read_cr4() & ~(u64)CR4_PKS);
}

#if CONFIG_PARANOID
void pkrs_mirror_lies(void);
void pkrs_check_mirror(void);

/* Called by PKRS_VERIFY: the mirror does not say what the register holds. */
void pkrs_mirror_lies(void)
{
	panic("cpu->pkrs is %08lx, IA32_PKRS is %08x", this_cpu()->pkrs, pkrs_register());
}

void pkrs_check_mirror(void)
{
	u64 flags = irq_save();

	if (pks_present && this_cpu()->pkrs != pkrs_register())
		pkrs_mirror_lies();
	irq_restore(flags);
}
#endif
