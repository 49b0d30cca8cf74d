/* SPDX-License-Identifier: MIT */
/* A thread that does what it is told, step by step: for tests about the order of events. */
#ifndef KEYWARD_TESTS_HARNESS_ACTOR_H
#define KEYWARD_TESTS_HARNESS_ACTOR_H

#include "kernel/wait.h"

struct actor {
	struct thread *thread;
	struct waitq wq;
	void (*fn)(void *); /* the step that is asked for; NULL: leave */
	void *arg;
	u32 asked, done; /* steps; written by the director and by the actor, each its own */
};

/* False: out of memory, and the test has failed. Thread context. */
bool actor_start(struct actor *a, const char *name);

/* The actor's thread runs fn(arg); returns when it has. Thread context. */
void actor_do(struct actor *a, void (*fn)(void *), void *arg);

/* Ends the thread. Thread context. */
void actor_end(struct actor *a);

#endif
