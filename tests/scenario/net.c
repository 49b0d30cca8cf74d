// SPDX-License-Identifier: MIT
/* Drivers that receive: what is mapped by one context is filled in by another. */
#include "mm/kmap/kmap.h"
#include "tests/scenario/scenario.h"

static void *mapped[SCENARIO_PAGES]; /* where a driver keeps its addresses; one runs at a time */

/* A buffer that is mapped when the device is opened, and filled in by the receive tasklet. */

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
	{ "the second page", BY_KMAP, PKS_WRITE, 1, true, buffer_open },
	{ "and runs on into one that is not the buffer's", BY_NOBODY, PKS_WRITE, 1, true, NULL },
};
SCENARIO(receive_buffer, "firewire/net", receive_buffer_uses);

/* A page that is mapped for ever, so that an interrupt can write one byte of it. */

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
	{ "so does the next, in an interrupt of its own", BY_KMAP, PKS_WRITE, 0, true, notify_set },
	{ "one comes after the page was given back", BY_NOBODY, PKS_WRITE, 0, false, NULL },
};
SCENARIO(notify_page, "misc/vmw_vmci/vmci_host", notify_page_uses);

/* Programmed input: the request's page is mapped by its thread and filled word by word by
 * interrupts. */

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
	{ "the next one", BY_KMAP, PKS_WRITE, 0, true, pio_start },
	{ "a work item looks at it and unmaps", BY_KMAP, PKS_READ, 0, true, pio_start },
};
SCENARIO(pio_in_interrupt, "mmc/host/usdhi6rol0", pio_in_interrupt_uses);

/* Data-ready runs in a softirq: maps the segment's page, copies, unmaps. */

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
	{ "and the data", BY_KMAP, PKS_WRITE, 1, true, segment_map },
};
SCENARIO(receive_segment, "scsi/libiscsi_tcp", receive_segment_uses);
