/* SPDX-License-Identifier: MIT */
#include "boot/multiboot2.h"

#include "kernel/console/framebuffer.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"

#define MBI_HEADER 8 /* u32 total_size, u32 reserved */
#define TAG_HEADER 8 /* u32 type, u32 size of header and content; the next tag is 8-aligned */

enum {
	TAG_END = 0,
	TAG_CMDLINE = 1,
	TAG_LOADER = 2,
	TAG_MMAP = 6,
	TAG_FRAMEBUFFER = 8,
	TAG_ACPI_OLD = 14,
	TAG_ACPI_NEW = 15,
};

#define RSDP_OLD_SIZE 20
#define RSDP_NEW_SIZE 36

/*
 * Fields, as offsets into a tag's content:
 *	mmap		u32 entry_size, u32 entry_version, then entries
 *			{u64 base, u64 len, u32 type}
 *	framebuffer	u64 addr, u32 pitch, u32 width, u32 height, u8 bpp, u8 type, u16 reserved;
 *			with type 1 then {u8 position, u8 size} of red, green, blue
 */
#define MMAP_ENTRIES 8
#define MMAP_ENTRY   24
#define FB_SIZE      22
#define FB_COLOURS   24
#define FB_SIZE_RGB  30

struct tag {
	u32 type;
	u32 len; /* bytes of content */
	const u8 *content;
	size_t offset; /* of the tag in the structure, for messages */
};

/* Reads a tag into *out. Returns what is wrong with it, or NULL. */
typedef const char *tag_parser(const struct tag *tag, struct boot_info *out);

static char message[128];

/* The structure is little-endian, as x86 is, but mbi may be unaligned. */
static u32 read_u32(const u8 *p)
{
	u32 value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static u64 read_u64(const u8 *p)
{
	u64 value;

	memcpy(&value, p, sizeof(value));
	return value;
}

/* Copies a string that may lack its terminator; returns whether it was cut. */
static bool copy_string(char *dst, size_t size, const struct tag *tag)
{
	size_t len = strnlen((const char *)tag->content, tag->len);
	size_t n = MIN(len, size - 1);

	memcpy(dst, tag->content, n);
	dst[n] = '\0';
	return n < len;
}

static const char *parse_cmdline(const struct tag *tag, struct boot_info *out)
{
	out->cmdline_cut = copy_string(out->cmdline, sizeof(out->cmdline), tag);
	return NULL;
}

static const char *parse_loader(const struct tag *tag, struct boot_info *out)
{
	copy_string(out->loader, sizeof(out->loader), tag);
	return NULL;
}

static void add_memory(struct boot_info *out, const struct boot_mem *mem)
{
	u64 end;

	if (!mem->len)
		return;
	if (out->mem_count == BOOT_MEM_MAX || __builtin_add_overflow(mem->base, mem->len, &end))
		out->mem_dropped++;
	else
		out->mem[out->mem_count++] = *mem;
}

static const char *parse_mmap(const struct tag *tag, struct boot_info *out)
{
	u32 entry_size, entries;

	if (tag->len < MMAP_ENTRIES)
		return "too short for its entry size";
	/* A newer entry_version only adds to the entry's end: entry_size says how much. */
	entry_size = read_u32(tag->content);
	if (entry_size < MMAP_ENTRY || entry_size % 8)
		return "entry size is not a multiple of 8 of at least 24";
	if ((tag->len - MMAP_ENTRIES) % entry_size)
		return "not a whole number of entries";

	entries = (tag->len - MMAP_ENTRIES) / entry_size;
	for (u32 i = 0; i < entries; i++) {
		const u8 *entry = tag->content + MMAP_ENTRIES + (size_t)i * entry_size;
		struct boot_mem mem = {
			.base = read_u64(entry),
			.len = read_u64(entry + 8),
			.type = read_u32(entry + 16),
		};

		add_memory(out, &mem);
	}
	return NULL;
}

static struct boot_colour read_colour(const u8 *p)
{
	return (struct boot_colour){ .pos = p[0], .size = p[1] };
}

static const char *parse_framebuffer(const struct tag *tag, struct boot_info *out)
{
	const u8 *p = tag->content;

	if (tag->len < FB_SIZE)
		return "too short";
	out->fb = (struct boot_framebuffer){
		.addr = read_u64(p),
		.pitch = read_u32(p + 8),
		.width = read_u32(p + 12),
		.height = read_u32(p + 16),
		.bpp = p[20],
		.type = p[21],
	};
	/* Without the colours there is no screen, but the boot goes on. */
	if (out->fb.type == FB_DIRECT_COLOUR && tag->len >= FB_SIZE_RGB) {
		out->fb.red = read_colour(p + FB_COLOURS);
		out->fb.green = read_colour(p + FB_COLOURS + 2);
		out->fb.blue = read_colour(p + FB_COLOURS + 4);
	}
	return NULL;
}

static const char *parse_acpi(const struct tag *tag, struct boot_info *out)
{
	u32 size = tag->type == TAG_ACPI_NEW ? RSDP_NEW_SIZE : RSDP_OLD_SIZE;

	if (tag->len < size)
		return "too short for its RSDP";
	if (size > out->rsdp_len) {
		memcpy(out->rsdp, tag->content, size);
		out->rsdp_len = size;
	}
	return NULL;
}

static const struct {
	const char *name;
	tag_parser *parse;
} known_tags[] = {
	[TAG_END] = { "end", NULL },
	[TAG_CMDLINE] = { "command line", parse_cmdline },
	[TAG_LOADER] = { "loader name", parse_loader },
	[TAG_MMAP] = { "memory map", parse_mmap },
	[TAG_FRAMEBUFFER] = { "framebuffer", parse_framebuffer },
	[TAG_ACPI_OLD] = { "ACPI 1.0", parse_acpi },
	[TAG_ACPI_NEW] = { "ACPI 2.0", parse_acpi },
};

static int complain(const char **why, const struct tag *tag, const char *what)
{
	const char *name = "not used here";

	if (tag->type < ARRAY_SIZE(known_tags) && known_tags[tag->type].name)
		name = known_tags[tag->type].name;
	ksnprintf(message, sizeof(message), "multiboot2: tag %u (%s) at offset %zu: %s", tag->type,
		  name, tag->offset, what);
	*why = message;
	return -EINVAL;
}

/* Checks the header of the tag at tag->offset against the total; returns what is wrong. */
static const char *read_tag(const u8 *mbi, size_t total, struct tag *tag)
{
	u32 size;

	tag->type = read_u32(mbi + tag->offset);
	size = read_u32(mbi + tag->offset + 4);
	if (size < TAG_HEADER)
		return "size is less than a tag's header";
	if (size > total - tag->offset)
		return "goes beyond the end of the structure";
	tag->len = size - TAG_HEADER;
	tag->content = mbi + tag->offset + TAG_HEADER;
	if (tag->type == TAG_END && tag->len)
		return "size is not 8";
	return NULL;
}

static int walk(const u8 *mbi, size_t total, struct boot_info *out, const char **why)
{
	struct tag tag = { .offset = MBI_HEADER };
	u32 seen = 0;

	/* Sizes are 32 bits wide and offsets 64: rounding up cannot wrap. */
	while (tag.offset <= total - TAG_HEADER) {
		const char *wrong = read_tag(mbi, total, &tag);

		if (!wrong && tag.type == TAG_END)
			return 0;
		if (!wrong && tag.type < ARRAY_SIZE(known_tags) && known_tags[tag.type].parse &&
		    !(seen & BIT(tag.type))) {
			seen |= 1U << tag.type;
			wrong = known_tags[tag.type].parse(&tag, out);
		}
		if (wrong)
			return complain(why, &tag, wrong);
		tag.offset += ALIGN_UP((size_t)tag.len + TAG_HEADER, (size_t)8);
	}
	*why = "multiboot2: the end tag is missing";
	return -EINVAL;
}

int mb2_parse(const void *mbi, size_t limit, struct boot_info *out, const char **why)
{
	u32 total;

	memset(out, 0, sizeof(*out));
	*why = NULL;
	if (limit < MBI_HEADER + TAG_HEADER) {
		*why = "multiboot2: no room for a boot information structure";
		return -EINVAL;
	}
	total = read_u32(mbi);
	if (total < MBI_HEADER + TAG_HEADER) {
		*why = "multiboot2: the total size is too small for an end tag";
		return -EINVAL;
	}
	if (total > limit) {
		*why = "multiboot2: the total size goes beyond the memory that can be read";
		return -EINVAL;
	}
	out->mbi_size = total;
	return walk(mbi, total, out, why);
}
