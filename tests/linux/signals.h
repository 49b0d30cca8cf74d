/* SPDX-License-Identifier: MIT */
/*
 * The signals of the process that is a machine of the matrix. Each access ends in one. Any other
 * fault, or an access that does not end, ends the program with status 3 and names the case, so that
 * tools/run need not wait. One thread uses this.
 */
#ifndef KEYWARD_TESTS_LINUX_SIGNALS_H
#define KEYWARD_TESTS_LINUX_SIGNALS_H

#include "tests/linux/shoot.h"

/* What the signal said: the exception, and the registers as the processor left them. */
struct signalled {
	u32 vector, error;
	u64 cr2, rip, cs;
	struct registers registers;
	int code, key; /* Linux's own words: si_code; si_pkey, or -1 */
};

/*
 * Catches them. From then on the program ends when it has computed for `limit_ms`, or up to twice
 * as long, without the end of an access. Time for which a busy host gives it no CPU does not count.
 */
void signals_catch(u32 limit_ms);

/* Makes the access; returns what it ended in, until the next one. FS is the program's own again. */
const struct signalled *signals_shoot(struct linux_way *way);

#endif
