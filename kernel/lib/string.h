/* SPDX-License-Identifier: MIT */
/*
 * The C library's byte and string functions that the kernel uses; the compilers generate calls of
 * the first four. Any context. On the host the C library provides them.
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
 * Copies as much of src as fits into dst[size], and terminates it unless size is 0. Returns
 * strlen(src): a result >= size means that the copy was cut.
 */
size_t strlcpy(char *restrict dst, const char *restrict src, size_t size);

#endif
