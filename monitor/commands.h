/* SPDX-License-Identifier: MIT */
/* The monitor's commands. Each runs in the monitor's thread and prints its own errors. */
#ifndef KEYWARD_MONITOR_COMMANDS_H
#define KEYWARD_MONITOR_COMMANDS_H

#include "kernel/lib/option_words.h"

/* Runs one line, which it cuts into words in place. */
void command_run(char *line);

/* Completes `before`, if it is the beginning of a command's name: see monitor/line.h. */
void command_complete(const char *before, char *more, size_t size);

/* The functions of the table in monitor/commands.c. `n` counts the command's name as well. */
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

/* Sets the verdict on the last tests, which becomes the machine's exit status. */
void commands_set_passed(bool passed);

/* Reads a number; false: prints the error. Names: see monitor/names.h. */
bool word_number(const char *word, u64 *value);

/* Reads the number of a key that has an owner; false: prints the error. */
bool word_key(const char *word, u32 *key);

#endif
