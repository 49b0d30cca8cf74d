/* SPDX-License-Identifier: MIT */
#ifndef KEYWARD_MM_GUP_UACCESS_H
#define KEYWARD_MM_GUP_UACCESS_H

#include "kernel/lib/types.h"

/*
 * Copy from and to the memory of the running thread's address space, by the user's own mapping.
 * Return the number of bytes not copied: 0, or more if an address is no user address, no range has
 * it, or its page could not be had. The kernel's side must be accessible to the caller, or the rest
 * is not copied either. Thread context, without the lock of the address space.
 */
u64 copy_from_user(void *to, u64 from, u64 n);
u64 copy_to_user(u64 to, const void *from, u64 n);

#endif
