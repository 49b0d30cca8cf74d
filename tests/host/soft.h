/* SPDX-License-Identifier: MIT */
/*
 * A processor in software, for the matrix: it implements tests/matrix/machine.h with page walks
 * over real entries, a TLB, and rights that are looked up at each access. It is written from the
 * SDM and shares neither code nor form with tests/oracle/oracle.c. One error at a time can be
 * planted in it (tests/host/faults.h).
 *
 *   soft.c         the machine's memory, registers, and what the suite calls
 *   soft_shot.c    one access, by its kind
 *   soft_plain.c   ordinary instructions: integers, lines, and what touches nothing
 *   soft_string.c  ... strings; soft_vector.c: vectors, x87, areas of state
 *   soft_ways.c    errors of one kind, or of one kind under one condition
 *   soft_stack.c   instructions of the stack; soft_spared.c: errors of one of them
 *   soft_run.c     what errors keep between accesses that follow each other
 *   soft_own.c     what the processor accesses by itself; soft_own_faults.c: errors in it
 *   soft_system.c  instructions of the system
 *   soft_levels.c  what entries say at each level, and their flags
 *   soft_access.c  loads, stores and changes of linear memory
 *   soft_mmu.c     walk, TLB, accessed and dirty flags
 *   soft_rights.c  what an access may do to a page, and the error code if it may not
 */
#ifndef KEYWARD_TESTS_HOST_SOFT_H
#define KEYWARD_TESTS_HOST_SOFT_H

#include "tests/host/faults.h"
#include "tests/matrix/machine.h"

/* What an access does to a page, and what the page lets it do. */
enum { CAN_READ = 1, CAN_WRITE = 2, CAN_FETCH = 4, CAN_ALL = 7 };

struct soft_cpu {
	u64 cr3, cr2;
	u32 levels; /* of paging: 4, 5 */
	bool wp, pks, pke, smap, smep, ac;
	u32 cpl, pkru, pkrs;
	u32 late_pkrs; /* for an error: IA32_PKRS before it was written */
	u32 error;     /* of the last page fault */
	u16 kind;
	u8 mode;
	u64 operand; /* the address of the instruction under way */
	u32 epoch;   /* counts the changes that rights depend on */
	u32 home_key;
	u64 rsp;       /* of a stack instruction */
	int rsp_moved; /* by it */
	u32 words;     /* that it has pushed or popped */
};
extern struct soft_cpu soft_cpu;

/* One page's part of an access. */
struct access {
	u64 va;
	u32 does;      /* CAN_READ, CAN_WRITE or both; or CAN_FETCH */
	bool implicit; /* made by the processor itself */
};

/* A translation, as the TLB holds it. */
struct translation {
	u64 va, phys, size; /* of the page */
	u64 generation;     /* of the TLB when it was filled */
	bool user;          /* a user-mode address */
	bool writable, executable, dirty;
	bool leaf_user, upper_user;
	bool denied;      /* for an error that keeps a denial, */
	bool let_through; /* and for one that keeps no rights */
	u32 key;
	u32 permits, epoch; /* for errors that keep rights */
	u64 was;            /* for errors that look at its flags: the leaf when it was read */
	u32 filled_by;      /* ... at what filled the TLB: CAN_READ, ...; 0: it was not there */
	bool filled_by_user;
	u32 depth;
	u64 *path[5]; /* the entries that were used, the leaf last */
};

/* The machine's memory at `phys`; ends the program if the range is outside of it. */
u8 *soft_memory(u64 phys, u64 bytes);

/*
 * What errors keep of the pages that the instructions of one shot use: soft_run.c. A shot begins
 * and ends with a change of mode, which drops it.
 */
void soft_keep(const struct access *a);
bool soft_kept(const struct access *a);
void soft_keep_changed(void); /* rights were written */
void soft_forget(void);

/* soft_spared.c: errors of single stack instructions. */
bool soft_stack_spared_by_ad(void);
bool soft_stack_spared_by_wd(void);
bool soft_stack_read_is_write(void);
bool soft_stack_error_w(bool write);
bool soft_stack_goes_out(void);

enum walk { WALK_OK, WALK_ABSENT, WALK_RESERVED };
enum walk soft_walk(u64 va, struct translation *t);

/* What the page permits this access: by its entries, by its key. CAN_FETCH included. */
u32 soft_paging_permits(const struct translation *t, const struct access *a);
u32 soft_key_permits(const struct translation *t, const struct access *a);

/* The error code of a page fault; by_paging, by_key: what the entries and the key deny. */
u32 soft_error_code(const struct access *a, enum walk walk, u32 by_paging, u32 by_key,
		    const struct translation *t);

/* The access's translation; NULL, with cr2 and error set, if it is denied. Sets A, not yet D. */
struct translation *soft_reach(const struct access *a);

/* Sets the dirty flag if the access writes. */
void soft_mark(struct translation *t, u32 does);

/* Planted errors in one level of the walk: what an entry says, as the walk understands it. */
u64 soft_entry_above(u64 entry, u32 level);
bool soft_ps_is_reserved(u32 level);
u64 soft_walked_address(u64 va);

/* Sets A in each entry of the path, and D in the leaf: here are the errors in doing so. */
void soft_set_accessed(const struct translation *t, const struct access *a);
void soft_set_dirty(const struct translation *t);

/* Planted errors: the permission that flags, or an earlier access, bring. A set as soft_cpu's. */
u32 soft_flags_permit(const struct translation *t, const struct access *a, bool by_key);
u32 soft_fill_permits(const struct translation *t, const struct access *a, bool by_key);

/* Planted errors: caches beside the TLB. Each of the first two returns what is cached, if it is. */
bool soft_absent_before(u64 va, enum walk walk);
u64 soft_above_before(u64 va, u64 size, u64 above);
void soft_caches_drop(u64 va);
void soft_caches_flush(void);

void soft_tlb_flush(void);
void soft_tlb_drop(u64 va);

/* Ends the program if there is no instruction that the matrix put there. */
void soft_check_code(const u8 *code);
/* What SGDT, SIDT, STR and SMSW store, for the suite: soft_system.c. */
void soft_system_registers(void);

/* True if a page fault during this access is a double fault: only by an error. */
bool soft_own_is_double(void);

/* Planted errors: true if this access of the processor's ignores keys. */
bool soft_own_forgets(const struct access *a);

/* A read that must end in a page fault; true if it does not. */
bool soft_read_absent(void);

/* Makes the access of soft_cpu.kind; false after a page fault. */
bool soft_execute(u64 address, u32 *value);

#endif
