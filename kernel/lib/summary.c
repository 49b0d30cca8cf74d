// SPDX-License-Identifier: MIT
#include "kernel/lib/summary.h"
#include "kernel/lib/hash64.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"

void summary_add(struct summary *s, const char *line, bool last)
{
	u32 room = SUMMARY_BYTES - (last ? 0 : SUMMARY_LAST), n;

	while (*line == ' ')
		line++;
	n = (u32)strlen(line);
	while (n && line[n - 1] == '\n')
		n--;
	if (s->used + n + 1 > room) {
		s->lost++;
		return;
	}
	for (u32 i = 0; i < n; i++)
		s->text[s->used++] = line[i] >= ' ' && line[i] <= '~' ? line[i] : '?';
	s->text[s->used++] = '\n';
}

u32 summary_codes(const struct summary *s, u32 capacity)
{
	u32 part = capacity - SUMMARY_HEAD;

	return MAX((s->used + part - 1) / part, 1);
}

u32 summary_code(const struct summary *s, u32 capacity, u32 k, char *text)
{
	u32 part = capacity - SUMMARY_HEAD, from = MIN(k * part, s->used);
	u32 n = MIN(part, s->used - from), head;

	head = (u32)ksnprintf(text, SUMMARY_HEAD, "KEYWARD1 %016lx %u/%u %u\n",
			      hash64(0, s->text, s->used), k + 1, summary_codes(s, capacity), n);
	memcpy(text + head, s->text + from, n);
	return head + n;
}
