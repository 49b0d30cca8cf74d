/* SPDX-License-Identifier: MIT */
/*
 * Programs that run in user mode, linked at USER_TEXT. They may use nothing of the kernel's but
 * system calls.
 */
#ifndef KEYWARD_TESTS_HARNESS_USER_H
#define KEYWARD_TESTS_HARNESS_USER_H

#include "kernel/lib/types.h"

/* Each ends with the exit code that is named. */
void user_read(u64 addr);          /* what it read at addr */
void user_write(u64 addr);         /* writes 1 there; 0 */
void user_yield(u64 times);        /* 0 */
void user_test_call(u64 arg);      /* what the test's system call returned */
void user_call_and_break(u64 arg); /* as user_test_call(), by way of a #BP */
void user_test_calls(u64 times);   /* the sum of what so many of them returned */
void user_bad_call(u64 number);    /* what that system call returned */
void user_spin(u64 loops);         /* loops, after that many rounds of nothing */
void user_step(u64 loops);         /* the same, each instruction followed by #DB */

#endif
