/* SPDX-License-Identifier: MIT */
/* What the boot loader looks for (Multiboot2 Specification, "OS image format"). */
#define MB2_HEADER_MAGIC 0xe85250d6

	.section .multiboot2, "a"
	.balign 8
header:
	.long MB2_HEADER_MAGIC, 0, header_end - header
	.long -(MB2_HEADER_MAGIC + (header_end - header))
	/* Information request: memory map, command line. Optional (flag 1): the kernel itself
	   reports what is missing. */
	.short 1, 1
	.long 16, 6, 1
	/* Console: not required (bit 0), EGA text is supported (bit 1). Without a framebuffer tag
	   GRUB gives text mode on a BIOS and the firmware's graphics mode on UEFI. */
	.short 4, 1
	.long 12, 2
	.balign 8
	.short 0, 0
	.long 8
header_end:
	.section .note.GNU-stack, "", @progbits
