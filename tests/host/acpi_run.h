/* SPDX-License-Identifier: MIT */
/* Runs acpi_parse() over an image, and checks what must hold of its answer, for any bytes. */
#ifndef KEYWARD_TESTS_HOST_ACPI_RUN_H
#define KEYWARD_TESTS_HOST_ACPI_RUN_H

#include <stdlib.h>
#include <string.h>

#include "boot/acpi/acpi_tables.h"
#include "tests/host/acpi_image.h"

struct acpi_run {
	const u8 *bytes; /* of the image, at IMAGE_BASE */
	size_t len;
	bool mend;     /* correct the checksum of each table as it is read, for fuzzing */
	u32 map_after; /* mappings that succeed before all others fail; 0: no limit */
	u32 maps;
	void **copies;   /* of what was mapped: exact, so that an over-read is caught */
	char text[8192]; /* the complaints, a line each */
	u32 complaints;
	const char *wrong;
	struct acpi_info info;
	int status;
};

static inline const void *run_map(u64 phys, u64 len, void *arg)
{
	struct acpi_run *run = arg;
	u64 at = phys - IMAGE_BASE;
	u8 *copy;

	if (run->map_after && run->maps >= run->map_after)
		return NULL;
	if (len == 0 || len > ACPI_TABLE_LEN_MAX)
		run->wrong = "a mapping of a length that was not promised";
	if (phys < IMAGE_BASE || at > run->len || len > run->len - at)
		return NULL;
	copy = malloc(len);
	run->copies = realloc(run->copies, (run->maps + 1) * sizeof(*run->copies));
	if (!copy || !run->copies)
		abort();
	memcpy(copy, run->bytes + at, len);
	if (run->mend && len > 9)
		copy[9] = (u8)(copy[9] - image_sum(copy, (u32)len));
	run->copies[run->maps++] = copy;
	return copy;
}

static inline void run_complain(const char *message, void *arg)
{
	struct acpi_run *run = arg;
	size_t len = strlen(message), used = strlen(run->text);

	run->complaints++;
	if (len < 10 || len >= ACPI_MESSAGE_MAX - 1)
		run->wrong = "a complaint of a strange length";
	for (size_t i = 0; i < len; i++)
		if (message[i] < ' ' || message[i] > '~')
			run->wrong = "a complaint that is not one printable line";
	if (used + len + 2 <= sizeof(run->text)) {
		memcpy(run->text + used, message, len);
		run->text[used + len] = '\n';
		run->text[used + len + 1] = '\0';
	}
}

static inline bool reg_good(const struct acpi_reg *reg)
{
	if (!reg->addr)
		return !reg->space && !reg->bits && !reg->access;
	if (reg->space == ACPI_IO ? reg->addr > 0xffff : reg->addr >> 52)
		return false;
	return reg->space <= ACPI_IO &&
	       (!reg->access || (reg->access <= 8 && !(reg->access & (reg->access - 1))));
}

static inline const char *check_madt(const struct acpi_madt *madt)
{
	static const struct acpi_madt none;

	if (!madt->present)
		return memcmp(madt, &none, sizeof(none)) ? "an absent MADT is not all 0" : NULL;
	if (madt->cpu_count > ACPI_CPUS_MAX)
		return "cpu_count";
	if (madt->cpus_dropped && madt->cpu_count != ACPI_CPUS_MAX)
		return "CPUs dropped while there was room";
	for (u32 i = 0; i < madt->cpu_count; i++) {
		if (madt->cpus[i].apic_id == ~0u)
			return "a CPU with the broadcast APIC ID";
		for (u32 j = 0; j < i; j++)
			if (madt->cpus[i].apic_id == madt->cpus[j].apic_id)
				return "an APIC ID twice";
	}
	return NULL;
}

static inline const char *check_fadt(const struct acpi_fadt *fadt)
{
	if (!reg_good(&fadt->pm1_control[0]) || !reg_good(&fadt->pm1_control[1]) ||
	    !reg_good(&fadt->timer) || !reg_good(&fadt->reset) || !reg_good(&fadt->sleep_control))
		return "an invalid register of the FADT";
	if (fadt->slp_typ[0] > 7 || fadt->slp_typ[1] > 7)
		return "SLP_TYP has 3 bits";
	if (!fadt->s5 && (fadt->slp_typ[0] || fadt->slp_typ[1]))
		return "SLP_TYP without \\_S5";
	if (fadt->hw_reduced ? fadt->pm1_control[0].addr || fadt->timer.addr || fadt->smi_cmd
			     : fadt->sleep_control.addr)
		return "registers of hardware that is not there";
	return NULL;
}

static inline const char *check_devices(const struct acpi_info *info)
{
	const struct acpi_spcr *spcr = &info->spcr;
	u64 end;

	if (!reg_good(&spcr->reg) || spcr->present != (spcr->reg.addr != 0))
		return "a serial port without a register, or a register without one";
	if (spcr->present &&
	    (!spcr->stride || spcr->stride > 8 || spcr->stride & (spcr->stride - 1)))
		return "the serial port's stride is no power of 2";
	if (spcr->reg.space == ACPI_MEMORY && spcr->stride < spcr->reg.access)
		return "the serial port's registers overlap";
	if (!reg_good(&info->hpet) || info->hpet.space != ACPI_MEMORY)
		return "the HPET's address";
	if (info->pmem_count > ACPI_PMEM_MAX)
		return "pmem_count";
	for (u32 i = 0; i < info->pmem_count; i++)
		if (!info->pmem[i].len ||
		    __builtin_add_overflow(info->pmem[i].base, info->pmem[i].len, &end))
			return "a range of persistent memory that is empty or wraps";
	return NULL;
}

/* NULL, or what is wrong with the answer. */
static inline const char *run_check(const struct acpi_run *run)
{
	static const struct acpi_info none;
	const struct acpi_info *info = &run->info;
	const char *wrong = run->wrong;

	if (run->status != 0 && run->status != -EINVAL)
		return "a status that was not promised";
	if (run->status && memcmp(info, &none, sizeof(none)))
		return "an answer in spite of an error";
	if (run->status && !run->complaints)
		return "an error without a complaint";
	if (info->table_count > ACPI_TABLES_MAX)
		return "table_count";
	for (u32 i = 0; i < info->table_count; i++)
		if (strlen(info->tables[i].signature) != 4 || info->tables[i].len < 36 ||
		    info->tables[i].len > ACPI_TABLE_LEN_MAX)
			return "an invalid table";
	wrong = wrong ? wrong : check_madt(&info->madt);
	wrong = wrong ? wrong : check_fadt(&info->fadt);
	return wrong ? wrong : check_devices(info);
}

/* Parses with the first rsdp_len bytes of run->bytes as RSDP; returns as run_check(). */
static inline const char *run_parse(struct acpi_run *run, size_t rsdp_len)
{
	struct acpi_source source = { run_map, run_complain, run };
	u8 *rsdp = malloc(rsdp_len ? rsdp_len : 1);

	if (!rsdp)
		abort();
	if (rsdp_len)
		memcpy(rsdp, run->bytes, rsdp_len);
	if (run->mend && rsdp_len >= 36) {
		rsdp[8] = (u8)(rsdp[8] - image_sum(rsdp, 20));
		rsdp[32] = (u8)(rsdp[32] - image_sum(rsdp, 36));
	}
	memset(&run->info, 0xff, sizeof(run->info));
	run->status = acpi_parse(rsdp, rsdp_len, &source, &run->info);
	free(rsdp);
	for (u32 i = 0; i < run->maps; i++)
		free(run->copies[i]);
	free(run->copies);
	return run_check(run);
}

#endif
