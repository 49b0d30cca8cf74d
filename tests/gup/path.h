/* SPDX-License-Identifier: MIT */
/*
 * The ways by which the kernel, a device or the user's own mapping reaches a page's content, tried
 * on a page that its owner has made private: who notices, when, and what becomes of it.
 */
#ifndef KEYWARD_TESTS_GUP_PATH_H
#define KEYWARD_TESTS_GUP_PATH_H

#include "mm/gup/accessible.h"
#include "mm/gup/guest.h"

enum path {
	PATH_PIN,       /* pin_user_pages(), then a read through the direct map */
	PATH_GET,       /* the same with get_user_pages() */
	PATH_WRITEBACK, /* of a file's dirty page, by the worker */
	PATH_SWAP_OUT,
	PATH_WALK,          /* mm_checksum(), which never pins */
	PATH_COPY_ON_WRITE, /* of a page that fork shares */
	PATH_KMAP,          /* kmap() by a user who has the page from elsewhere, then a read */
	PATH_DMA,           /* dma_copy() by a user who knows the physical address */
	PATH_COPY_FROM_USER,
	PATHS,
};

enum reach {
	REACH_PREPARED, /* the owner was asked, and shared the page; its content arrived */
	REACH_REFUSED,  /* the owner was asked, and refused; an error was returned, nothing was lost
			 */
	REACH_HELD_OFF, /* the page could not become private any more; its content arrived */
	REACH_TOO_LATE, /* the owner refused when nobody was there to be told */
	REACH_UNPREPARED, /* nobody asked the owner; the access faulted, which is fatal elsewhere */
	REACH_ANYWAY,     /* nobody asked the owner; the content of a private page arrived */
	REACHES,
};

enum moment {
	MOMENT_BEFORE,     /* the page is private before the path comes to it */
	MOMENT_BETWEEN,    /* it becomes private when the path has the page, and has not used it */
	MOMENT_TAKEN_BACK, /* private before, and again as soon as its owner has shared it */
	MOMENTS,
};

struct path_trial {
	enum path path;
	enum accessible_hook hook;
	enum guest_arm arm;
	int level; /* of the page; of a large one, a frame in the middle is private */
	enum moment moment;
	bool refuses; /* the owner does not share */
};

/* Words without blanks, for tables. */
extern const char *const path_names[PATHS], *const reach_names[REACHES];
extern const char *const hook_names[ACCESSIBLE_HOOKS], *const moment_names[MOMENTS];

/* Whether a path is played with this moment, as it would be no other one's twin. */
bool path_has_moment(enum path path, enum moment moment);

/*
 * Plays a trial and returns how the content was reached; what is wrong beside that fails the test.
 * REACHES: none of these, or it could not be played. Thread context, in mode STRICT.
 */
enum reach path_try(const struct path_trial *t);

/* What must come of it: the rule, without the kernel's code. */
enum reach path_rule(const struct path_trial *t);

#endif
