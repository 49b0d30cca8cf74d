# SPDX-License-Identifier: MIT
# The kernel. All other targets are in host.mk and tests/host/host.mk; `make help` lists them.
#
#   PKS=0       leaves protection keys out (the baseline of the benches)
#   PARANOID=1  reads IA32_PKRS back at every context change and counts its writes; walks the direct
#               map after each change; traps (#UD) at an index or a shift out of bounds
#   TESTS=saved builds only these folders of tests/, and harness and bench
#   CC=clang    builds with clang
#   DEBUG=-g1   keeps names and lines for a backtrace alone; -g0, nothing for a debugger: quicker
#   BUILD=DIR   builds into DIR
#   COMMIT=NAME names the commit that the kernel prints, where git cannot
#   V=1         shows the commands

BUILD    ?= build
PKS      ?= 1
PARANOID ?= 0
TESTS    ?=
DEBUG    ?= -g
V        ?= 0
Q        := $(if $(filter 1,$(V)),,@)

CFLAGS := -std=gnu17 -O2 $(DEBUG) -ffreestanding -fno-pic -mcmodel=kernel -mno-red-zone \
	-mgeneral-regs-only -fno-omit-frame-pointer -fno-optimize-sibling-calls -fno-stack-protector -fcf-protection=none \
	-fno-asynchronous-unwind-tables -fno-strict-aliasing -fno-common -ffunction-sections \
	-Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wundef -Wimplicit-fallthrough -Wwrite-strings -Wno-address-of-packed-member
CPPFLAGS := -I. -DCONFIG_PKS=$(PKS) -DCONFIG_PARANOID=$(PARANOID) -MMD -MP
# The image must not depend on where it is built.
CFLAGS  += -ffile-prefix-map=$(CURDIR)=. -fdebug-prefix-map=$(CURDIR)=.
LDFLAGS := -nostdlib -static --build-id=none -z noexecstack -z max-page-size=4096 --gc-sections

# The monitor and boot need these two in any case.
TEST_FOLDERS := $(if $(TESTS),$(patsubst %,tests/%,harness bench $(TESTS)),tests)
$(foreach folder,$(TEST_FOLDERS),$(if $(wildcard $(folder)/.),,$(error TESTS: there is no folder $(folder))))
SOURCES := $(sort $(shell find boot kernel mm monitor pks $(TEST_FOLDERS) -path tests/host -prune -o -path tests/linux -prune -o \
	-name '*.[cS]' -print))
OBJECTS := $(SOURCES:%=$(BUILD)/%.o)
# Changes when a build variable changes, so that objects of two kinds never mix.
CONFIG  := $(BUILD)/.config
# The commit is in one object alone, which changes with it.
COMMIT  ?= $(shell tools/commit)
COMMIT  := $(COMMIT)
CONFIG_TEXT := $(strip $(CC) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS) $(TESTS))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all kernel clean FORCE

## Build

all: kernel iso ## the kernel and its ISO

kernel: $(BUILD)/keyward.bin ## build/keyward.elf (with symbols) and build/keyward.bin (for the ISO)

$(CONFIG): FORCE
	@mkdir -p $(@D)
	@echo '$(CONFIG_TEXT)' | cmp -s - $@ || echo '$(CONFIG_TEXT)' > $@

$(BUILD)/.commit: FORCE
	@mkdir -p $(@D)
	@echo '$(COMMIT)' | cmp -s - $@ || echo '$(COMMIT)' > $@

$(BUILD)/kernel/lib/version.c.o: CPPFLAGS += -DCOMMIT='"$(COMMIT)"'
$(BUILD)/kernel/lib/version.c.o: $(BUILD)/.commit

# The paranoid build traps at an index behind an array's end, and at a shift by too much. The tests' own
# code does not: most of a run's time is theirs.
ifeq ($(PARANOID),1)
$(filter-out $(BUILD)/tests/%,$(OBJECTS)): CFLAGS += -fsanitize=bounds,shift -fsanitize-undefined-trap-on-error
endif

# Its short ways call nothing, so that they need no stack frame: mm/kmap/kmap_local.c.
$(BUILD)/mm/kmap/kmap_local.c.o: CFLAGS += -fomit-frame-pointer -foptimize-sibling-calls

# The short way of a fault (pks/policy/short.h): a call in the last place needs no stack frame.
$(BUILD)/kernel/exception.c.o $(BUILD)/pks/policy/page_fault.c.o: CFLAGS += -foptimize-sibling-calls
# Two shells for each object would cost a tenth of a clean build's time.
FOLDERS := $(sort $(dir $(OBJECTS)))
$(OBJECTS): | $(FOLDERS)
$(FOLDERS):
	@mkdir -p $@

$(BUILD)/%.c.o: %.c $(CONFIG)
	$(if $(Q),$(info $()  CC    $<))
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(BUILD)/%.S.o: %.S $(CONFIG)
	$(if $(Q),$(info $()  AS    $<))
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(BUILD)/ksyms0.S: tools/ksyms
	@mkdir -p $(@D)
	$(Q)tools/ksyms > $@

$(BUILD)/ksyms.S: $(BUILD)/keyward0.elf tools/ksyms
	$(Q)tools/ksyms $< > $@

$(BUILD)/%.S.o: $(BUILD)/%.S
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(BUILD)/linker.ld: linker.ld kernel/cpu/x86.h kernel/cpu/layout.h $(CONFIG)
	$(Q)$(CC) -I. -E -P -undef -x assembler-with-cpp -o $@ $<

$(BUILD)/keyward0.elf: $(OBJECTS) $(BUILD)/ksyms0.S.o $(BUILD)/linker.ld
	$(Q)$(LD) $(LDFLAGS) -T $(BUILD)/linker.ld -o $@ $(OBJECTS) $(BUILD)/ksyms0.S.o

# Linked twice: tools/ksyms makes the symbol table from the first image, which must fit the second.
$(BUILD)/keyward.elf: $(BUILD)/keyward0.elf $(BUILD)/ksyms.S.o
	@$(if $(Q),echo "  LD    $@")
	$(Q)$(LD) $(LDFLAGS) -T $(BUILD)/linker.ld -o $@ $(OBJECTS) $(BUILD)/ksyms.S.o
	$(Q)tools/ksyms $@ | cmp - $(BUILD)/ksyms.S
	$(Q)tools/sizes $(BUILD) $(OBJECTS)

$(BUILD)/keyward.bin: $(BUILD)/keyward.elf
	$(Q)$(OBJCOPY) --strip-all $< $@

OBJCOPY ?= objcopy

clean: ## remove everything that was built
	rm -rf $(BUILD)

include host.mk
-include tests/host/host.mk
-include tests/linux/linux.mk
-include $(OBJECTS:.o=.d)
