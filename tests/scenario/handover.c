// SPDX-License-Identifier: MIT
/*
 * Asynchronous hand-over, in two ways: the initiator maps the page and hands over the *mapping*,
 * which kmap() was made for; or it hands over the *page*, and the consumer maps it for itself.
 */
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_check.h"
#include "mm/kmap/kmap_local.h"
#include "tests/scenario/scenario.h"

/* Written by the initiator before it starts the consumer. */
static struct {
	struct page *page;
	u64 *at; /* the mapping; NULL: the page alone */
} handed;

DRIVER void consume_mapping(void)
{
	work_on(100);
	use(0, handed.at);
	use(1, page_address(scenario_page(SCENARIO_STRAY)));
}

DRIVER void consume_page(void)
{
	u64 *at;

	work_on(100);
	at = kmap_local_page(handed.page);
	use(0, at);
	kunmap_local(at);
	use(1, page_address(scenario_page(SCENARIO_STRAY)));
}

static void consume(void *arg)
{
	(void)arg;
	if (handed.at)
		consume_mapping();
	else
		consume_page();
}

DRIVER void initiate_mapping(enum test_context consumer)
{
	handed.page = scenario_page(0);
	handed.at = kmap(handed.page);
	run_in(consumer, consume, NULL);
	kunmap(handed.page);
}

DRIVER void initiate_page(enum test_context consumer)
{
	handed.page = scenario_page(0);
	handed.at = NULL;
	run_in(consumer, consume, NULL);
}

static const struct use mapping_uses[] = {
	{ "the consumer uses the mapping", BY_KMAP, PKS_WRITE, 0, true, initiate_mapping },
	{ "the consumer strays", BY_NOBODY, PKS_WRITE, 1, true, NULL },
};

static const struct use page_uses[] = {
	{ "the consumer maps the page for itself", BY_LOCAL, PKS_WRITE, 0, false, consume_page },
	{ "the consumer strays after its unmap", BY_NOBODY, PKS_WRITE, 0, false, NULL },
};

#define HANDOVER(id, context, what)                                          \
	static void handed_mapping_##id(void)                                \
	{                                                                    \
		initiate_mapping(context);                                   \
	}                                                                    \
	SCENARIO(handed_mapping_##id, "the mapping to " what, mapping_uses); \
	static void handed_page_##id(void)                                   \
	{                                                                    \
		initiate_page(context);                                      \
	}                                                                    \
	SCENARIO(handed_page_##id, "the page to " what, page_uses)

HANDOVER(work, IN_WORK, "a work queue");
HANDOVER(softirq, IN_SOFTIRQ, "a softirq");
HANDOVER(thread, IN_THREAD, "another thread");
HANDOVER(interrupt, IN_INTERRUPT, "an interrupt");
