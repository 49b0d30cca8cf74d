/* SPDX-License-Identifier: MIT */
/* A store on persistent memory, by dax: the device's key is open only around each copy. */
#ifndef KEYWARD_TESTS_STORE_DEVICE_H
#define KEYWARD_TESTS_STORE_DEVICE_H

#include "mm/pmem/pmem.h"
#include "tests/store/store.h"

/*
 * Returns the medium that a device's first `most` bytes are, or all of it. Its functions may be
 * called in any context; they fail while the device is not mapped.
 */
struct store_media store_device_media(struct pmem *pmem, u64 most);

/*
 * Opens the store on a device's first `most` bytes, to work. Where it is refused, prints why; with
 * format=yes makes a new one then, else leaves every byte as it was. Makes none where the device
 * fails. Returns as store_open(). `media` must stay as long as the store. Thread context.
 */
int store_device_open(struct store *s, struct store_media *media, struct pmem *pmem, u64 most);

#endif
