/* SPDX-License-Identifier: MIT */
/* Lets kernel/lib/string.c live beside the C library: both it and its test see these names. */
#ifndef KEYWARD_TESTS_HOST_RENAMED_H
#define KEYWARD_TESTS_HOST_RENAMED_H

#define memcpy  kw_memcpy
#define memmove kw_memmove
#define memset  kw_memset
#define memcmp  kw_memcmp
#define strlen  kw_strlen
#define strnlen kw_strnlen
#define strcmp  kw_strcmp
#define strncmp kw_strncmp

#endif
