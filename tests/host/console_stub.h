/* SPDX-License-Identifier: MIT */
/* What the pure parts print on the host. */
#ifndef KEYWARD_TESTS_HOST_CONSOLE_STUB_H
#define KEYWARD_TESTS_HOST_CONSOLE_STUB_H

extern char pr_last[512];
extern unsigned pr_calls;

#endif
