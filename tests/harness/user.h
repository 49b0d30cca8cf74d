/* SPDX-License-Identifier: MIT */
/* User-mode programs, linked at USER_TEXT. They may only use the kernel's system calls. */
#ifndef KEYWARD_TESTS_HARNESS_USER_H
#define KEYWARD_TESTS_HARNESS_USER_H

#include "kernel/cpu/x86.h"
#include "kernel/lib/types.h"

/* The flags that user mode can change and that mean something to the kernel, or could. */
#define USER_FLAGS (RFLAGS_TF | RFLAGS_DF | RFLAGS_NT | RFLAGS_AC | RFLAGS_ID)

/* Each exits with the code given on its line. */
void user_read(u64 addr);          /* the word that it read at addr */
void user_write(u64 addr);         /* writes 1 to addr; exits with 0 */
void user_yield(u64 times);        /* 0 */
void user_sleep(u64 ns);           /* the result of SYS_SLEEP */
void user_test_call(u64 arg);      /* the result of SYS_TEST */
void user_call_and_break(u64 arg); /* as user_test_call(), with a #BP before the exit */
void user_test_calls(u64 times);   /* the sum of the results of that many SYS_TEST */
void user_bad_call(u64 number);    /* the result of system call `number`; 1: it is no int */
void user_spin(u64 loops);         /* loops, after that many empty rounds */
void user_step(u64 loops);         /* the same with TF set: a #DB after each instruction */

/*
 * Sets the flags in bits 31:0 of `arg`, which may be USER_FLAGS; then comes a #BP, a SYS_TEST, and
 * as many empty rounds as bits 63:32 say. Exits with the flags that were not as set at some point.
 */
void user_flags(u64 arg);
void user_first_flags(u64 mask); /* RFLAGS & mask, as found */

/* Each raises an exception; without a hook for it, none comes to its exit, with 0. */
void user_divide(u64 by); /* #DE if `by` is 0 */
void user_break(u64);     /* #BP */
void user_opcode(u64);    /* #UD */
void user_float(u64);     /* #NM */
void user_halt(u64);      /* #GP: an instruction of the kernel's */
void user_int(u64);       /* #GP: INT 4, whose gate is the kernel's */
void user_misalign(u64);  /* #AC: a word at an odd address, with RFLAGS.AC set */

#endif
