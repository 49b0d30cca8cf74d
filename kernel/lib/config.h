/* SPDX-License-Identifier: MIT */
/*
 * Build-time choices, set by make variables: PKS=0 leaves protection keys out (the base that the
 * benches measure against), PARANOID=1 reads IA32_PKRS back at every context change and counts
 * its writes.
 */
#ifndef KEYWARD_KERNEL_LIB_CONFIG_H
#define KEYWARD_KERNEL_LIB_CONFIG_H

#ifndef CONFIG_PKS
#define CONFIG_PKS 1
#endif
#ifndef CONFIG_PARANOID
#define CONFIG_PARANOID 0
#endif

#endif
