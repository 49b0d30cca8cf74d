// SPDX-License-Identifier: MIT
/* Block targets and the like: a list of pages is mapped, passed on, and unmapped at the end. */
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_check.h"
#include "tests/scenario/scenario.h"

static void *vec[SCENARIO_PAGES]; /* one driver runs at a time */

/* A receive softirq maps a command's pages, one work item fills them, another unmaps them. */

DRIVER void iovec_map(void *arg)
{
	(void)arg;
	for (u32 i = 0; i < 2; i++)
		vec[i] = kmap(scenario_page(i));
}

DRIVER void iovec_receive(void *arg)
{
	(void)arg;
	use(0, vec[0]);
	work_on(300);
	use(1, vec[1]);
	use(2, page_address(scenario_page(SCENARIO_STRAY)));
}

DRIVER void iovec_unmap(void *arg)
{
	(void)arg;
	for (u32 i = 0; i < 2; i++)
		kunmap(scenario_page(i));
}

static void target_iovec(void)
{
	run_in(IN_SOFTIRQ, iovec_map, NULL);
	run_in(IN_WORK, iovec_receive, NULL);
	run_in(IN_WORK, iovec_unmap, NULL);
}

static const struct use target_iovec_uses[] = {
	{ "a work item fills in the first page", BY_KMAP, PKS_WRITE, 0, true, iovec_map },
	{ "it fills in the second", BY_KMAP, PKS_WRITE, 1, true, iovec_map },
	{ "a stray pointer of the work item", BY_NOBODY, PKS_WRITE, 1, true, NULL },
};
SCENARIO(target_iovec, "nvme/target/tcp, target/iscsi", target_iovec_uses);

/* An emulated command: one thread maps the data, has a function fill it in, and unmaps. */

DRIVER void command_fill(u64 *data)
{
	use(0, data);
	work_on(150);
	use(1, data + 4);
}

DRIVER void command_emulate(void)
{
	command_fill(kmap(scenario_page(0)));
	kunmap(scenario_page(0));
}

static void emulated_command(void)
{
	command_emulate();
	work_on(100);
	use(2, page_address(scenario_page(0)));
}

static const struct use emulated_command_uses[] = {
	{ "fills in the answer's header", BY_KMAP, PKS_WRITE, 0, true, command_emulate },
	{ "fills in its data", BY_KMAP, PKS_WRITE, 1, true, command_emulate },
	{ "a late write after the unmap", BY_NOBODY, PKS_WRITE, 1, false, NULL },
};
SCENARIO(emulated_command, "target/target_core_transport", emulated_command_uses);

/* A driver gathers pieces of user data in one page. */

DRIVER void coalesce(void)
{
	u64 *at = kmap(scenario_page(0));

	for (u32 i = 0; i < 3; i++) {
		use(i, at + 8 * i);
		work_on(60);
	}
	kunmap(scenario_page(0));
}

static void coalesced_fragments(void)
{
	coalesce();
}

static const struct use coalesced_fragments_uses[] = {
	{ "writes the first piece", BY_KMAP, PKS_WRITE, 0, true, coalesce },
	{ "the second piece", BY_KMAP, PKS_WRITE, 1, true, coalesce },
	{ "the third piece", BY_KMAP, PKS_WRITE, 1, true, coalesce },
};
SCENARIO(coalesced_fragments, "infiniband/hw/qib/qib_user_sdma", coalesced_fragments_uses);

/* A driver copies a table into pages and maps each only while it fills it. */

DRIVER void table_page(u32 i)
{
	use(i, kmap(scenario_page(i)));
	kunmap(scenario_page(i));
}

static void uploaded_table(void)
{
	table_page(0);
	table_page(1);
	use(2, page_address(scenario_page(0)));
}

static const struct use uploaded_table_uses[] = {
	{ "fills the first page", BY_KMAP, PKS_WRITE, 0, true, table_page },
	{ "fills the second page", BY_KMAP, PKS_WRITE, 1, true, table_page },
	{ "a write to the first page after its unmap", BY_NOBODY, PKS_WRITE, 1, false, NULL },
};
SCENARIO(uploaded_table, "misc/xilinx_sdfec", uploaded_table_uses);

/* An iterator over a list: the library maps the pages, the driver reads them. */

static u32 cursor;

DRIVER void *miter_next(void)
{
	if (cursor)
		kunmap(scenario_page(cursor - 1));
	return kmap(scenario_page(cursor++));
}

DRIVER void miter_stop(void)
{
	kunmap(scenario_page(cursor - 1));
}

DRIVER void copy_from_list(void)
{
	u64 *at = miter_next();

	use(0, at);
	work_on(100);
	at = miter_next();
	use(1, at);
	miter_stop();
}

static void scatter_walk(void)
{
	cursor = 0;
	copy_from_list();
}

static const struct use scatter_walk_uses[] = {
	{ "reads the first entry", BY_KMAP, PKS_READ, 0, true, miter_next },
	{ "reads the next", BY_KMAP, PKS_READ, 1, true, miter_next },
};
SCENARIO(scatter_walk, "lib/scatterlist", scatter_walk_uses);

/* One thread pins and maps an object; other threads write to it at any time. */

DRIVER void *gem_pin_map(void)
{
	return kmap(scenario_page(0));
}

DRIVER void gem_fill(void *object)
{
	use(0, object);
}

DRIVER void other_user(void *arg)
{
	(void)arg;
	kmap(scenario_page(0));
	kunmap(scenario_page(0));
}

static void gem_object(void)
{
	void *object = gem_pin_map();

	run_in(IN_THREAD, gem_fill, object);
	run_in(IN_THREAD, other_user, NULL);
	use(1, object);
	kunmap(scenario_page(0));
}

static const struct use gem_object_uses[] = {
	{ "another thread fills it in", BY_KMAP, PKS_WRITE, 0, true, gem_pin_map },
	{ "its owner reads it after a third thread mapped it too", BY_KMAP, PKS_READ, 0, true,
	  gem_pin_map },
};
SCENARIO(gem_object, "gpu/drm/i915, gpu/drm/ttm", gem_object_uses);

/* A nested guest's page: mapped at one exit, used at later ones, with a preemption in between. */

DRIVER void *guest_map(void)
{
	return kmap(scenario_page(0));
}

DRIVER void guest_exit(u32 n, u64 *state)
{
	use(n, state + n);
}

static void guest_page(void)
{
	u64 *state = guest_map();

	guest_exit(0, state);
	thread_yield();
	work_on(400);
	guest_exit(1, state);
	kunmap(scenario_page(0));
}

static const struct use guest_page_uses[] = {
	{ "an exit writes the state", BY_KMAP, PKS_WRITE, 0, true, guest_map },
	{ "the next writes it after a preemption", BY_KMAP, PKS_WRITE, 1, true, guest_map },
};
SCENARIO(guest_page, "virt/kvm", guest_page_uses);
