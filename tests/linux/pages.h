/* SPDX-License-Identifier: MIT */
/*
 * The pages of the process that is a machine of the matrix: the rows, where the matrix has them on
 * the bare CPU (tables.h), its code, and a scratch page. All pages of a row map the same file, the
 * block. One thread uses them.
 */
#ifndef KEYWARD_TESTS_LINUX_PAGES_H
#define KEYWARD_TESTS_LINUX_PAGES_H

#include "tests/matrix/space.h"

/*
 * Takes all keys, and maps all pages once `tables` is linked; sets machine_can.process_sizes.
 * Returns NULL, or why Linux refuses (static text).
 */
const char *pages_setup(void);

/* The pages of this case's row come next; tables.block becomes theirs. */
void pages_row(const struct mcase *row);

/* Makes each page of the row what its entry in the tables says, by mmap and pkey_mprotect. */
void pages_make(void);

/* True if the row's page at an address should be present; then it has been read. */
bool pages_touch(u64 va);

/* Returns the key of the row's page at an address; -1: there is none. */
int pages_key(u64 va);

#endif
