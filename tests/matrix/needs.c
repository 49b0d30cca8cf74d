// SPDX-License-Identifier: MIT
/* Prints what a class depends on. */
#include "kernel/lib/printf.h"
#include "tests/matrix/values.h"

/*
 * The axis's values that exist for the smallest case and keep the difference; false: all do. Cases
 * that the TLB decides say nothing here: after other suites it has kept something else than where
 * the matrix runs alone.
 */
static bool values_that_matter(const struct divergence *d, u32 axis, struct value_set *matter)
{
	struct mcase c = d->small;
	bool some_do_not = false;

	*matter = (struct value_set){ 0 };
	for (u32 v = 0; v < axis_values(axis); v++) {
		c.v[axis] = (u8)v;
		if (!there_is(&c) || (case_by_tlb(&c) && v != d->small.v[axis]))
			continue;
		if (has(&d->needs[axis], v))
			add(matter, v);
		else
			some_do_not = true;
	}
	return some_do_not;
}

/* The axis's value after `v` that exists for the smallest case; axis_values() if there is none. */
static u32 next_value(const struct divergence *d, u32 axis, u32 v)
{
	struct mcase c = d->small;

	do
		c.v[axis] = (u8)++v;
	while (v < axis_values(axis) && !there_is(&c));
	return v;
}

/* Prints the values that matter; three or more that follow each other as "first..last". */
static u32 print_values(const struct divergence *d, u32 axis, const struct value_set *matter,
			char *text, u32 size)
{
	u32 n = 0;

	for (u32 v = 0; v < axis_values(axis) && n < size; v++) {
		u32 last = v, run = 1;

		if (!has(matter, v))
			continue;
		for (u32 next = next_value(d, axis, v);
		     next < axis_values(axis) && has(matter, next);
		     next = next_value(d, axis, next), run++)
			last = next;
		n += (u32)ksnprintf(text + n, size - n, "%s%s", n ? "|" : "", value_name(axis, v));
		if (run < 3 || n >= size)
			continue;
		n += (u32)ksnprintf(text + n, size - n, "..%s", value_name(axis, last));
		v = last;
	}
	return n;
}

void needs_print(const struct divergence *d, char *text, u32 size)
{
	static const char *const denials[] = { "other", "missing", "extra" };
	u32 n = 0;

	text[0] = '\0';
	if (d->unsteady) {
		ksnprintf(text, size, "chance;by:%s;denial:%s",
			  by_user(&d->small) ? "user" : "supervisor", denials[d->mismatch.denial]);
		return;
	}
	for (u32 axis = 0; axis < AXES && n < size; axis++) {
		struct value_set matter;

		if (!values_that_matter(d, axis, &matter))
			continue;
		n += (u32)ksnprintf(text + n, size - n, "%s%s:", n ? ";" : "", axis_name(axis));
		if (n < size)
			n += print_values(d, axis, &matter, text + n, size - n);
	}
	if (!n)
		ksnprintf(text, size, "nothing");
}
