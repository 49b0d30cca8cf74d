/* SPDX-License-Identifier: MIT */
/* The words that the command line and the messages use for the options' values. Pure. */
#ifndef KEYWARD_KERNEL_LIB_OPTION_NAMES_H
#define KEYWARD_KERNEL_LIB_OPTION_NAMES_H

#include "kernel/lib/options.h"

#define EXIT_ACTIONS 4
#define MAGIC_POINTS 4

/* Indexed by the enum; by the bit's number for the magic points. */
extern const char *const pks_mode_names[PKS_MODES];
extern const char *const pks_gate_names[PKS_GATES];
extern const char *const pks_scope_names[PKS_SCOPES];
extern const char *const pks_marks_names[PKS_MARKS];
extern const char *const exit_action_names[EXIT_ACTIONS];
extern const char *const matrix_extent_names[MATRIX_EXTENTS];
extern const char *const magic_point_names[MAGIC_POINTS];

/* "invalid" for a value that is none. Any context. */
const char *pks_mode_name(enum pks_mode mode);
const char *pks_gate_name(enum pks_gate gate);
const char *pks_scope_name(enum pks_scope scope);
const char *exit_action_name(enum exit_action action);

#endif
