/* SPDX-License-Identifier: MIT */
/* Lines about cases and classes, for the kernel's suite and for the process on Linux. */
#ifndef KEYWARD_TESTS_MATRIX_REPORT_H
#define KEYWARD_TESTS_MATRIX_REPORT_H

#include "tests/matrix/run.h"

/* Prints a divergent case. */
void report_case(const struct mcase *c, const struct mismatch *m);

/* Puts "#PF(P+PK)" into `text`, or both outcomes where the CPU may choose: "#PF(P+PK)|none". */
void report_expected(const struct expectation *e, u32 aspects, char *text, u32 size);

/* Prints a class. One thread at a time. */
void report_class(const struct divergence *d);

/* Prints what was observed in the open corners, a line each, by `print`. */
void report_corners(const struct matrix *m, void (*print)(const char *fmt, ...));

#endif
