/* SPDX-License-Identifier: MIT */
/*
 * The oracle: what the processor must do with one access. Written from the text of the SDM (Vol.
 * 3A, "Protection Keys", "Determination of Access Rights", "Page-Fault Exceptions"); it shares no
 * code and no constant with the kernel that it judges. Pure; runs on the host too.
 */
#ifndef KEYWARD_TESTS_ORACLE_ORACLE_H
#define KEYWARD_TESTS_ORACLE_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

enum oracle_access {
	ORACLE_READ,
	ORACLE_WRITE,
	ORACLE_MODIFY, /* a read-modify-write: counts as a write */
	ORACLE_FETCH,
	ORACLE_ACCESSES,
};

struct oracle_cpu {
	uint32_t pkrs, pkru;     /* IA32_PKRS and PKRU */
	bool cr4_pks, cr4_pke;   /* which of the two are in force */
	bool cr0_wp;             /* supervisor writes obey R/W and WD */
	bool cr4_smep, cr4_smap; /* no fetch from, no data access to user-mode addresses */
	bool ac;                 /* EFLAGS.AC: suspends SMAP */
	bool user_mode;          /* CPL = 3 */
	bool implicit;           /* by the processor itself: a supervisor access at any CPL */
};

struct oracle_page {
	bool present;
	bool reserved;   /* a reserved bit is 1 in the entry */
	bool writable;   /* R/W = 1 on every level */
	bool user;       /* U/S = 1 on every level: a user-mode address */
	bool no_execute; /* XD = 1 on some level */
	uint32_t key;    /* bits 62:59 of the entry that maps the page */
};

struct oracle_verdict {
	bool fault;
	uint32_t error;       /* the page fault's error code */
	uint32_t unsettled;   /* its bits that the SDM leaves open: do not assert them */
	bool accessed, dirty; /* what the access sets in the entry; A is open after a fault */
};

/* The SDM's verdict on the access. Any context. */
struct oracle_verdict oracle(struct oracle_cpu cpu, struct oracle_page page,
			     enum oracle_access access);

#endif
