// SPDX-License-Identifier: MIT
#include "tests/direct_map/map_model.h"

#define PARTS 512

const char *const map_op_names[MAP_OPS] = { "pkey", "np", "p",       "ro",     "rw",
					    "nx",   "x",  "invalid", "default" };

static u64 pages_of(int level)
{
	return level == 1 ? 1 : PARTS * pages_of(level - 1);
}

void map_model_init(struct map_model *model)
{
	model->tables = 0;
	for (u64 i = 0; i < model->count; i++)
		model->pages[i] = (struct map_page){ .present = true,
						     .writable = true,
						     .level = (u8)model->born };
}

static struct map_page after(struct map_page page, enum map_op op, u8 key)
{
	switch (op) {
	case MAP_PKEY:
		page.key = key;
		break;
	case MAP_NP:
	case MAP_INVALID:
		page.present = false;
		break;
	case MAP_P:
		page.present = true;
		break;
	case MAP_RO:
	case MAP_RW:
		page.writable = op == MAP_RW;
		break;
	case MAP_NX:
	case MAP_X:
		page.executable = op == MAP_X;
		break;
	default:
		page.present = page.writable = true;
		page.executable = false;
	}
	return page;
}

static bool alike(struct map_page a, struct map_page b)
{
	return a.present == b.present && a.writable == b.writable && a.executable == b.executable &&
	       a.key == b.key;
}

static void set_levels(struct map_model *model, u64 from, u64 n, int level)
{
	for (u64 i = from; i < from + n; i++)
		model->pages[i].level = (u8)level;
}

/* Cuts the leaf that has page `i` until it may take part in the operation. */
static u64 cut(struct map_model *model, enum map_op op, u8 key, u64 i, u64 from, u64 end)
{
	u64 tables = 0;

	for (;;) {
		struct map_page page = model->pages[i];
		u64 size = pages_of(page.level), start = i / size * size;
		bool inside = start >= from && start + size <= end;

		if (page.level == 1)
			return tables;
		if (op != MAP_INVALID && (inside || alike(page, after(page, op, key))))
			return tables;
		set_levels(model, start, size, page.level - 1);
		tables++;
	}
}

/* Joins the leaves below `level` around [from, end), where they are alike and a cut made them. */
static void join(struct map_model *model, int level, u64 from, u64 end)
{
	u64 size = pages_of(level);

	for (u64 start = from / size * size; start < end; start += size) {
		const struct map_page *first = &model->pages[start];
		bool same = first->present;

		for (u64 i = 0; i < size && same; i++)
			same = first[i].level == level - 1 && alike(*first, first[i]);
		if (!same)
			continue;
		set_levels(model, start, size, level);
		model->tables--;
	}
}

u64 map_model_play(struct map_model *model, enum map_op op, u8 key, u64 from, u64 n)
{
	u64 end = from + n, tables = 0;

	for (u64 i = from, size; i < end; i = i / size * size + size) {
		tables += cut(model, op, key, i, from, end);
		size = pages_of(model->pages[i].level);
	}
	model->tables += tables;
	for (u64 i = from; i < end; i++)
		model->pages[i] = after(model->pages[i], op, key);
	for (int level = 2; op < MAP_FLUSHING && level <= model->born; level++)
		join(model, level, from, end);
	return tables;
}
