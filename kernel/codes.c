// SPDX-License-Identifier: MIT
#include "kernel/codes.h"
#include "boot/acpi/acpi_registers.h"
#include "kernel/console/codes.h"
#include "kernel/console/console.h"
#include "kernel/console/keyboard.h"
#include "kernel/console/results.h"
#include "kernel/lib/options.h"
#include "kernel/sched.h"
#include "kernel/time.h"

#define PAGE_NS    30000000000ULL /* long enough to take a picture */
#define NAP_NS     10000000ULL
#define KEY_ESCAPE 0x1b

/* Waits for a key or until the time is over; false: Esc. */
static bool next_page(void)
{
	u64 until = now_ns() + PAGE_NS;
	int key = -1;

	while (key < 0 && now_ns() < until) {
		thread_sleep(NAP_NS);
		key = keyboard_getkey();
	}
	return key != KEY_ESCAPE;
}

static void turn_pages(const struct fbcon *screen, const struct code_layout *layout)
{
	bool stay = options.exit == EXIT_HALT || options.exit == EXIT_MONITOR;
	u32 pages = codes_pages(layout, results()), page = 0;

	do
		codes_draw(screen, layout, results(), page++ % pages);
	while (next_page() && (stay || page < pages));
}

/* Before the monitor's prompt nothing shows them by itself: a key is to begin a command there. */
static bool wanted(void)
{
	if (options.codes == CODES_AUTO)
		return !console_has_serial() && options.exit != EXIT_MONITOR;
	return options.codes == CODES_ON;
}

void codes_show(void)
{
	const struct fbcon *screen = wanted() ? console_hide() : NULL;
	struct code_layout layout = { 0 };

	if (screen)
		layout = codes_layout(screen->width, screen->height, screen->scale);
	if (layout.version) {
		if (!acpi.fadt.no_8042)
			keyboard_init();
		turn_pages(screen, &layout);
	}
	if (screen)
		console_show();
	if (wanted() && !layout.version)
		pr("# codes: %s\n", screen ? "this screen is too small for them"
					   : "a text screen shows none; boot by UEFI for them");
}
