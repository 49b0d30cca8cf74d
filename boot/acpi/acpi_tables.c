// SPDX-License-Identifier: MIT
/* From the RSDP to the tables (ACPI Specification, "Root System Description Pointer (RSDP)"). */
#include "boot/acpi/acpi_internal.h"
#include "kernel/lib/string.h"

#define RSDP_SIGNATURE "RSD PTR "
#define RSDP_OLD_LEN   20
#define RSDP_NEW_LEN   36
#define RSDP_REV       15
#define RSDP_RSDT      16
#define RSDP_LEN       20
#define RSDP_XSDT      24

static u8 sum(const u8 *bytes, u32 len)
{
	u8 total = 0;

	for (u32 i = 0; i < len; i++)
		total = (u8)(total + bytes[i]);
	return total;
}

static void copy_signature(char dst[5], const u8 *src)
{
	for (int i = 0; i < 4; i++)
		dst[i] = src[i] > ' ' && src[i] < 0x7f ? (char)src[i] : '?';
	dst[4] = '\0';
}

/* Reads the header at phys and checks what needs no other bytes. */
static bool read_header(const struct acpi_parser *p, u64 phys, struct acpi_table *header)
{
	struct acpi_view view = { p->source->map(phys, ACPI_HEADER, p->source->arg), ACPI_HEADER };

	if (!view.bytes) {
		acpi_complain(p, "the table at 0x%lx cannot be read", phys);
		return false;
	}
	copy_signature(header->signature, view.bytes);
	header->len = acpi_u32(&view, 4);
	header->revision = view.bytes[8];
	header->phys = phys;
	if (header->len >= ACPI_HEADER && header->len <= ACPI_TABLE_LEN_MAX)
		return true;
	acpi_complain(p, "%s at 0x%lx: a length of %u bytes is out of range", header->signature,
		      phys, header->len);
	return false;
}

/* Maps all of a table whose header was read; reuses the checked length. */
static bool read_table(const struct acpi_parser *p, const struct acpi_table *header,
		       struct acpi_view *table)
{
	table->len = header->len;
	table->bytes = p->source->map(header->phys, header->len, p->source->arg);
	if (!table->bytes)
		acpi_complain(p, "%s at 0x%lx: its %u bytes cannot be read", header->signature,
			      header->phys, header->len);
	else if (sum(table->bytes, table->len))
		acpi_complain(p, "%s at 0x%lx: wrong checksum; ignoring it", header->signature,
			      header->phys);
	else
		return true;
	return false;
}

bool acpi_table(const struct acpi_parser *p, u64 phys, const char *signature,
		struct acpi_view *table)
{
	struct acpi_table header;

	if (!read_header(p, phys, &header))
		return false;
	if (strcmp(header.signature, signature) == 0)
		return read_table(p, &header, table);
	acpi_complain(p, "the table at 0x%lx is %s, not %s; ignoring it", phys, header.signature,
		      signature);
	return false;
}

static const struct {
	char signature[5];
	bool many; /* all of them count, not only the first */
	void (*parse)(const struct acpi_parser *p, const struct acpi_view *table);
} known_tables[] = {
	{ "APIC", false, acpi_madt }, { "FACP", false, acpi_fadt }, { "SSDT", true, acpi_ssdt },
	{ "SPCR", false, acpi_spcr }, { "HPET", false, acpi_hpet }, { "NFIT", false, acpi_nfit },
};

/*
 * Parses the table if it is known; returns whether it is. Unknown ones are not read beyond their
 * header.
 */
static bool use_table(const struct acpi_parser *p, const struct acpi_table *header, u32 *seen)
{
	struct acpi_view table;
	u32 i = 0;

	while (i < ARRAY_SIZE(known_tables) && strcmp(known_tables[i].signature, header->signature))
		i++;
	if (i == ARRAY_SIZE(known_tables))
		return false;
	if ((*seen & BIT(i) && !known_tables[i].many) || !read_table(p, header, &table))
		return true;
	*seen |= 1U << i;
	known_tables[i].parse(p, &table);
	return true;
}

/* Lists the table if there is room, and uses a known one wherever it stands. */
static void take_table(const struct acpi_parser *p, u64 phys, u32 *seen)
{
	struct acpi_info *out = p->out;
	struct acpi_table header;
	bool room = out->table_count < ACPI_TABLES_MAX;

	if (!read_header(p, phys, &header))
		return;
	if (room)
		out->tables[out->table_count++] = header;
	if (!use_table(p, &header, seen) && !room)
		out->tables_dropped++;
}

/* Walks the list of tables: 32-bit addresses in the RSDT, 64-bit ones in the XSDT. */
static void walk(const struct acpi_parser *p, const struct acpi_view *list, u32 entry_len)
{
	u32 seen = 0, entries = (list->len - ACPI_HEADER) / entry_len;

	if ((list->len - ACPI_HEADER) % entry_len)
		acpi_complain(p, "the list of tables has half an entry at its end; ignoring it");
	for (u32 i = 0; i < entries && i < ACPI_ENTRIES_MAX; i++) {
		u32 at = ACPI_HEADER + i * entry_len;
		u64 phys = entry_len == 8 ? acpi_u64(list, at) : acpi_u32(list, at);

		if (phys)
			take_table(p, phys, &seen);
	}
	if (entries > ACPI_ENTRIES_MAX) {
		p->out->tables_dropped += entries - ACPI_ENTRIES_MAX;
		acpi_complain(p, "ignoring %u tables beyond the first %u, of any kind beyond %u",
			      p->out->tables_dropped, ACPI_TABLES_MAX, ACPI_ENTRIES_MAX);
	} else if (p->out->tables_dropped) {
		acpi_complain(p, "ignoring %u tables beyond the first %u", p->out->tables_dropped,
			      ACPI_TABLES_MAX);
	}
}

/* True if the second half of the RSDP, which has the XSDT, is valid. */
static bool second_half_good(const struct acpi_parser *p, const u8 *rsdp, size_t len)
{
	struct acpi_view view = { rsdp, len < RSDP_NEW_LEN ? (u32)len : RSDP_NEW_LEN };
	u32 reported = acpi_u32(&view, RSDP_LEN);

	if (len < RSDP_NEW_LEN)
		acpi_complain(p, "RSDP: revision %u, but only %zu bytes", rsdp[RSDP_REV], len);
	else if (reported < RSDP_NEW_LEN || reported > len)
		acpi_complain(p, "RSDP: a length of %u bytes is out of range", reported);
	else if (sum(rsdp, reported))
		acpi_complain(p, "RSDP: wrong extended checksum; ignoring its XSDT");
	else
		return true;
	return false;
}

static int find_list(const struct acpi_parser *p, const u8 *rsdp, size_t len,
		     struct acpi_view *list, u32 *entry_len)
{
	struct acpi_view view = { rsdp, len < RSDP_NEW_LEN ? (u32)len : RSDP_NEW_LEN };
	u32 rsdt = acpi_u32(&view, RSDP_RSDT);
	u64 xsdt = 0;

	if (rsdp[RSDP_REV] >= 2 && second_half_good(p, rsdp, len))
		xsdt = acpi_u64(&view, RSDP_XSDT);
	*entry_len = 8;
	if (xsdt && acpi_table(p, xsdt, "XSDT", list))
		return 0;
	*entry_len = 4;
	if (rsdt && acpi_table(p, rsdt, "RSDT", list))
		return 0;
	acpi_complain(p, "the RSDP leads to no list of tables");
	return -EINVAL;
}

int acpi_parse(const void *rsdp, size_t len, const struct acpi_source *source,
	       struct acpi_info *out)
{
	const struct acpi_parser p = { source, out };
	struct acpi_view list;
	u32 entry_len;

	memset(out, 0, sizeof(*out));
	if (len < RSDP_OLD_LEN || memcmp(rsdp, RSDP_SIGNATURE, 8)) {
		acpi_complain(&p, "RSDP: bad signature");
		return -EINVAL;
	}
	if (sum(rsdp, RSDP_OLD_LEN)) {
		acpi_complain(&p, "RSDP: wrong checksum");
		return -EINVAL;
	}
	if (find_list(&p, rsdp, len, &list, &entry_len))
		return -EINVAL;
	out->revision = ((const u8 *)rsdp)[RSDP_REV];
	walk(&p, &list, entry_len);
	return 0;
}

const void *acpi_find_rsdp(const void *area, size_t len)
{
	for (size_t at = 0; at + RSDP_OLD_LEN <= len; at += 16) {
		const u8 *rsdp = (const u8 *)area + at;

		if (!memcmp(rsdp, RSDP_SIGNATURE, 8) && !sum(rsdp, RSDP_OLD_LEN))
			return rsdp;
	}
	return NULL;
}
