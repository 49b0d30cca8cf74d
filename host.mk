# SPDX-License-Identifier: MIT
# Every target that is not the kernel itself. The Makefile includes this.

MACHINE ?= qemu
ARGS    ?=
ISO     := $(BUILD)/keyward.iso

.PHONY: bench iso run test check lint format tool-test repro help

iso: $(ISO) ## build/keyward.iso, bootable by BIOS and UEFI

$(ISO): $(BUILD)/keyward.bin iso/grub.cfg tools/mkiso
	tools/mkiso $< $@

run: iso ## boot one machine: MACHINE=qemu|qemu-nopks|bochs ARGS="pks=strict tests=policy.*"
	@tools/run $(MACHINE) $(ARGS)

test: ## everything: builds, host tests, every machine; ends with the counts
	@tools/test

check: ## the quick part of test: no machine is started
	@tools/test --quick

lint: ## floors, formatting, licences, lengths
	@tools/lint

format: ## put every C file into the house's form
	@clang-format -i $$(find boot kernel mm pks tests -name '*.[ch]')

tool-test: ## the host tools' own tests
	@tools/unit tests/tools

repro: ## build twice in two folders and compare every byte
	@tools/repro

bench: ## instructions and PKRS writes an operation, in QEMU and Bochs
	@tools/bench

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | sort | expand -t 22
