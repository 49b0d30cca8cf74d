// SPDX-License-Identifier: MIT
/* The commands about memory: walk, page, kmap, kunmap, read, write. */
#include "kernel/console/console.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/pkrs_bits.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"
#include "mm/kmap/devmap.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "monitor/access.h"
#include "monitor/canonical.h"
#include "monitor/commands.h"
#include "monitor/names.h"
#include "pks/keys.h"
#include "pks/policy/marks.h"

#define LENGTH_MAX 1024
#define ROW        16

void command_walk(int n, char **words)
{
	u64 addr;

	(void)n;
	if (!word_number(words[1], &addr))
		return;
	if (address_is_canonical(addr))
		report_address(addr);
	else
		pr("%016lx is not canonical: no table is looked at\n", addr);
}

void command_page(int n, char **words)
{
	u32 key = PKS_KEY_DEVMAP;
	struct page *page;
	int number;

	if (n == 2 && !word_key(words[1], &key))
		return;
	if (names_full()) {
		pr("all %d pages have been made\n", NAMED_PAGES);
		return;
	}
	page = page_alloc(0);
	if (page)
		memset(page_to_virt(page), 0, PAGE_SIZE);
	if (!page || devmap_protect(page, 1, key)) {
		if (page)
			page_free(page, 0);
		pr("no memory for %s\n",
		   page ? "the tables of a large page that is split" : "a page");
		return;
	}
	number = name_page(page);
	pr("page%d is at %016lx: device memory, key %u (%s)\n", number, (u64)page_address(page),
	   key, pks_key_owner(key));
}

/* Returns the page at an address of the direct map; NULL: has printed the error. */
static struct page *word_page(const char *word)
{
	struct page *page;
	u64 addr;

	if (!word_number(word, &addr))
		return NULL;
	page = virt_to_page((const void *)addr);
	if (!page)
		pr("%016lx: no page of the direct map; `page` makes one\n", addr);
	return page;
}

static void print_marks(const struct page *page)
{
	pr("frame %lu, key %u: marks: %u%s\n", page_to_pfn(page), page->pkey, (u32)page_marks(page),
	   page->pkey ? "" : " (without a key there is nothing to count)");
}

void command_kmap(int n, char **words)
{
	struct page *page = word_page(words[1]);

	(void)n;
	if (!page)
		return;
	kmap(page);
	print_marks(page);
}

void command_kunmap(int n, char **words)
{
	struct page *page = word_page(words[1]);

	(void)n;
	if (!page)
		return;
	kunmap(page);
	print_marks(page);
}

/* Takes `as CONTEXT` off the words. Returns how many are left, or -1: has printed the error. */
static int take_as(int n, char ***words, struct as *as)
{
	*as = (struct as){ .kind = AS_SELF };
	if (strcmp((*words)[1], "as"))
		return n;
	if (n < 4) {
		pr("as: a context and an address must follow; contexts are %s\n", AS_ACCEPTED);
		return -1;
	}
	if (!as_read((*words)[2], as)) {
		pr("as %s: no such context; contexts are %s\n", (*words)[2], AS_ACCEPTED);
		return -1;
	}
	*words += 2;
	return n - 2;
}

static void print_row(u64 addr, const u8 *bytes, u32 n)
{
	char hex[3 * ROW + 1], text[ROW + 1];

	for (u32 i = 0; i < ROW; i++) {
		bool there = i < n, visible = there && bytes[i] >= ' ' && bytes[i] <= '~';

		if (there)
			ksnprintf(hex + 3 * i, 4, " %02x", bytes[i]);
		else
			strlcpy(hex + 3 * i, "   ", 4);
		text[i] = !there ? '\0' : visible ? (char)bytes[i] : '.';
	}
	text[ROW] = '\0';
	pr("%016lx:%s  %s\n", addr, hex, text);
}

/* Reads up to `length` bytes; stops at a fault and explains it. Returns how many it has read. */
static u32 read_bytes(const struct as *as, u64 addr, u8 *bytes, u32 length)
{
	bool explained = false;
	u32 done = 0;

	while (done < length) {
		struct access a = { .addr = addr + done, .size = 8 };

		while (a.size > length - done)
			a.size /= 2;
		access_make(as, &a);
		if (a.made && a.fault.vector != FAULT_NONE && !explained) {
			access_explain(&a);
			explained = true;
		}
		if (!access_done(&a))
			break;
		memcpy(bytes + done, &a.value, a.size);
		done += a.size;
	}
	return done;
}

void command_read(int n, char **words)
{
	u8 bytes[LENGTH_MAX];
	u64 addr, length = 8, value = 0;
	struct as as;
	u32 done;

	n = take_as(n, &words, &as);
	if (n < 0 || !word_number(words[1], &addr))
		return;
	if (n > 3 || (n == 3 && (!word_number(words[2], &length) || !length ||
				 length > LENGTH_MAX || addr + length - 1 < addr))) {
		pr("usage: read [as CONTEXT] ADDR [LENGTH], of 1 to %d bytes below 2^64\n",
		   LENGTH_MAX);
		return;
	}
	done = read_bytes(&as, addr, bytes, (u32)length);
	if (done == length && length <= 8 && !(length & (length - 1))) {
		memcpy(&value, bytes, length);
		pr("%016lx: %0*lx\n", addr, (int)length * 2, value);
		return;
	}
	for (u32 i = 0; i < done; i += ROW)
		print_row(addr + i, bytes + i, MIN(done - i, (u32)ROW));
}

void command_write(int n, char **words)
{
	struct access a = { .size = 8, .write = true };
	struct as as;

	n = take_as(n, &words, &as);
	if (n < 0)
		return;
	if (n != 3) {
		pr("usage: write [as CONTEXT] ADDR VALUE\n");
		return;
	}
	if (!word_number(words[1], &a.addr) || !word_number(words[2], &a.value))
		return;
	access_make(&as, &a);
	if (a.made && a.fault.vector != FAULT_NONE)
		access_explain(&a);
	if (access_done(&a))
		pr("%016lx: written\n", a.addr);
}
