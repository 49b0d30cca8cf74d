// SPDX-License-Identifier: MIT
#include "oracle.h"

/* The page fault's error code (SDM Vol. 3A, "Page-Fault Exceptions"). */
enum {
	ERROR_PRESENT = 1,
	ERROR_WRITE = 2,
	ERROR_USER = 4,
	ERROR_RESERVED = 8,
	ERROR_FETCH = 16,
	ERROR_KEY = 32,
};

static bool is_write(enum oracle_access access)
{
	return access == ORACLE_WRITE || access == ORACLE_MODIFY;
}

/* Accesses to descriptor tables, TSS and exception frames are supervisor-mode at any CPL. */
static bool by_user(struct oracle_cpu cpu)
{
	return cpu.user_mode && !cpu.implicit;
}

/* "Protection Keys": AD denies all data accesses; WD denies writes, a supervisor's if WP = 1. */
static bool key_denies(struct oracle_cpu cpu, struct oracle_page page, enum oracle_access access)
{
	bool obeyed = page.user ? cpu.cr4_pke : cpu.cr4_pks;
	uint32_t rights = page.user ? cpu.pkru : cpu.pkrs;
	bool access_disable = rights & 1u << (2 * page.key);
	bool write_disable = rights & 2u << (2 * page.key);

	if (access == ORACLE_FETCH || !obeyed)
		return false;
	if (access_disable)
		return true;
	return write_disable && is_write(access) && (by_user(cpu) || cpu.cr0_wp);
}

/* SMAP keeps a supervisor from user-mode addresses; AC suspends it for explicit accesses only. */
static bool smap_denies(struct oracle_cpu cpu, struct oracle_page page, enum oracle_access access)
{
	return !by_user(cpu) && page.user && access != ORACLE_FETCH && cpu.cr4_smap &&
	       (cpu.implicit || !cpu.ac);
}

/* "Determination of Access Rights", without keys. */
static bool mode_denies(struct oracle_cpu cpu, struct oracle_page page, enum oracle_access access)
{
	if (by_user(cpu) && !page.user)
		return true;
	if (smap_denies(cpu, page, access))
		return true;
	if (access == ORACLE_FETCH)
		return page.no_execute || (!by_user(cpu) && page.user && cpu.cr4_smep);
	return is_write(access) && !page.writable && (by_user(cpu) || cpu.cr0_wp);
}

struct oracle_verdict oracle(struct oracle_cpu cpu, struct oracle_page page,
			     enum oracle_access access)
{
	struct oracle_verdict v = { 0 };
	bool by_key = page.present && key_denies(cpu, page, access);

	v.fault = !page.present || page.reserved || by_key || mode_denies(cpu, page, access);
	v.accessed = !v.fault;
	v.dirty = !v.fault && is_write(access);
	if (!v.fault)
		return v;
	v.error = (page.present ? ERROR_PRESENT : 0) | (is_write(access) ? ERROR_WRITE : 0) |
		  (by_user(cpu) ? ERROR_USER : 0) | (access == ORACLE_FETCH ? ERROR_FETCH : 0) |
		  (page.present && page.reserved ? ERROR_RESERVED : 0) | (by_key ? ERROR_KEY : 0);
	/* Sources disagree about PK where U/S, SMAP or a reserved bit denies as well. */
	if (by_key &&
	    (page.reserved || (by_user(cpu) && !page.user) || smap_denies(cpu, page, access)))
		v.unsettled = ERROR_KEY;
	return v;
}
