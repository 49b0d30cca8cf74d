/* SPDX-License-Identifier: MIT */
/* User-mode programs, linked at USER_TEXT. They may only use the kernel's system calls. */
#ifndef KEYWARD_TESTS_HARNESS_USER_H
#define KEYWARD_TESTS_HARNESS_USER_H

#include "kernel/lib/types.h"

/* Each exits with the code given on its line. */
void user_read(u64 addr);          /* the word that it read at addr */
void user_write(u64 addr);         /* writes 1 to addr; exits with 0 */
void user_yield(u64 times);        /* 0 */
void user_test_call(u64 arg);      /* the result of SYS_TEST */
void user_call_and_break(u64 arg); /* as user_test_call(), with a #BP before the exit */
void user_test_calls(u64 times);   /* the sum of the results of that many SYS_TEST */
void user_bad_call(u64 number);    /* the result of system call `number` */
void user_spin(u64 loops);         /* loops, after that many empty rounds */
void user_step(u64 loops);         /* the same with TF set: a #DB after each instruction */

#endif
