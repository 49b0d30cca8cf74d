/* SPDX-License-Identifier: MIT */
/* The monitor's commands. Each runs in the monitor's thread and says itself what is wrong with it.
 */
#ifndef KEYWARD_MONITOR_COMMANDS_H
#define KEYWARD_MONITOR_COMMANDS_H

#include "kernel/lib/option_words.h"

/* Runs one line; it is cut into words in place. */
void command_run(char *line);

/* What could follow `before`, if that is the beginning of a command's name: see monitor/line.h. */
void command_complete(const char *before, char *more, size_t size);

/* The functions of the table in monitor/commands.c: `n` words, the command's name among them. */
void command_run_tests(int n, char **words);
void command_list(int n, char **words);
void command_setting(int n, char **words);
void command_seed(int n, char **words);
void command_bench(int n, char **words);
void command_keys(int n, char **words);
void command_cpus(int n, char **words);
void command_threads(int n, char **words);
void command_stats(int n, char **words);
void command_trace(int n, char **words);
void command_grant(int n, char **words);
void command_revoke(int n, char **words);
void command_walk(int n, char **words);
void command_page(int n, char **words);
void command_kmap(int n, char **words);
void command_kunmap(int n, char **words);
void command_read(int n, char **words);
void command_write(int n, char **words);

/* The command line's word that a command of monitor/settings.c shows or changes. */
const struct option_word *setting_word(const char *command);

/* The verdict on the last tests that ran: what the machine's status will say. */
void commands_set_passed(bool passed);

/* A number; false: what is wrong has been said. Names: see monitor/names.h. */
bool word_number(const char *word, u64 *value);

/* The number of a key that has an owner; false: what is wrong has been said. */
bool word_key(const char *word, u32 *key);

#endif
