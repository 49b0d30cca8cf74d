/* SPDX-License-Identifier: MIT */
/* Runs a function in any kind of context that the kernel has, so that a test can cover them all. */
#ifndef KEYWARD_TESTS_HARNESS_CONTEXTS_H
#define KEYWARD_TESTS_HARNESS_CONTEXTS_H

enum test_context {
	IN_THREAD, /* a new thread, joined */
	IN_WORK,   /* a work item */
	IN_SOFTIRQ,
	IN_INTERRUPT, /* a self-IPI */
	IN_EXCEPTION, /* #BP, raised by the running thread */
	IN_NMI,       /* a self-NMI */
	IN_MC,        /* the #MC handler, entered by INT 18 */
	TEST_CONTEXTS,
};

/* Returns the context's name, such as "interrupt", for messages. */
const char *test_context_name(enum test_context c);

/*
 * Runs fn(arg) once in a context of kind `c`, and returns when that has ended. Thread context; a
 * caller in another context may only run kinds that can interrupt it (later in the list).
 */
void run_in(enum test_context c, void (*fn)(void *), void *arg);

#endif
