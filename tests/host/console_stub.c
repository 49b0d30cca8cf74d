/* SPDX-License-Identifier: MIT */
/* In place of the kernel's console: what was printed last, and how often anything was. */
#include "tests/host/console_stub.h"

#include <stdarg.h>

#include "kernel/console/console.h"
#include "kernel/lib/printf.h"

char pr_last[512];
unsigned pr_calls;

void pr(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	kvsnprintf(pr_last, sizeof(pr_last), fmt, args);
	va_end(args);
	pr_calls++;
}
