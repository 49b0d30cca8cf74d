// SPDX-License-Identifier: MIT
/*
 * Finds the SLP_TYP values that power the machine off (ACPI Specification, "\_Sx (System States)",
 * "AML Grammar Definition"). The AML has them as
 *
 *	NameOp  [\]  _S5_  PackageOp  PkgLength  NumElements  SLP_TYPa  SLP_TYPb  reserved...
 *
 * and the code searches for these bytes without interpreting those around them. So it misses a
 * package that a method makes (Method (_S5)), one whose elements are names of other objects, and
 * one that is built while tables are loaded: then S5 is unknown, and the caller has other ways to
 * end. It also accepts a package behind a condition that is false, and bytes of another meaning
 * that look the same; six of them are fixed.
 */
#include "boot/acpi/acpi_internal.h"
#include "kernel/lib/string.h"

enum {
	AML_ZERO = 0x00,
	AML_ONE = 0x01,
	AML_NAME = 0x08,
	AML_BYTE = 0x0a,
	AML_WORD = 0x0b,
	AML_DWORD = 0x0c,
	AML_QWORD = 0x0e,
	AML_PACKAGE = 0x12,
	AML_ROOT = 0x5c,
};

#define SLP_TYP_MAX 7

/* Reads the integer at *at and advances *at. False: there is no integer. */
static bool take_integer(const struct acpi_view *aml, u32 *at, u64 *value)
{
	u32 op, bytes;

	if (*at >= aml->len)
		return false;
	op = aml->bytes[(*at)++];
	*value = op;
	if (op == AML_ZERO || op == AML_ONE)
		return true;
	if (op < AML_BYTE || op > AML_QWORD || op == AML_DWORD + 1)
		return false;
	bytes = op == AML_QWORD ? 8 : 1U << (op - AML_BYTE);
	if (bytes > aml->len - *at)
		return false;
	*value = 0;
	memcpy(value, aml->bytes + *at, bytes);
	*at += bytes;
	return true;
}

/*
 * Reads PkgLength, which counts its own bytes: bits 7:6 of the first say how many follow; if none,
 * bits 5:0 are the length, else bits 3:0 are its lowest. Shrinks *aml to the package; if that is
 * too short for its own PkgLength, nothing is left to read.
 */
static bool take_length(struct acpi_view *aml, u32 *at)
{
	u8 lead = acpi_u8(aml, *at), more = lead >> 6;
	u32 len = more ? lead & 0xf : lead & 0x3f;

	for (u32 i = 0; i < more; i++)
		len |= (u32)acpi_u8(aml, *at + 1 + i) << (4 + 8 * i);
	if (len > aml->len - *at)
		return false;
	aml->len = *at + len;
	*at += 1U + more;
	return true;
}

/* Reads the package after the name _S5_, at `at`. */
static bool take_package(struct acpi_view aml, u32 at, u8 slp_typ[2])
{
	u64 a, b;
	u8 count;

	if (acpi_u8(&aml, at++) != AML_PACKAGE || !take_length(&aml, &at))
		return false;
	count = acpi_u8(&aml, at++);
	if (count == 0 || !take_integer(&aml, &at, &a))
		return false;
	if (count == 1) { /* some firmware puts both into one integer */
		b = a >> 8 & 0xff;
		a = a & ~0xff00ULL;
	} else if (!take_integer(&aml, &at, &b)) {
		return false;
	}
	if (a > SLP_TYP_MAX || b > SLP_TYP_MAX)
		return false;
	slp_typ[0] = (u8)a;
	slp_typ[1] = (u8)b;
	return true;
}

bool acpi_find_s5(const struct acpi_view *table, u8 slp_typ[2])
{
	for (u32 at = ACPI_HEADER + 1; at + 4 <= table->len; at++) {
		const u8 *name = table->bytes + at;
		bool rooted = name[-1] == AML_ROOT && at > ACPI_HEADER + 1;

		if (memcmp(name, "_S5_", 4) || name[rooted ? -2 : -1] != AML_NAME)
			continue;
		if (take_package(*table, at + 4, slp_typ))
			return true;
	}
	return false;
}
