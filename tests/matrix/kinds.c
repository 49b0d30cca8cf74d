// SPDX-License-Identifier: MIT
#include "tests/matrix/kinds.h"

#define ROW(id, label, text, in, does, size, has, needs) \
	[KIND_##id] = { .name = (text),                  \
			.group = GROUP_##in,             \
			.access = ACCESS_##does,         \
			.need = NEED_##needs,            \
			.bytes = (size),                 \
			.flags = (has) },
const struct kind_row matrix_kinds[KINDS] = { MATRIX_KINDS(ROW) };
