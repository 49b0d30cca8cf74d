/* SPDX-License-Identifier: MIT */
#include "kernel/lib/option_names.h"

struct options options;

const char *const pks_mode_names[PKS_MODES] = {
	[PKS_MODE_OFF] = "off",
	[PKS_MODE_STRICT] = "strict",
	[PKS_MODE_RELAXED] = "relaxed",
	[PKS_MODE_SILENT] = "silent",
};

const char *const pks_gate_names[PKS_GATES] = {
	[PKS_GATE_KMAPPED] = "kmapped",
	[PKS_GATE_ANY] = "any",
};

const char *const pks_scope_names[PKS_SCOPES] = {
	[PKS_SCOPE_CONTEXT] = "context",
	[PKS_SCOPE_INSTRUCTION] = "instruction",
	[PKS_SCOPE_GLOBAL] = "global",
};

const char *const pks_marks_names[PKS_MARKS] = {
	[PKS_MARKS_PAGE] = "page",
	[PKS_MARKS_HASH] = "hash",
};

const char *const exit_action_names[EXIT_ACTIONS] = {
	[EXIT_POWEROFF] = "poweroff",
	[EXIT_REBOOT] = "reboot",
	[EXIT_HALT] = "halt",
	[EXIT_MONITOR] = "monitor",
};

const char *const matrix_extent_names[MATRIX_EXTENTS] = {
	[MATRIX_EVERYDAY] = "everyday",
	[MATRIX_FULL] = "full",
	[MATRIX_LIST] = "list",
};

const char *const magic_point_names[MAGIC_POINTS] = { "write", "switch", "fault", "pardon" };

_Static_assert(MAGIC_WRITE == BIT(0) && MAGIC_SWITCH == BIT(1) && MAGIC_FAULT == BIT(2) &&
		       MAGIC_PARDON == BIT(3),
	       "magic_point_names is indexed by the bit's number");

static const char *name_of(const char *const *names, unsigned count, unsigned value)
{
	return value < count ? names[value] : "invalid";
}

const char *pks_mode_name(enum pks_mode mode)
{
	return name_of(pks_mode_names, PKS_MODES, mode);
}

const char *pks_gate_name(enum pks_gate gate)
{
	return name_of(pks_gate_names, PKS_GATES, gate);
}

const char *pks_scope_name(enum pks_scope scope)
{
	return name_of(pks_scope_names, PKS_SCOPES, scope);
}

const char *exit_action_name(enum exit_action action)
{
	return name_of(exit_action_names, EXIT_ACTIONS, action);
}
