/* SPDX-License-Identifier: MIT */
/*
 * Vectors, error-code bits and entry bits as the SDM numbers them ("Interrupt 14-Page-Fault
 * Exception", "4-Level Paging and 5-Level Paging"); not the kernel's constants, like the oracle's.
 */
#ifndef KEYWARD_TESTS_MATRIX_SDM_H
#define KEYWARD_TESTS_MATRIX_SDM_H

enum { VECTOR_DF = 8, VECTOR_GP = 13, VECTOR_PF = 14, VECTOR_AC = 17 };
enum { ERROR_P = 1, ERROR_W = 2, ERROR_U = 4, ERROR_PK = 32 };
enum { ACCESSED = 1 << 5, DIRTY = 1 << 6 };

#endif
