/* SPDX-License-Identifier: MIT */
/*
 * docs/PKS.md has each kind of the matrix in the section "The kinds of the matrix", so that a
 * reader can see what is tested. What this cannot know: whether the section is right.
 */
#include "tests/host/harness.h"

#include "tests/matrix/kinds.h"

#define SECTION "\n## The kinds of the matrix\n"

/* Returns the section's text, which the caller frees; NULL if there is none. */
static char *read_section(void)
{
	FILE *f = fopen("docs/PKS.md", "r");
	char *text, *start, *end;
	size_t n;

	assert_non_null(f);
	text = calloc(1, 1 << 20);
	assert_non_null(text);
	n = fread(text, 1, (1 << 20) - 1, f);
	fclose(f);
	assert_true(n < (1 << 20) - 1);
	start = strstr(text, SECTION);
	if (!start) {
		free(text);
		return NULL;
	}
	end = strstr(start + 1, "\n## ");
	n = end ? (size_t)(end - start) : strlen(start);
	memmove(text, start, n);
	text[n] = '\0';
	return text;
}

static void the_manual_of_the_matrix_has_each_kind(void **state)
{
	char *section = read_section(), name[64];
	u32 missing = 0;

	(void)state;
	assert_non_null(section);
	for (u32 kind = 0; kind < KINDS; kind++) {
		snprintf(name, sizeof(name), "`%s`", matrix_kinds[kind].name);
		if (strstr(section, name))
			continue;
		printf("# docs/PKS.md, \"The kinds of the matrix\": no row for %s\n", name);
		missing++;
	}
	free(section);
	assert_int_equal(missing, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_manual_of_the_matrix_has_each_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
