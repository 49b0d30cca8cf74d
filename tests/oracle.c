// SPDX-License-Identifier: MIT
#include "tests/oracle.h"

/* The page fault's error code (SDM Vol. 3A, "Page-Fault Exceptions"). */
enum {
	ERROR_PRESENT = 1,
	ERROR_WRITE = 2,
	ERROR_USER = 4,
	ERROR_FETCH = 16,
	ERROR_KEY = 32,
};

static bool is_write(enum oracle_access access)
{
	return access == ORACLE_WRITE || access == ORACLE_MODIFY;
}

/* "Protection Keys": AD denies every data access, WD writes, to supervisors only if WP = 1. */
static bool key_denies(struct oracle_cpu cpu, struct oracle_page page, enum oracle_access access)
{
	bool obeyed = page.user ? cpu.cr4_pke : cpu.cr4_pks;
	u32 rights = page.user ? cpu.pkru : cpu.pkrs;
	bool access_disable = rights & 1u << (2 * page.key);
	bool write_disable = rights & 2u << (2 * page.key);

	if (access == ORACLE_FETCH || !obeyed)
		return false;
	if (access_disable)
		return true;
	return write_disable && is_write(access) && (cpu.user_mode || cpu.cr0_wp);
}

/* SMAP keeps a supervisor's data access from user-mode addresses. */
static bool smap_denies(struct oracle_cpu cpu, struct oracle_page page, enum oracle_access access)
{
	return !cpu.user_mode && page.user && access != ORACLE_FETCH && cpu.cr4_smap && !cpu.ac;
}

/* "Determination of Access Rights", without keys. */
static bool mode_denies(struct oracle_cpu cpu, struct oracle_page page, enum oracle_access access)
{
	if (cpu.user_mode && !page.user)
		return true;
	if (smap_denies(cpu, page, access))
		return true;
	if (access == ORACLE_FETCH)
		return page.no_execute || (!cpu.user_mode && page.user && cpu.cr4_smep);
	return is_write(access) && !page.writable && (cpu.user_mode || cpu.cr0_wp);
}

struct oracle_verdict oracle(struct oracle_cpu cpu, struct oracle_page page,
			     enum oracle_access access)
{
	struct oracle_verdict v = { 0 };
	bool by_key = page.present && key_denies(cpu, page, access);

	v.fault = !page.present || by_key || mode_denies(cpu, page, access);
	if (!v.fault)
		return v;
	v.error = (page.present ? ERROR_PRESENT : 0) | (is_write(access) ? ERROR_WRITE : 0) |
		  (cpu.user_mode ? ERROR_USER : 0) | (access == ORACLE_FETCH ? ERROR_FETCH : 0) |
		  (by_key ? ERROR_KEY : 0);
	/* Where U/S or SMAP denies before any key is asked, sources do not agree on PK. */
	if (by_key && ((cpu.user_mode && !page.user) || smap_denies(cpu, page, access)))
		v.unsettled = ERROR_KEY;
	return v;
}
