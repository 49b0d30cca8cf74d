// SPDX-License-Identifier: MIT
/*
 * The first process of a Linux that has nothing else (machines/linux-pku-tcg): runs linux-pku with
 * the words of the kernel's command line that are its own, and switches the machine off.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 16

static int is_ours(const char *word)
{
	static const char *const ours[] = { "tests=", "extent=", "case=", "rows=", "avoid=" };

	for (unsigned int i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (!strncmp(word, ours[i], strlen(ours[i])))
			return 1;
	return 0;
}

int main(void)
{
	static char text[4096];
	char *words[WORDS_MAX + 2] = { "linux-pku" };
	int file, status = 0, count = 1;

	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	file = open("/proc/cmdline", O_RDONLY);
	if (file < 0 || read(file, text, sizeof(text) - 1) < 0)
		perror("/proc/cmdline");
	for (char *word = strtok(text, " \n"); word && count <= WORDS_MAX;
	     word = strtok(NULL, " \n"))
		if (is_ours(word))
			words[count++] = word;
	if (!fork()) {
		execv("/linux-pku", words);
		perror("/linux-pku");
		_exit(2);
	}
	wait(&status);
	if (WIFSIGNALED(status))
		fprintf(stderr, "# linux-pku was ended by signal %d\n", WTERMSIG(status));
	reboot(RB_POWER_OFF);
	return 1;
}
