/* SPDX-License-Identifier: MIT */
/* A thread that runs functions on request, one by one: for tests about the order of events. */
#ifndef KEYWARD_TESTS_HARNESS_ACTOR_H
#define KEYWARD_TESTS_HARNESS_ACTOR_H

#include "kernel/wait.h"

struct actor {
	struct thread *thread;
	struct waitq wq;
	void (*fn)(void *); /* the requested step; NULL: exit */
	void *arg;
	u32 asked, done; /* steps; the requester writes `asked`, the actor writes `done` */
};

/* Starts the thread. False: out of memory; the test has failed. Thread context. */
bool actor_start(struct actor *a, const char *name);

/* Runs fn(arg) in the actor's thread and waits for its return. Thread context. */
void actor_do(struct actor *a, void (*fn)(void *), void *arg);

/* Ends the thread. Thread context. */
void actor_end(struct actor *a);

#endif
