/* SPDX-License-Identifier: MIT */
/* Runs a function in each kind of context that the kernel has, so that a test can be about all. */
#ifndef KEYWARD_TESTS_HARNESS_CONTEXTS_H
#define KEYWARD_TESTS_HARNESS_CONTEXTS_H

enum test_context {
	IN_THREAD, /* a thread of its own, joined */
	IN_WORK,   /* a work item */
	IN_SOFTIRQ,
	IN_INTERRUPT, /* a self-IPI */
	IN_EXCEPTION, /* #BP, raised by the running thread */
	IN_NMI,       /* to oneself */
	IN_MC,        /* the machine-check handler, entered by INT 18 */
	TEST_CONTEXTS,
};

/* "interrupt" and so on, for messages. */
const char *test_context_name(enum test_context c);

/*
 * Runs fn(arg) in a context of kind `c`, once, and returns when it has ended. From thread context;
 * from inside another, only contexts that can interrupt that one (later in the list).
 */
void run_in(enum test_context c, void (*fn)(void *), void *arg);

#endif
