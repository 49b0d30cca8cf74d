/* SPDX-License-Identifier: MIT */
/*
 * Basic types and macros. Includes freestanding headers only, so that the pure parts (parsers,
 * formatting, rights arithmetic, policy) build on the host unchanged.
 */
#ifndef KEYWARD_KERNEL_LIB_TYPES_H
#define KEYWARD_KERNEL_LIB_TYPES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

#define BIT(n)                          (1ULL << (n))
#define ARRAY_SIZE(a)                   (sizeof(a) / sizeof((a)[0]))
#define ALIGN_UP(x, a)                  (((x) + ((a)-1)) & ~((a)-1))
#define ALIGN_DOWN(x, a)                ((x) & ~((a)-1))
#define MIN(a, b)                       ((a) < (b) ? (a) : (b))
#define MAX(a, b)                       ((a) > (b) ? (a) : (b))
#define likely(x)                       __builtin_expect(!!(x), 1)
#define unlikely(x)                     __builtin_expect(!!(x), 0)
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* Linux's error numbers; a function that can fail returns them negated. */
#define ENOENT    2
#define EIO       5
#define ENOMEM    12
#define EACCES    13
#define EFAULT    14
#define EBUSY     16
#define EEXIST    17
#define ENODEV    19
#define EINVAL    22
#define ENOSPC    28
#define ERANGE    34
#define ETIMEDOUT 110

#endif
