/* SPDX-License-Identifier: MIT */
/* What Linux says of the processor in /proc/cpuinfo. */
#ifndef KEYWARD_TESTS_LINUX_CPUINFO_H
#define KEYWARD_TESTS_LINUX_CPUINFO_H

#include <stdbool.h>
#include <stdio.h>

/* True if the first processor's flags in the file, /proc/cpuinfo's text, have that word. */
bool cpuinfo_has(FILE *file, const char *flag);

#endif
