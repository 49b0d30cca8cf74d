// SPDX-License-Identifier: MIT
/*
 * Prints the oracle's test vectors as JSON: chosen cases with the outcome that the manual demands.
 * tests/oracle/README.md describes the format. A case is kept for one of two reasons:
 *
 *   - it and a neighbour that differs in one input bit (or in the kind of access) have different
 *     outcomes, and no earlier pair has this bit, this access and these two outcomes;
 *   - it has values of two fields, and a verdict, that no earlier case has together.
 *
 * So each bit of each input decides some case in every way in which it can. The draws are
 * pseudo-random with a fixed seed: the same oracle gives the same text.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/oracle/oracle.h"

#define SCHEMA_VERSION 1
#define DRAWS          400000
#define CASES_MAX      20000

struct input {
	struct oracle_cpu cpu;
	struct oracle_page page;
	uint32_t access; /* enum oracle_access */
};

/* What the cases have, one line each: a new member of the oracle's structures is a new line. */
#define FIELD(of, name, bits, says)                                \
	{                                                          \
#name, #of, says, offsetof(struct input, of.name), \
			sizeof(((struct input *)0)->of.name), bits \
	}
static const struct field {
	const char *name, *of, *says;
	size_t offset, size;
	unsigned bits;
} fields[] = {
	FIELD(cpu, pkrs, 32, "IA32_PKRS: AD of key i is bit 2i, WD is bit 2i+1"),
	FIELD(cpu, pkru, 32, "PKRU, likewise"),
	FIELD(cpu, cr4_pks, 1, "CR4.PKS: IA32_PKRS is in force"),
	FIELD(cpu, cr4_pke, 1, "CR4.PKE: PKRU is in force"),
	FIELD(cpu, cr0_wp, 1, "CR0.WP"),
	FIELD(cpu, cr4_smep, 1, "CR4.SMEP"),
	FIELD(cpu, cr4_smap, 1, "CR4.SMAP"),
	FIELD(cpu, ac, 1, "EFLAGS.AC"),
	FIELD(cpu, user_mode, 1, "CPL = 3"),
	FIELD(cpu, implicit, 1, "the processor's own access to a system data structure"),
	FIELD(page, present, 1, "P of every entry of the translation"),
	FIELD(page, reserved, 1, "a reserved bit is 1 in a present entry"),
	FIELD(page, writable, 1, "R/W of every entry"),
	FIELD(page, user, 1, "U/S of every entry: a user-mode address"),
	FIELD(page, no_execute, 1, "XD of some entry"),
	FIELD(page, key, 4, "bits 62:59 of the entry that maps the page"),
	{ "access", "access", "", offsetof(struct input, access), sizeof(uint32_t), 2 },
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))
#define ACCESS (FIELDS - 1)

static const char *const accesses[ORACLE_ACCESSES] = { "read", "write", "modify", "fetch" };

/* A member without a line would be 0 in all cases. */
_Static_assert(sizeof(struct oracle_cpu) == 2 * 4 + 8, "a line for each member of oracle_cpu");
_Static_assert(sizeof(struct oracle_page) == 5 + 3 + 4, "a line for each member of oracle_page");

/* A case as the numbers of its fields, so that two can be compared. */
struct numbers {
	uint32_t v[FIELDS];
};

static struct numbers cases[CASES_MAX];
static size_t count;

static uint32_t draw(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16);
}

static struct oracle_verdict verdict_of(const struct numbers *n)
{
	struct input in;

	memset(&in, 0, sizeof(in));
	for (size_t i = 0; i < FIELDS; i++) {
		char *member = (char *)&in + fields[i].offset;

		if (fields[i].size == sizeof(bool))
			*(bool *)member = n->v[i];
		else
			memcpy(member, &n->v[i], sizeof(uint32_t));
	}
	return oracle(in.cpu, in.page, (enum oracle_access)in.access);
}

static size_t field_called(const char *name)
{
	size_t i = 0;

	while (strcmp(fields[i].name, name))
		i++;
	return i;
}

/* The processor's own accesses to its structures are data accesses. */
static bool exists(const struct numbers *n)
{
	return !(n->v[ACCESS] == ORACLE_FETCH && n->v[field_called("implicit")]);
}

/* The outcome as a small number: fault, error code, unsettled bits, accessed, dirty. */
static unsigned outcome_number(struct oracle_verdict v)
{
	return v.fault | v.accessed << 1 | v.dirty << 2 | v.error << 3 | v.unsettled << 10;
}

static void keep(const struct numbers *n)
{
	for (size_t i = 0; i < count; i++)
		if (!memcmp(&cases[i], n, sizeof(*n)))
			return;
	if (count == CASES_MAX) {
		fprintf(stderr, "vectors: more than %d cases\n", CASES_MAX);
		exit(1);
	}
	cases[count++] = *n;
}

/* True the first time that it gets this number. */
static bool is_new(uint64_t number)
{
	static uint64_t seen[1 << 18];
	size_t at = (number * 0x9e3779b97f4a7c15u) >> 46;

	while (seen[at] && seen[at] != number + 1)
		at = (at + 1) % (1 << 18);
	if (seen[at])
		return false;
	seen[at] = number + 1;
	return true;
}

/* Keeps the case and its neighbour in one bit, if that decides in a way not seen before. */
static void keep_if_decides(const struct numbers *n, size_t field, unsigned bit, unsigned before)
{
	struct numbers other = *n;
	unsigned after;

	other.v[field] ^= 1u << bit;
	if (!exists(&other))
		return;
	after = outcome_number(verdict_of(&other));
	if (before >= after) /* each pair once: from its lesser outcome */
		return;
	if (is_new((((uint64_t)field * 32 + bit) * 4 + n->v[ACCESS]) << 40 |
		   (uint64_t)before << 20 | after)) {
		keep(n);
		keep(&other);
	}
}

/* Keeps the case if two fields have these values for the first time with such an outcome. */
static void keep_if_pair_is_new(const struct numbers *n, bool fault)
{
	bool wanted = false;

	for (size_t i = 0; i < FIELDS; i++)
		for (size_t k = i + 1; k < FIELDS; k++)
			if (fields[i].bits <= 4 && fields[k].bits <= 4)
				wanted |= is_new(1ull << 63 | i << 24 | k << 16 | n->v[i] << 8 |
						 n->v[k] << 4 | fault);
	if (wanted)
		keep(n);
}

static void choose(void)
{
	for (unsigned i = 0; i < DRAWS; i++) {
		struct numbers n;
		struct oracle_verdict v;

		for (size_t f = 0; f < FIELDS; f++)
			n.v[f] = draw() >> (32 - fields[f].bits);
		if (!exists(&n))
			continue;
		v = verdict_of(&n);
		for (size_t f = 0; f < FIELDS; f++)
			for (unsigned bit = 0; bit < fields[f].bits; bit++)
				keep_if_decides(&n, f, bit, outcome_number(v));
		keep_if_pair_is_new(&n, v.fault);
	}
}

static int by_numbers(const void *a, const void *b)
{
	const struct numbers *x = a, *y = b;

	for (size_t i = FIELDS; i-- > 0;) /* the registers' many values come last */
		if (x->v[i] != y->v[i])
			return x->v[i] < y->v[i] ? -1 : 1;
	return 0;
}

static void print_fields(void)
{
	printf(" \"inputs\": [\n");
	for (size_t i = 0; i < ACCESS; i++)
		printf("  {\"name\": \"%s\", \"of\": \"%s\", \"bits\": %u, \"says\": \"%s\"},\n",
		       fields[i].name, fields[i].of, fields[i].bits, fields[i].says);
	printf("  {\"name\": \"access\", \"values\": [");
	for (size_t i = 0; i < ORACLE_ACCESSES; i++)
		printf("%s\"%s\"", i ? ", " : "", accesses[i]);
	printf("], \"says\": \"the kind of access, as an index\"}\n ],\n");
}

static void print_cases(void)
{
	printf(" \"cases\": [\n");
	for (size_t i = 0; i < count; i++) {
		struct oracle_verdict v = verdict_of(&cases[i]);

		printf("  [");
		for (size_t f = 0; f < FIELDS; f++)
			printf("%u, ", cases[i].v[f]);
		printf("%d, %u, %u, %d, %d]%s\n", v.fault, v.error, v.unsettled, v.accessed,
		       v.dirty, i + 1 < count ? "," : "");
	}
	printf(" ]\n}\n");
}

int main(void)
{
	choose();
	qsort(cases, count, sizeof(cases[0]), by_numbers);
	printf("{\n \"schema\": \"keyward-oracle-vectors\",\n \"version\": %d,\n", SCHEMA_VERSION);
	printf(" \"license\": \"SPDX-License-Identifier: MIT\",\n");
	printf(" \"about\": \"One data access or fetch in IA-32e mode a case; see README.md\",\n");
	print_fields();
	printf(" \"outcomes\": [\n"
	       "  {\"name\": \"fault\", \"says\": \"1: #PF\"},\n"
	       "  {\"name\": \"error\", \"says\": \"its error code; 0 without a fault\"},\n"
	       "  {\"name\": \"unsettled\", \"says\": \"bits of it that the manual leaves "
	       "open\"},\n"
	       "  {\"name\": \"accessed\", \"says\": \"A of the leaf is set; open after a "
	       "fault\"},\n"
	       "  {\"name\": \"dirty\", \"says\": \"D of the leaf is set\"}\n ],\n");
	print_cases();
	return 0;
}
