/* SPDX-License-Identifier: MIT */
/*
 * The kernel's command line: key=value words between blanks. The table in kernel/lib/option_words.c
 * has the keys, what each accepts and its default. Pure.
 */
#ifndef KEYWARD_BOOT_CMDLINE_H
#define KEYWARD_BOOT_CMDLINE_H

#include "kernel/lib/options.h"

/*
 * Sets all of *opt: to the defaults, then to what line says (NULL is an empty line). Double quotes
 * around a value, or around a whole word as GRUB puts them, keep blanks together; a backslash
 * takes the next character as it is.
 *
 * Every word that is not understood gives one call of complain(message, arg): one line without
 * newline that names what is accepted and what is done instead; unprintable characters are shown
 * as '?'. A bad value means the default; of a key that comes twice the last counts, and that is
 * said too. The message is only valid during the call.
 */
void cmdline_parse(const char *line, struct options *opt,
		   void (*complain)(const char *message, void *arg), void *arg);

#endif
