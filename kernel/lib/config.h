/* SPDX-License-Identifier: MIT */
/*
 * Build-time choices, set by make variables: PKS=0 leaves protection keys out (the base that the
 * benches measure against), PARANOID=1 reads IA32_PKRS back at every context change and counts
 * its writes, SAVED=stack, slot or cpu keeps the rights of interrupted contexts elsewhere than in
 * the frame (kernel/cpu/saved.h).
 */
#ifndef KEYWARD_KERNEL_LIB_CONFIG_H
#define KEYWARD_KERNEL_LIB_CONFIG_H

#ifndef CONFIG_PKS
#define CONFIG_PKS 1
#endif
#ifndef CONFIG_PARANOID
#define CONFIG_PARANOID 0
#endif

#define SAVED_FRAME 0
#define SAVED_STACK 1
#define SAVED_SLOT  2
#define SAVED_CPU   3
#if !defined(CONFIG_SAVED) || !CONFIG_PKS
#undef CONFIG_SAVED
#define CONFIG_SAVED SAVED_FRAME
#endif

#endif
