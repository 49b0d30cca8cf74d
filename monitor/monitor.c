// SPDX-License-Identifier: MIT
#include "monitor/monitor.h"
#include "boot/acpi/acpi_registers.h"
#include "kernel/console/console.h"
#include "kernel/console/keyboard.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "monitor/ansi.h"
#include "monitor/commands.h"
#include "monitor/line.h"

/* Polls without sleeping for so long after a key: the UART's FIFO holds 16 bytes, 1.4 ms. */
#define AWAKE_NS 500000000ULL
#define NAP_NS   2000000ULL

/* For the monitor's thread only. */
static struct ansi ansi;
static struct line line;
static u64 last_key;

static int poll_inputs(void)
{
	int byte = console_getc();

	if (byte < 0)
		return keyboard_getkey();
	last_key = now_ns();
	return ansi_key(&ansi, (u8)byte);
}

static int next_key(void)
{
	int key;

	while ((key = poll_inputs()) < 0) {
		if (now_ns() - last_key < AWAKE_NS)
			thread_yield();
		else
			thread_sleep(NAP_NS);
	}
	last_key = now_ns();
	return key;
}

static void print(const char *text, void *arg)
{
	(void)arg;
	pr("%s", text);
}

void monitor_main(bool passed)
{
	bool keyboard = !acpi.fadt.no_8042 && keyboard_init();

	commands_set_passed(passed);
	line.out = print;
	line.complete = command_complete;
	pr("# monitor: reads the serial ports%s; help lists the commands\n",
	   keyboard ? " and the keyboard" : ", as there is no keyboard controller");
	for (;;) {
		enum line_event event;

		pr("keyward> ");
		line_start(&line);
		while ((event = line_key(&line, next_key())) == LINE_OPEN)
			;
		if (event == LINE_DONE)
			command_run(line.text);
	}
}
