// SPDX-License-Identifier: MIT
#include "kernel/lib/version.h"

#ifndef COMMIT /* the Makefile gives it to this file alone */
#define COMMIT "none"
#endif

const char keyward_version[] = "1.0";

/* As many bytes for each commit, so that all else stays where it is. */
const char keyward_commit[16] = COMMIT;
