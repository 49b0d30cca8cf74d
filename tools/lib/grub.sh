# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034
# Shared by tools/mkiso and tools/mknetboot: variables and functions that put GRUB together. The
# caller sets -eu.

here=$(cd "$(dirname "$0")/.." && pwd)

# Exactly the modules that iso/grub.cfg uses.
modules="normal configfile test serial terminal multiboot2"

epoch=1735689600

# Run a command with a fixed clock, so that the same input gives the same bytes.
still() {
	TZ=UTC LC_ALL=C SOURCE_DATE_EPOCH=$epoch \
		faketime -f "$(TZ=UTC date -d "@$epoch" "+%F %T")" "$@"
}

# need COMMAND ...: check that each command exists, and GRUB's modules for both kinds of firmware.
# GRUB's own tools silently leave out a platform whose modules are missing.
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
