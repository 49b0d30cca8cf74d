// SPDX-License-Identifier: MIT
#include "kernel/console/display.h"
#include "kernel/console/console.h"
#include "kernel/console/fbcon.h"
#include "kernel/console/framebuffer.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/layout.h"

#define PC_TEXT 0xb8000

extern char image_start[], image_end[];

static const struct boot_framebuffer pc_text = {
	.addr = PC_TEXT,
	.pitch = 160,
	.width = 80,
	.height = 25,
	.type = FB_EGA_TEXT,
};

static bool started; /* the console uses the framebuffer; boot only */

static volatile void *boot_mapped(u64 phys)
{
	return (volatile void *)(DIRECT_BASE + phys);
}

static bool text_is_sane(const struct boot_framebuffer *fb)
{
	u64 bytes = (u64)fb->pitch * fb->height;

	if (fb->width > 200 || fb->height > 100 || fb->pitch != fb->width * 2 || bytes == 0)
		return false;
	/* Text is nowhere else; a loader that claims so could make the kernel overwrite itself. */
	return fb->addr >= VGA_START && fb->addr <= VGA_END - bytes;
}

/* Returns what is wrong, or NULL. */
static const char *start_text(const struct boot_framebuffer *fb)
{
	if (!text_is_sane(fb))
		return "it is not the text screen of a PC";
	pr("# screen: text, %u x %u characters\n", fb->width, fb->height);
	console_add_text(boot_mapped(fb->addr), fb->width, fb->height);
	return NULL;
}

static const char *start_pixels(const struct boot_info *info)
{
	const struct boot_framebuffer *fb = &info->fb;
	const char *wrong = framebuffer_check(info, cpu_phys_bits(), (u64)image_start - KERNEL_BASE,
					      (u64)image_end - KERNEL_BASE);

	if (wrong)
		return wrong;
	pr("# screen: framebuffer at %p, %u x %u pixels of %u bits, %u x %u characters\n",
	   (void *)fb->addr, fb->width, fb->height, fb->bpp, fbcon_cols(fb), fbcon_rows(fb));
	if (fb->addr + framebuffer_size(fb) <= BOOT_MAPPED) {
		console_add_framebuffer(fb, boot_mapped(fb->addr));
		started = true;
	}
	return NULL;
}

void display_start(struct boot_info *info)
{
	struct boot_framebuffer *fb = &info->fb;
	const char *wrong;

	if (fb->addr == 0 && fb->type == 0) {
		pr("# screen: none reported by the boot loader\n");
		return;
	}
	wrong = fb->type == FB_EGA_TEXT ? start_text(fb) : start_pixels(info);
	if (!wrong)
		return;
	pr("# screen: none; not used: type %u at %p, %u x %u, %u bits, %u bytes a row: %s\n",
	   fb->type, (void *)fb->addr, fb->width, fb->height, fb->bpp, fb->pitch, wrong);
	*fb = (struct boot_framebuffer){ 0 };
}

void display_start_last(struct boot_info *info)
{
	display_start(info);
	if (info->fb.type == 0)
		start_text(&pc_text);
}

void display_mapped(const struct boot_info *info, volatile void *pixels)
{
	if (started)
		console_move_framebuffer(pixels);
	else
		console_add_framebuffer(&info->fb, pixels);
}
