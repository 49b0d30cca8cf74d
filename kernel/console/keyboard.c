// SPDX-License-Identifier: MIT
#include "kernel/console/keyboard.h"
#include "kernel/cpu/insn.h"

#define KBC_DATA   0x60
#define KBC_STATUS 0x64 /* when read */
#define KBC_CMD    0x64 /* when written */

#define STATUS_FULL 0x01 /* a byte is ready to read */
#define STATUS_BUSY 0x02 /* the controller has not taken our last byte yet */
#define STATUS_AUX  0x20 /* the byte to read is the mouse's */
#define STATUS_NONE 0xff /* no controller at this port */

#define CMD_READ_CONFIG  0x20
#define CMD_WRITE_CONFIG 0x60
#define CMD_MOUSE_OFF    0xa7
#define CMD_KEYBOARD_ON  0xae

#define CONFIG_IRQS      0x03 /* of keyboard and mouse: the kernel polls */
#define CONFIG_CLOCK_OFF 0x10 /* disables the keyboard */
#define CONFIG_TRANSLATE 0x40 /* from set 2 to set 1 */

#define KEYBOARD_ENABLE 0xf4 /* to the keyboard: send keys */

/* A port read takes about a microsecond on a PC. */
#define SPIN_MAX  20000
#define FLUSH_MAX 64
#define BYTES_MAX 16

/* Used by the one reader only. */
static bool present;
static struct scancodes codes;

static bool wait_status(u8 mask, u8 want)
{
	for (u32 spins = 0; spins < SPIN_MAX; spins++) {
		u8 status = inb(KBC_STATUS);

		if (status == STATUS_NONE)
			return false;
		if ((status & mask) == want)
			return true;
		cpu_relax();
	}
	return false;
}

static bool put(u16 port, u8 byte)
{
	if (!wait_status(STATUS_BUSY, 0))
		return false;
	outb(port, byte);
	return true;
}

/* Discards what was typed before. */
static void flush(void)
{
	for (u32 i = 0; i < FLUSH_MAX && inb(KBC_STATUS) & STATUS_FULL; i++)
		inb(KBC_DATA);
}

static bool read_config(u8 *config)
{
	if (!put(KBC_CMD, CMD_READ_CONFIG) || !wait_status(STATUS_FULL, STATUS_FULL))
		return false;
	*config = inb(KBC_DATA);
	return true;
}

bool keyboard_init(void)
{
	u8 config;

	if (present)
		return true;
	if (inb(KBC_STATUS) == STATUS_NONE)
		return false;
	flush();
	if (!put(KBC_CMD, CMD_MOUSE_OFF))
		return false;
	flush();
	if (!read_config(&config))
		return false;
	codes.set = config & CONFIG_TRANSLATE ? 1 : 2;
	config &= (u8) ~(CONFIG_IRQS | CONFIG_CLOCK_OFF);
	if (!put(KBC_CMD, CMD_WRITE_CONFIG) || !put(KBC_DATA, config) ||
	    !put(KBC_CMD, CMD_KEYBOARD_ON) || !put(KBC_DATA, KEYBOARD_ENABLE))
		return false;
	/* Waits for the keyboard's answer, if there is one; the decoder ignores a late answer. */
	wait_status(STATUS_FULL, STATUS_FULL);
	flush();
	present = true;
	return true;
}

int keyboard_getkey(void)
{
	for (u32 i = 0; present && i < BYTES_MAX; i++) {
		u8 status = inb(KBC_STATUS), byte;
		int key;

		if (status == STATUS_NONE || !(status & STATUS_FULL))
			return -1;
		byte = inb(KBC_DATA);
		key = status & STATUS_AUX ? -1 : scancode_key(&codes, byte);
		if (key >= 0)
			return key;
	}
	return -1;
}
