/* SPDX-License-Identifier: MIT */
/* Writes the fuzzers' seeds: make-seeds FOLDER, which has a folder for each fuzzer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/acpi_machines.h"
#include "tests/host/mbi.h"

static const char *top;

static void save(const char *fuzzer, unsigned number, const void *data, size_t size)
{
	char path[1024];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s/seed%u", top, fuzzer, number);
	file = fopen(path, "wb");
	if (!file || fwrite(data, 1, size, file) != size || fclose(file)) {
		perror(path);
		exit(1);
	}
}

static void save_texts(const char *fuzzer, const char *const *texts)
{
	for (unsigned i = 0; texts[i]; i++)
		save(fuzzer, i, texts[i], strlen(texts[i]));
}

/* A good structure, an empty one, one that ends in a tag, one whose second tag lies, a screen. */
static void save_multiboot2(void)
{
	/* 0xc0000000, pitch 4096, 1024 x 768, 32 bits, direct colours */
	static const u8 pixels[30] = {
		[3] = 0xc0, [9] = 0x10, [13] = 4, [17] = 3, [20] = 32, 1, [24] = 16, 8, 8, 8, 0, 8
	};
	static struct mbi mbi;

	mbi_good(&mbi);
	save("multiboot2", 0, mbi.bytes, mbi.len);
	mbi_u32(&mbi, 0, 100);
	save("multiboot2", 2, mbi.bytes, 100);
	mbi_close(&mbi);
	mbi_u32(&mbi, 8 + 32 + 4, 0xfffffff0);
	save("multiboot2", 3, mbi.bytes, mbi.len);
	mbi_begin(&mbi);
	mbi_end(&mbi);
	save("multiboot2", 1, mbi.bytes, mbi.len);
	mbi_begin(&mbi);
	mbi_tag(&mbi, 8, pixels, sizeof(pixels));
	mbi_end(&mbi);
	save("multiboot2", 4, mbi.bytes, mbi.len);
}

/* Each machine twice: as it is, and with checksums that are corrected as they are read. */
static void save_acpi(void)
{
	static void (*const machines[])(struct image * m) = { machine_pc, machine_q35,
							      machine_server };
	static struct image image;
	static u8 seed[1 + IMAGE_MAX];

	for (unsigned i = 0; i < 2 * ARRAY_SIZE(machines); i++) {
		machines[i / 2](&image);
		seed[0] = i & 1;
		memcpy(seed + 1, image.bytes, image.len);
		save("acpi", i, seed, 1 + image.len);
	}
}

/*
 * A device with a BAR of 1 MiB, and one of 64 bits behind a bridge: what fuzz_pci's functions
 * answer, read by read.
 */
static void save_pci(void)
{
	static const unsigned device[] = { 0x11e81234, 0,          0xfea00000, 2,
					   0xfea00000, 0xfea00000, 0xfff00000 };
	static const unsigned bridge[] = { 0x00011b36, 0x810000,   0x00000100, 0xfe000004,
					   7,          0xfe000004, 0xfe000004, 0xfffff004,
					   1,          0,          0xffffffff };

	save("pci", 0, device, sizeof(device));
	save("pci", 1, bridge, sizeof(bridge));
}

int main(int argc, char **argv)
{
	static const char *const lines[] = {
		"pks=strict gate=any pardon=global tests=a.*,b.? seed=0x12 repeat=3 exit=halt",
		"cpus=max mem=64M magic=write,switch,fault,pardon bench=on exit=reboot trace=on",
		"extent=full case=kind:add,rights:* avoid=set-dirty paging=4 reserve=5G+1M,6G+4K",
		"\"tests=a b\" pks=\"off\" pks=silent seed foo=1 x \\\" mem=1T",
		NULL,
	};
	static const char *const globs[] = { "rights.*,policy.?\nrights.switch", "*a*b?c,,x\naabxc",
					     "*\n", NULL };
	static const char *const formats[] = { "\1\100pkrs %pK at %pS: %pE %p",
					       "\1\40%-*.*s|%+08.3lld %#llx %c %%",
					       "\1\10%hhu %zX %jd %td %5.2hi %lq", NULL };
	static const char *const names[] = { "kind:lock-add,key:0,rights:ad+wd,size:2m,tlb:stale",
					     "mode:*,others:mix3,us:upper-s,span:low", "default",
					     NULL };
	static const char *const typed[] = {
		"read as key=3:rw boot_cpu+0x10 8\r\x1b[A\x1b[D\x1b[3~x\n",
		"run \"a b\\x17c\x01\x0b\t\x03mode 0x12-1\n\x10\x0e",
		"as rights=0xfffffffc user key=16:none 99999999999999999999\r", NULL
	};

	if (argc != 2)
		return 2;
	top = argv[1];
	save_texts("cmdline", lines);
	save_texts("glob", globs);
	save_texts("printf", formats);
	save_texts("case", names);
	save_texts("line", typed);
	save("printf", 9, "\2\3\12\5\4\3\100\0\0\1\2\3\4\5\6\7\10\11", 18);
	save_multiboot2();
	save_acpi();
	save_pci();
	return 0;
}
