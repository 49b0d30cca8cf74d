// SPDX-License-Identifier: MIT
/* Prints a mismatch, for the console. */
#include "kernel/lib/printf.h"
#include "tests/matrix/judge.h"
#include "tests/matrix/sdm.h"

static const struct {
	u32 bit;
	const char *name;
} error_bits[] = { { 1, "P" },  { 2, "W" },   { 4, "U" },  { 8, "RSVD" },
		   { 16, "I" }, { 32, "PK" }, { 64, "SS" } };

static u32 print_error(u32 error, char *text, u32 size)
{
	u32 n = 0;

	for (u32 i = 0; i < ARRAY_SIZE(error_bits) && n < size; i++)
		if (error & error_bits[i].bit)
			n += (u32)ksnprintf(text + n, size - n, "%s%s", n ? "+" : "",
					    error_bits[i].name);
	return n ? n : (u32)ksnprintf(text, size, "0");
}

/* Both sides' texts for the aspects other than fault and error code. */
static const struct {
	u32 aspect;
	const char *expected, *observed;
} sides[] = {
	{ ASPECT_CR2, ",CR2=right", ",CR2=elsewhere" },
	{ ASPECT_MEMORY, ",memory=right", ",memory=wrong" },
	{ ASPECT_ACCESSED, ",A=1", ",A=0" },
	{ ASPECT_DIRTY, ",D=right", ",D=wrong" },
	{ ASPECT_RIP, ",RIP=right", ",RIP=wrong" },
	{ ASPECT_PKRS, ",PKRS=kept", ",PKRS=changed" },
	{ ASPECT_ABOVE, ",above-A=1", ",above-A=0" },
	{ ASPECT_ENTRIES, ",entries=kept", ",entries=changed" },
};

void mismatch_print(const struct mismatch *m, bool observed, char *text, u32 size)
{
	u32 vector = observed ? m->observed_vector : m->expected_vector, n;
	u32 error = observed ? m->observed_error : m->expected_error;
	char bits[32];

	print_error(error, bits, sizeof(bits));
	if (vector == SHOT_DONE)
		n = (u32)ksnprintf(text, size, "none");
	else if (vector == VECTOR_PF)
		n = (u32)ksnprintf(text, size, "#PF(%s)", bits);
	else if (vector == VECTOR_DF)
		n = (u32)ksnprintf(text, size, "#DF");
	else
		n = (u32)ksnprintf(text, size, "vector-%u(%x)", vector, error);
	for (u32 i = 0; i < ARRAY_SIZE(sides) && n < size; i++)
		if (m->aspects & sides[i].aspect)
			n += (u32)ksnprintf(text + n, size - n, "%s",
					    observed ? sides[i].observed : sides[i].expected);
}
