/* SPDX-License-Identifier: MIT */
/* The ways to protect the range that are compared: each is a test of its own. */
#ifndef KEYWARD_TESTS_STRAY_ARM_LIST_H
#define KEYWARD_TESTS_STRAY_ARM_LIST_H

#include "tests/stray/wild.h"

/* Name, guard, policy: mode, gate, scope; whether strays in the own window are aimed at the store.
 */
// clang-format off
#define STRAY_ARMS(X) \
	X(pks_off,                     GRANT,     OFF,     KMAPPED, CONTEXT,     false) \
	X(strict,                      GRANT,     STRICT,  KMAPPED, CONTEXT,     false) \
	X(strict_own_window_at_store,  GRANT,     STRICT,  KMAPPED, CONTEXT,     true)  \
	X(relaxed_kmapped_context,     KMAP,      RELAXED, KMAPPED, CONTEXT,     false) \
	X(relaxed_kmapped_instruction, KMAP,      RELAXED, KMAPPED, INSTRUCTION, false) \
	X(relaxed_kmapped_global,      KMAP,      RELAXED, KMAPPED, GLOBAL,      false) \
	X(relaxed_any_context,         KMAP,      RELAXED, ANY,     CONTEXT,     false) \
	X(relaxed_any_instruction,     KMAP,      RELAXED, ANY,     INSTRUCTION, false) \
	X(relaxed_any_global,          KMAP,      RELAXED, ANY,     GLOBAL,      false) \
	X(silent_kmapped_context,      KMAP,      SILENT,  KMAPPED, CONTEXT,     false) \
	X(silent_kmapped_instruction,  KMAP,      SILENT,  KMAPPED, INSTRUCTION, false) \
	X(silent_kmapped_global,       KMAP,      SILENT,  KMAPPED, GLOBAL,      false) \
	X(silent_any_context,          KMAP,      SILENT,  ANY,     CONTEXT,     false) \
	X(silent_any_instruction,      KMAP,      SILENT,  ANY,     INSTRUCTION, false) \
	X(silent_any_global,           KMAP,      SILENT,  ANY,     GLOBAL,      false) \
	X(unmapped,                    UNMAP,     STRICT,  KMAPPED, CONTEXT,     false) \
	X(unmapped_shootdown,          UNMAP_ALL, STRICT,  KMAPPED, CONTEXT,     false) \
	X(cr0_wp,                      CR0_WP,    STRICT,  KMAPPED, CONTEXT,     false)
// clang-format on

enum stray_arm_id {
#define STRAY_ARM_ID(id, ...) STRAY_ARM_##id,
	STRAY_ARMS(STRAY_ARM_ID) STRAY_ARM_COUNT
};

extern const struct stray_arm stray_arms[STRAY_ARM_COUNT];

#endif
