# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034
# What tools/mkiso and tools/mknetboot both put GRUB together from; the caller sets -eu and uses the
# variables.

here=$(cd "$(dirname "$0")/.." && pwd)

# What iso/grub.cfg uses, and no more.
modules="normal configfile test serial terminal multiboot2"

epoch=1735689600

# The clock is held still: the same input gives the same bytes.
still() {
	TZ=UTC LC_ALL=C SOURCE_DATE_EPOCH=$epoch \
		faketime -f "$(TZ=UTC date -d "@$epoch" "+%F %T")" "$@"
}

# need COMMAND ...: each is here, and GRUB has its modules for both kinds of firmware. GRUB's own
# tools leave a platform out without a word when its modules are missing.
need() {
	for tool; do
		command -v "$tool" >/dev/null || lacking "$tool is"
	done
	for platform in i386-pc x86_64-efi; do
		[ -e "${KEYWARD_GRUB:-/usr/lib/grub}/$platform/multiboot2.mod" ] ||    # for tests
			lacking "GRUB's modules for $platform are"
	done
}

lacking() {
	echo "${0##*/}: $1 missing; this installs what is needed: tools/install run" >&2
	exit 2
}
