/* SPDX-License-Identifier: MIT */
/*
 * The 16550 driver on a model of its registers. t_uart_place.c tests the functions that access
 * registers in memory; every boot tests those for ports.
 */
#include "tests/host/harness.h"

#include "kernel/console/uart.h"

static struct {
	bool absent; /* no device: reads give all ones */
	bool echoes; /* no device: reads give the bus's last byte */
	bool deaf;   /* the transmitter never becomes free */
	u8 last;     /* on the bus */
	u8 lcr, ier, mcr, scratch, fcr;
	u16 divisor;
	u8 status; /* LSR: DR, OE and the like; OE goes when it is read */
	u8 sent[256], received[64];
	u32 sent_count, received_count, received_at;
	u64 reads;          /* of LSR */
	u32 busy;           /* reads of LSR until the transmitter is free again */
	u32 cleared_at;     /* how many had been sent when the FIFOs were emptied */
	bool lost_by_clear; /* the FIFOs were emptied while the transmitter was busy */
} model;

static u8 model_lsr(void)
{
	u8 status = model.status;

	model.reads++;
	model.status &= (u8)~0x1e;
	if (model.received_at < model.received_count)
		status |= 0x01;
	if (model.busy)
		model.busy--;
	else if (!model.deaf)
		status |= 0x60;
	return status;
}

static u8 model_read(const struct uart *u, u32 reg)
{
	(void)u;
	assert_in_range(reg, 0, 7);
	if (model.absent)
		return 0xff;
	if (model.echoes)
		return reg == 5 ? (model.last = 0x60) : model.last;
	if (model.lcr & 0x80 && reg < 2)
		return (u8)(model.divisor >> (8 * reg));
	switch (reg) {
	case 0:
		return model.received_at < model.received_count
			       ? model.received[model.received_at++]
			       : 0;
	case 3:
		return model.lcr;
	case 5:
		return model_lsr();
	case 7:
		return model.scratch;
	default:
		fail_msg("register %u is read", reg);
		return 0;
	}
}

static void model_write(const struct uart *u, u32 reg, u8 value)
{
	(void)u;
	assert_in_range(reg, 0, 7);
	model.last = value;
	if (model.absent || model.echoes)
		return;
	if (model.lcr & 0x80 && reg < 2) {
		model.divisor = (u16)(reg ? (model.divisor & 0xff) | value << 8
					  : (model.divisor & 0xff00) | value);
		return;
	}
	switch (reg) {
	case 0:
		assert_false(model.busy || model.deaf);
		assert_int_equal(model.lcr, 0x03);
		model.sent[model.sent_count++] = value;
		model.busy = 3;
		break;
	case 1:
		model.ier = value;
		break;
	case 2:
		model.fcr = value;
		model.lost_by_clear |= model.busy;
		break;
	case 3:
		model.lcr = value;
		break;
	case 4:
		model.mcr = value;
		break;
	case 7:
		model.scratch = value;
		break;
	default:
		fail_msg("register %u is written", reg);
	}
}

static struct uart uart;

static bool probe(u32 baud, bool mmio)
{
	uart = (struct uart){
		.place = { .base = 0x3f8, .stride = 1, .width = 8, .baud = baud, .mmio = mmio },
		.read = model_read,
		.write = model_write,
	};
	return uart_probe(&uart);
}

static void fresh(void)
{
	memset(&model, 0, sizeof(model));
	model.divisor = 12;
	model.ier = 0xf;
	model.lcr = 0x1b;
}

static void receive(const char *bytes)
{
	model.received_at = 0;
	model.received_count = (u32)strlen(bytes);
	memcpy(model.received, bytes, model.received_count);
}

static void probing_sets_up_a_port(void **state)
{
	(void)state;
	fresh();
	model.busy = 5; /* the firmware's output is still being sent */
	assert_true(probe(115200, false));
	assert_false(model.lost_by_clear);
	assert_int_equal(model.divisor, 1);
	assert_int_equal(model.lcr, 0x03);
	assert_int_equal(model.ier, 0);
	assert_int_equal(model.fcr, 0x07);
	assert_int_equal(model.mcr, 0x03);
	assert_int_equal(uart.firmware_divisor, 12);
}

/* For a port in memory the speed is not set. */
static void probing_sets_up_a_port_in_memory(void **state)
{
	(void)state;
	fresh();
	model.busy = 5;
	assert_true(probe(115200, true));
	assert_false(model.lost_by_clear);
	assert_int_equal(model.lcr, 0x03);
}

static void the_divisor_follows_the_rate(void **state)
{
	(void)state;
	fresh();
	assert_true(probe(0, false)); /* as the firmware has it */
	assert_int_equal(model.divisor, 12);
	uart_set_baud(&uart, 57600);
	assert_int_equal(model.divisor, 2);
	uart_set_baud(&uart, 300);
	assert_int_equal(model.divisor, 384);
	uart_set_baud(&uart, 0);
	assert_int_equal(model.divisor, 12);
	uart_set_baud(&uart, 921600); /* a PC's clock cannot do that */
	assert_int_equal(model.divisor, 12);
	uart_set_baud(&uart, 1); /* no 16-bit divisor */
	assert_int_equal(model.divisor, 12);
	fresh();
	assert_true(probe(115200, true)); /* in memory: its clock is unknown */
	assert_int_equal(model.divisor, 12);
	fresh();
	model.divisor = 0; /* the firmware's divisor is invalid */
	assert_true(probe(0, false));
	assert_int_equal(model.divisor, 0);
	assert_int_equal(model.lcr, 0x03);
}

static void a_missing_port_is_not_found(void **state)
{
	(void)state;
	fresh();
	model.absent = true;
	assert_false(probe(115200, false));
	fresh();
	model.echoes = true;
	assert_false(probe(115200, false));
	assert_int_equal(model.reads, 0);
}

static void bytes_are_sent_in_order(void **state)
{
	(void)state;
	fresh();
	assert_true(probe(0, false));
	for (u32 i = 0; i < 256; i++)
		uart_put(&uart, (u8)i);
	assert_int_equal(model.sent_count, 256);
	for (u32 i = 0; i < 256; i++)
		assert_int_equal(model.sent[i], i);
}

/* A transmitter that hangs costs one long wait, then short ones; it may recover. */
static void a_stuck_transmitter_delays_but_does_not_hang(void **state)
{
	u64 reads;

	(void)state;
	fresh();
	model.deaf = true;
	assert_true(probe(115200, false));
	assert_in_range(model.reads, 1, 4 << 20);
	assert_true(uart.stuck);
	reads = model.reads;
	for (u32 i = 0; i < 1000; i++)
		uart_put(&uart, 'x');
	assert_in_range(model.reads - reads, 1000, 5000 * 1000);
	assert_int_equal(model.sent_count, 0);
	model.deaf = false;
	uart_put(&uart, 'y');
	uart_put(&uart, 'z');
	assert_int_equal(model.sent_count, 2);
	assert_false(uart.stuck);
}

static void bytes_are_received_in_order(void **state)
{
	(void)state;
	fresh();
	assert_true(probe(0, false));
	assert_int_equal(uart_get(&uart), -1);
	receive("ab\xff");
	assert_int_equal(uart_get(&uart), 'a');
	assert_int_equal(uart_get(&uart), 'b');
	assert_int_equal(uart_get(&uart), 0xff);
	assert_int_equal(uart_get(&uart), -1);
	assert_int_equal(uart_get(&uart), -1);
	receive("x"); /* a port that has gone away */
	model.absent = true;
	assert_int_equal(uart_get(&uart), -1);
	uart_put(&uart, 'x');
}

static void damaged_bytes_are_dropped(void **state)
{
	(void)state;
	fresh();
	assert_true(probe(0, false));
	receive("abc");
	model.status = 0x08; /* framing error */
	assert_int_equal(uart_get(&uart), -1);
	assert_int_equal(uart_get(&uart), 'b');
	model.status = 0x10; /* break */
	assert_int_equal(uart_get(&uart), -1);
	assert_int_equal(uart_get(&uart), -1);
}

/* A byte that the port lost leaves those before and behind it as they are. */
static void an_overrun_keeps_the_other_bytes(void **state)
{
	(void)state;
	fresh();
	assert_true(probe(0, false));
	receive("abc");
	model.status = 0x02;
	assert_int_equal(uart_get(&uart), 'a');
	assert_int_equal(uart_get(&uart), 'b');
	model.status = 0x02;
	uart_put(&uart, 'x');
	assert_int_equal(uart_get(&uart), 'c');
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(probing_sets_up_a_port),
		cmocka_unit_test(probing_sets_up_a_port_in_memory),
		cmocka_unit_test(the_divisor_follows_the_rate),
		cmocka_unit_test(a_missing_port_is_not_found),
		cmocka_unit_test(bytes_are_sent_in_order),
		cmocka_unit_test(a_stuck_transmitter_delays_but_does_not_hang),
		cmocka_unit_test(bytes_are_received_in_order),
		cmocka_unit_test(an_overrun_keeps_the_other_bytes),
		cmocka_unit_test(damaged_bytes_are_dropped),

	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
