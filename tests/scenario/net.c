// SPDX-License-Identifier: MIT
/* Drivers that receive: one context maps a page, another fills it in. */
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_check.h"
#include "tests/scenario/scenario.h"

static void *mapped[SCENARIO_PAGES]; /* the addresses of the driver that runs; one does at a time */

/* Opening the device maps a buffer, which the receive tasklet fills in. */

DRIVER void buffer_open(void)
{
	for (u32 i = 0; i < SCENARIO_STRAY; i++)
		mapped[i] = kmap(scenario_page(i));
}

DRIVER void buffer_close(void)
{
	for (u32 i = 0; i < SCENARIO_STRAY; i++)
		kunmap(scenario_page(i));
}

DRIVER void buffer_receive(void *arg)
{
	(void)arg;
	use(0, mapped[0]);
	work_on(200);
	use(1, mapped[1]);
	use(2, page_address(scenario_page(SCENARIO_STRAY)));
}

static void receive_buffer(void)
{
	buffer_open();
	run_in(IN_SOFTIRQ, buffer_receive, NULL);
	buffer_close();
}

static const struct use receive_buffer_uses[] = {
	{ "the tasklet fills in the first page", BY_KMAP, PKS_WRITE, 0, true, buffer_open },
	{ "it fills in the second page", BY_KMAP, PKS_WRITE, 1, true, buffer_open },
	{ "it runs on into a page beyond the buffer", BY_NOBODY, PKS_WRITE, 1, true, NULL },
};
SCENARIO(receive_buffer, "firewire/net", receive_buffer_uses);

/* A page stays mapped so that an interrupt can write to it at any time. */

DRIVER void notify_set(void)
{
	mapped[0] = kmap(scenario_page(0));
}

DRIVER void notify_event(void *n)
{
	use((u32)(u64)n, mapped[0]);
}

DRIVER void notify_unset(void)
{
	kunmap(scenario_page(0));
}

static void notify_page(void)
{
	notify_set();
	run_in(IN_INTERRUPT, notify_event, (void *)0);
	work_on(500);
	run_in(IN_INTERRUPT, notify_event, (void *)1);
	notify_unset();
	run_in(IN_INTERRUPT, notify_event, (void *)2);
}

static const struct use notify_page_uses[] = {
	{ "an event sets the byte", BY_KMAP, PKS_WRITE, 0, true, notify_set },
	{ "the next event sets it, in another interrupt", BY_KMAP, PKS_WRITE, 0, true, notify_set },
	{ "an event comes after the page was unmapped", BY_NOBODY, PKS_WRITE, 0, false, NULL },
};
SCENARIO(notify_page, "misc/vmw_vmci/vmci_host", notify_page_uses);

/* Programmed input: a thread maps the request's page, and interrupts fill it word by word. */

DRIVER void pio_start(void)
{
	mapped[0] = kmap(scenario_page(0));
}

DRIVER void pio_word(void *n)
{
	work_on(30);
	use((u32)(u64)n, (u64 *)mapped[0] + (u64)n);
}

DRIVER void pio_done(void *arg)
{
	(void)arg;
	use(2, mapped[0]);
	kunmap(scenario_page(0));
}

static void pio_in_interrupt(void)
{
	pio_start();
	run_in(IN_INTERRUPT, pio_word, (void *)0);
	run_in(IN_INTERRUPT, pio_word, (void *)1);
	run_in(IN_WORK, pio_done, NULL);
}

static const struct use pio_in_interrupt_uses[] = {
	{ "an interrupt moves a word", BY_KMAP, PKS_WRITE, 0, true, pio_start },
	{ "the next interrupt moves another", BY_KMAP, PKS_WRITE, 0, true, pio_start },
	{ "a work item reads the page and unmaps it", BY_KMAP, PKS_READ, 0, true, pio_start },
};
SCENARIO(pio_in_interrupt, "mmc/host/usdhi6rol0", pio_in_interrupt_uses);

/* A softirq receives a segment: it maps the page, copies the data in, and unmaps. */

DRIVER void *segment_map(void)
{
	mapped[0] = kmap(scenario_page(0));
	return mapped[0];
}

DRIVER void segment_receive(void *arg)
{
	u64 *at = segment_map();

	(void)arg;
	use(0, at);
	work_on(100);
	use(1, at + 1);
	kunmap(scenario_page(0));
}

static void receive_segment(void)
{
	run_in(IN_SOFTIRQ, segment_receive, NULL);
}

static const struct use receive_segment_uses[] = {
	{ "the softirq copies the header in", BY_KMAP, PKS_WRITE, 0, true, segment_map },
	{ "it copies the data in", BY_KMAP, PKS_WRITE, 1, true, segment_map },
};
SCENARIO(receive_segment, "scsi/libiscsi_tcp", receive_segment_uses);
