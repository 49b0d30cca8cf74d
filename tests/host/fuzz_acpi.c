/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as the memory that the RSDP points into: no over-read, and an answer that passes
 * run_check(). If the first byte is odd, all checksums are corrected as they are read; otherwise
 * nearly every change to a table would be just one more wrong checksum.
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
