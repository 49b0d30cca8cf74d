/* SPDX-License-Identifier: MIT */
/* The types of core among the CPUs that run: each is measured apart. Pure. */
#ifndef KEYWARD_TESTS_BENCH_CORES_H
#define KEYWARD_TESTS_BENCH_CORES_H

#include "kernel/cpu/cpu_type.h"

#define CORES_MAX 8 /* types that are measured; there are two on processors of today */
#define CORE_NAME 16

/*
 * Fills in the number of the first CPU of each type, in their order, and returns how many types
 * there are, at most CORES_MAX. `type_of(i)`: the type of CPU i of n.
 */
u32 cores_find(const struct cpu_type *(*type_of)(u32 i), u32 n, u32 first[CORES_MAX]);

/*
 * Writes what is added to a bench's name: "" if there is one type, else "@P0", "@E8": performance
 * core, efficient core or X, and the number of the first such CPU. At most CORE_NAME bytes.
 */
void core_name(const struct cpu_type *type, u32 first, u32 types, char *text);

#endif
