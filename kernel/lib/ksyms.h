/* SPDX-License-Identifier: MIT */
/* The kernel's own symbol table, linked in by tools/ksyms. */
#ifndef KEYWARD_KERNEL_LIB_KSYMS_H
#define KEYWARD_KERNEL_LIB_KSYMS_H

#include "kernel/lib/types.h"

/* Finds the function that `addr` lies in; false if it lies in none. Any context. */
bool ksym_lookup(u64 addr, const char **name, u64 *offset, u64 *size);

/* The address of a function by its name; the first of several. Any context. */
bool ksym_find(const char *name, u64 *addr);

#endif
