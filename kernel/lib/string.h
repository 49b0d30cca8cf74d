/* SPDX-License-Identifier: MIT */
/*
 * The C library's byte and string functions, as far as we use them; the compilers call the first
 * four by themselves. All are safe in any context. On the host the C library has its own.
 */
#ifndef KEYWARD_KERNEL_LIB_STRING_H
#define KEYWARD_KERNEL_LIB_STRING_H

#include "kernel/lib/types.h"

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);

/*
 * Copies what of src fits into dst[size], always terminated unless size is 0. Returns strlen(src):
 * a result >= size says that the copy was cut.
 */
size_t strlcpy(char *restrict dst, const char *restrict src, size_t size);

#endif
