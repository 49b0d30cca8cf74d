// SPDX-License-Identifier: MIT
#include "kernel/calibrate.h"
#include "boot/acpi/acpi_registers.h"
#include "kernel/apic.h"
#include "kernel/console/console.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/insn.h"

#define PIT_HZ       1193182
#define PIT_CHANNEL2 0x42
#define PIT_MODE     0x43
#define PIT_GATE     0x61 /* bit 0: channel 2 counts; bit 1: speaker; bit 5: it is at 0 */
#define PIT_OUT      0x20

/* "IA-PC HPET Specification", "Memory Mapped Registers". */
#define HPET_PERIOD     0x004 /* femtoseconds a count */
#define HPET_PERIOD_MAX 100000000
#define HPET_CONFIG     0x010
#define HPET_COUNTER    0x0f0
#define HPET_ENABLE     BIT(0)

#define CALIBRATE_MS  2
#define TRIES         16
#define GIVE_UP_TICKS 1000000000 /* TSC ticks, whatever its rate: some tenths of a second */
#define FS_PER_NS     1000000ULL
#define FS_PER_MS     1000000000000ULL
#define NS_PER_SECOND 1000000000ULL
#define FS_PER_SECOND 1000000000000000ULL

/* The TSC and the APIC timer, read at one moment. */
struct moment {
	u64 tsc;
	u32 timer;
};

/* Waits by a reference clock; returns the ns from `from` to `to`, or 0 if the clock is stopped. */
typedef u64 reference(struct moment *from, struct moment *to);

static struct moment now(void)
{
	return (struct moment){ .tsc = rdtsc(), .timer = apic_timer_left() };
}

static bool too_late(const struct moment *from)
{
	return rdtsc() - from->tsc > GIVE_UP_TICKS;
}

static u64 by_pit(struct moment *from, struct moment *to)
{
	u32 count = PIT_HZ * CALIBRATE_MS / 1000;
	u8 gate = inb(PIT_GATE) & 0xfc;

	outb(PIT_GATE, gate);
	outb(PIT_MODE, 0xb0); /* channel 2, both bytes, mode 0: the output rises at 0 */
	outb(PIT_CHANNEL2, (u8)count);
	outb(PIT_CHANNEL2, (u8)(count >> 8));
	outb(PIT_GATE, gate | 1);
	*from = now();
	if (inb(PIT_GATE) & PIT_OUT)
		return 0; /* set at once: not a counter's output, or nothing at that port */
	while (!(inb(PIT_GATE) & PIT_OUT))
		if (too_late(from))
			return 0;
	*to = now();
	return CALIBRATE_MS * 1000000;
}

/* Waits by a counter that counts up. It may wrap, but only once in the time measured. */
static u64 by_counter(u32 (*read)(void), u32 mask, u64 period_fs, struct moment *from,
		      struct moment *to)
{
	u64 wanted = CALIBRATE_MS * FS_PER_MS / period_fs, passed = 0;
	u32 first = read();

	*from = now();
	while (passed < wanted) {
		passed = (read() - first) & mask;
		if (too_late(from))
			return 0;
	}
	*to = now();
	return passed * period_fs / FS_PER_NS;
}

static u32 hpet_read(void)
{
	return acpi_read(ACPI_HPET, HPET_COUNTER, 4);
}

/* Starts the HPET if the firmware left it stopped, and stops it again afterwards. */
static u64 by_hpet(struct moment *from, struct moment *to)
{
	u32 period, config;
	u64 ns;

	if (!acpi_has(ACPI_HPET))
		return 0;
	period = acpi_read(ACPI_HPET, HPET_PERIOD, 4);
	if (period == 0 || period > HPET_PERIOD_MAX)
		return 0;
	config = acpi_read(ACPI_HPET, HPET_CONFIG, 4);
	acpi_write(ACPI_HPET, HPET_CONFIG, 4, config | HPET_ENABLE);
	ns = by_counter(hpet_read, ~0u, period, from, to);
	acpi_write(ACPI_HPET, HPET_CONFIG, 4, config);
	return ns;
}

static u32 pm_timer_read(void)
{
	return acpi_read(ACPI_PM_TIMER, 0, 4);
}

static u64 by_pm_timer(struct moment *from, struct moment *to)
{
	if (!acpi_has(ACPI_PM_TIMER))
		return 0;
	return by_counter(pm_timer_read, acpi.fadt.timer_32bit ? ~0u : 0xffffff,
			  FS_PER_SECOND / ACPI_PM_TIMER_HZ, from, to);
}

static struct cpuid leaf_or_none(u32 leaf)
{
	return cpuid(0, 0).a >= leaf ? cpuid(leaf, 0) : (struct cpuid){ 0 };
}

/* Measures the APIC timer by a TSC of known rate. */
static u64 timer_by_tsc(u64 tsc_hz)
{
	u64 wanted = tsc_hz * CALIBRATE_MS / 1000, from;
	u32 left;

	apic_timer_start_masked(~0u);
	from = rdtsc();
	while (rdtsc() - from < wanted)
		cpu_relax();
	left = apic_timer_left();
	apic_timer_start_masked(0);
	return (u64)(~0u - left) * 1000 / CALIBRATE_MS;
}

static struct calibration by_cpuid(void)
{
	struct calibration result;

	if (calibration_by_cpuid(leaf_or_none(0x15), leaf_or_none(0x16), &result)) {
		if (!result.timer_hz)
			result.timer_hz = timer_by_tsc(result.tsc_hz);
		return result;
	}
	pr("# clock: no PIT, HPET, PM timer or CPUID leaf 15H or 16H; times are guesses "
	   "(TSC taken as 1 GHz)\n");
	return (struct calibration){ NS_PER_SECOND, NS_PER_SECOND / 16, "a guess" };
}

/* Measures until two measurements agree. False: the clock is stopped. */
static bool measure(reference *wait, struct calibration *result)
{
	struct rates seen[TRIES], rates;
	struct moment from, to;

	for (u32 n = 0; n < TRIES; n++) {
		u64 ns;

		apic_timer_start_masked(~0u);
		ns = wait(&from, &to);
		apic_timer_start_masked(0);
		if (!ns)
			return false;
		seen[n].tsc_hz = (to.tsc - from.tsc) * NS_PER_SECOND / ns;
		seen[n].timer_hz = (u64)(from.timer - to.timer) * NS_PER_SECOND / ns;
		if (calibration_pick(seen, n + 1, &rates))
			break;
	}
	result->tsc_hz = rates.tsc_hz;
	result->timer_hz = rates.timer_hz;
	return true;
}

struct calibration calibrate(void)
{
	static const struct {
		const char *name;
		reference *wait;
	} references[] = {
		{ "the PIT", by_pit },
		{ "the HPET", by_hpet },
		{ "the ACPI PM timer", by_pm_timer },
	};

	for (u32 i = 0; i < ARRAY_SIZE(references); i++) {
		struct calibration result = { .by = references[i].name };

		if (measure(references[i].wait, &result))
			return result;
	}
	return by_cpuid();
}
