/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as the memory that the RSDP leads into: no over-read, and an answer that keeps its
 * promises. The first byte's lowest bit has all checksums mended as they are read, or nearly every
 * change to a table would only ever be one more wrong checksum.
 */
#include <stdlib.h>

#include "tests/host/acpi_run.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct acpi_run run;

	memset(&run, 0, sizeof(run));
	if (size) {
		run.mend = data[0] & 1;
		data++;
		size--;
	}
	run.bytes = data;
	run.len = size;
	if (run_parse(&run, MIN(size, 36)))
		abort();
	return 0;
}
