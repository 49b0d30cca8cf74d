// SPDX-License-Identifier: MIT
#include "tests/stray/rule.h"

#define P_BIT  1u
#define W_BIT  2u
#define PK_BIT 32u

static bool in_window(const struct stray *s, const struct stray_world *w)
{
	return w->window && s->page >= w->first && s->page < w->first + w->pages;
}

bool stray_rule_pardons(const struct stray_arm *arm, bool marked, bool open)
{
	bool device = arm->policy.gate == PKS_GATE_ANY;

	if (arm->guard != GUARD_KMAP)
		return false;
	switch (arm->policy.scope) {
	case PKS_SCOPE_CONTEXT:
		return marked || device;
	case PKS_SCOPE_GLOBAL: /* a mark opens the key to all, until it goes */
		return device && !open;
	default:
		return false;
	}
}

bool stray_is_pardoned(const struct stray_arm *arm, const struct stray *s,
		       const struct stray_world *w)
{
	bool mapped = s->kind == STRAY_AFTER_FREE && stray_rule_pardons(arm, true, true);

	return w->pardoned || mapped || stray_rule_pardons(arm, in_window(s, w), w->window);
}

static enum stray_fate says(const char **why, const char *reason, enum stray_fate fate)
{
	*why = reason;
	return fate;
}

static enum stray_fate by_grant(const struct stray_arm *arm, const struct stray *s,
				const struct stray_world *w, const char **why)
{
	if (arm->policy.mode == PKS_MODE_OFF)
		return says(why, "with CR4.PKS = 0 a key denies nothing", FATE_LANDS);
	if (s->by == BY_THREAD && w->window)
		return says(why, "the context's own window has the key open", FATE_LANDS);
	return says(why, "this context has no right to the key", FATE_REFUSED);
}

static enum stray_fate by_kmap(const struct stray_arm *arm, const struct stray *s,
			       const struct stray_world *w, const char **why)
{
	bool all = arm->policy.scope == PKS_SCOPE_GLOBAL;

	if (w->pardoned || (s->kind == STRAY_AFTER_FREE && stray_rule_pardons(arm, true, true)))
		return says(why, "an earlier pardon lasts until the context ends", FATE_LANDS);
	if (all && w->window)
		return says(why, "kmap() of any page opens its key to all", FATE_LANDS);
	if (!all && in_window(s, w))
		return says(why, "the page is marked by kmap(), so it is pardoned", FATE_LANDS);
	if (arm->policy.gate == PKS_GATE_ANY)
		return says(why, "gate=any pardons each device page", FATE_LANDS);
	return says(why, "no kmap() has marked the page", FATE_REFUSED);
}

static enum stray_fate by_mapping(const struct stray_arm *arm, const struct stray *s,
				  const struct stray_world *w, const char **why)
{
	if (in_window(s, w))
		return says(why, "the page is mapped for all while a writer uses it", FATE_LANDS);
	if (arm->guard == GUARD_UNMAP && s->by == BY_OTHER_CPU)
		return says(why, "another CPU may keep the translation of an earlier window",
			    FATE_EITHER);
	return says(why, "the page is not present", FATE_REFUSED);
}

enum stray_fate stray_rule(const struct stray_arm *arm, const struct stray *s,
			   const struct stray_world *w, const char **why)
{
	switch (arm->guard) {
	case GUARD_GRANT:
		return by_grant(arm, s, w, why);
	case GUARD_KMAP:
		return by_kmap(arm, s, w, why);
	case GUARD_UNMAP:
	case GUARD_UNMAP_ALL:
		return by_mapping(arm, s, w, why);
	default:
		if (w->window && s->by != BY_OTHER_CPU)
			return says(why, "CR0.WP = 0 lets this CPU write read-only pages",
				    FATE_LANDS);
		return says(why, "the page is read-only", FATE_REFUSED);
	}
}

u32 stray_error(const struct stray_arm *arm)
{
	switch (arm->guard) {
	case GUARD_GRANT:
	case GUARD_KMAP:
		return P_BIT | W_BIT | PK_BIT;
	case GUARD_CR0_WP:
		return P_BIT | W_BIT;
	default:
		return W_BIT;
	}
}
