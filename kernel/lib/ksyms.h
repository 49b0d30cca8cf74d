/* SPDX-License-Identifier: MIT */
/* The kernel's own symbol table, which tools/ksyms generates. */
#ifndef KEYWARD_KERNEL_LIB_KSYMS_H
#define KEYWARD_KERNEL_LIB_KSYMS_H

#include "kernel/lib/types.h"

/* Finds the function that contains `addr`, its size and the offset. False: none. Any context. */
bool ksym_lookup(u64 addr, const char **name, u64 *offset, u64 *size);

/* Finds a function's address by name, the first of several. False: none. Any context. */
bool ksym_find(const char *name, u64 *addr);

#endif
