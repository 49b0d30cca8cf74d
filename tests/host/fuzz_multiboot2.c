/* SPDX-License-Identifier: MIT */
/* Any bytes as boot information: no over-read, and an answer that passes boot_info_check(). */
#include <stdlib.h>

#include "tests/host/boot_info_check.h"
#include "tests/host/fb_check.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* libFuzzer's block is just as long as the input, so that the sanitizer catches an over-read. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct boot_info info;
	const char *why;
	int status;

	memset(&info, 0xff, sizeof(info));
	status = mb2_parse(data, size, &info, &why);
	if (boot_info_check(status, why, &info))
		abort();
	if (status == 0 && !framebuffer_check(&info, 46, 0x100000, 0x400000) &&
	    fb_check(&info.fb, 46))
		abort();
	return 0;
}
