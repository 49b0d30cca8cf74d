// SPDX-License-Identifier: MIT
#include "kernel/console/framebuffer.h"

#include "kernel/console/fbcon.h"
#include "kernel/cpu/x86.h"

static const char *check_colours(const struct boot_framebuffer *fb)
{
	const struct boot_colour *fields[] = { &fb->red, &fb->green, &fb->blue };
	u64 taken = 0;

	for (u32 i = 0; i < ARRAY_SIZE(fields); i++) {
		u32 pos = fields[i]->pos, size = fields[i]->size;
		u64 bits;

		if (size == 0 || size > 16 || pos + size > fb->bpp)
			return "a colour's bits lie outside the pixel";
		bits = (BIT(size) - 1) << pos;
		if (bits & taken)
			return "the colours' bits overlap";
		taken |= bits;
	}
	return NULL;
}

static const char *check_geometry(const struct boot_framebuffer *fb)
{
	if (fb->bpp != 15 && fb->bpp != 16 && fb->bpp != 24 && fb->bpp != 32)
		return "a pixel has neither 15, 16, 24 nor 32 bits";
	if (fb->width == 0 || fb->height == 0)
		return "it has no pixels";
	if ((u64)fb->width * ((fb->bpp + 7u) / 8) > fb->pitch)
		return "its rows overlap";
	if ((u64)fb->pitch * fb->height > FRAMEBUFFER_MAX)
		return "it is larger than 512 MiB";
	if (fbcon_cols(fb) == 0 || fbcon_rows(fb) == 0)
		return "there is no room for a character";
	return check_colours(fb);
}

static bool overlap(u64 a, u64 a_end, u64 b, u64 b_end)
{
	return a < b_end && b < a_end;
}

/* A memory map may list a hole in RAM as a second entry, within the RAM, of another type. */
static bool is_ram(const struct boot_info *info, u64 start, u64 end)
{
	bool ram = false;

	for (u32 i = 0; i < info->mem_count; i++) {
		const struct boot_mem *m = &info->mem[i];

		if (m->type == BOOT_MEM_RAM)
			ram |= overlap(start, end, m->base, m->base + m->len);
		else if (m->base <= start && end <= m->base + m->len)
			return false;
	}
	return ram;
}

const char *framebuffer_check(const struct boot_info *info, u32 phys_bits, u64 image_start,
			      u64 image_end)
{
	const struct boot_framebuffer *fb = &info->fb;
	const char *wrong;
	u64 start, end;

	if (fb->type != FB_DIRECT_COLOUR)
		return "it has no direct colours";
	wrong = check_geometry(fb);
	if (wrong)
		return wrong;
	/* Whole pages, as it will be mapped. */
	start = ALIGN_DOWN(fb->addr, (u64)PAGE_SIZE);
	if (__builtin_add_overflow(fb->addr, framebuffer_size(fb) + PAGE_SIZE - 1, &end))
		return "its end is beyond the last address";
	end = ALIGN_DOWN(end, (u64)PAGE_SIZE);
	if (start == 0)
		return "it is at address 0";
	if (phys_bits < 64 && (end - 1) >> phys_bits)
		return "it is beyond the CPU's physical address bits";
	if (overlap(start, end, image_start, image_end))
		return "it overlaps the kernel";
	if (is_ram(info, start, end))
		return "it is in RAM";
	return NULL;
}
