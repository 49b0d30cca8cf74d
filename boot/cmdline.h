/* SPDX-License-Identifier: MIT */
/*
 * Parses the kernel's command line: key=value words, separated by blanks. kernel/lib/options.inc
 * has the keys, the values of each and its default. Pure.
 */
#ifndef KEYWARD_BOOT_CMDLINE_H
#define KEYWARD_BOOT_CMDLINE_H

#include "kernel/lib/options.h"

/*
 * Sets all of *opt: to the defaults, then to what `line` says (NULL is an empty line). Double
 * quotes around a value, or around a whole word as GRUB writes them, keep blanks together; a
 * backslash takes the next character literally.
 *
 * Calls complain(message, arg) for every word that it does not understand, and for a key that
 * comes twice (the last one counts). A bad value means the default. The message is one line without
 * newline, which names what is accepted and what happens instead, shows unprintable characters as
 * '?', and is valid only during the call.
 */
void cmdline_parse(const char *line, struct options *opt,
		   void (*complain)(const char *message, void *arg), void *arg);

#endif
