# SPDX-License-Identifier: MIT
# Every target that is not the kernel itself. The Makefile includes this.

MACHINE ?= qemu
MACHINES ?=
CPUS    ?= 1
ARGS    ?=
DEVICE  ?=
WRITE   ?=
SUITE   ?= bookworm
ISO     := $(BUILD)/keyward.iso

.PHONY: experiments inject power-cuts stray-writes bad-input screen-test bench boot-times iso netboot usb lab-check run gdb bochs-debug \
	debug-test monitor-test test whole matrix divergences report reports reports-check report-test check lint house format tool-test \
	sabotage mutants mutants-table repro kunit-check bare words help

## Build

iso: $(ISO) ## build/keyward.iso, bootable by BIOS and UEFI

$(ISO): $(BUILD)/keyward.bin iso/grub.cfg tools/mkiso tools/lib/grub.sh
	tools/mkiso $< $@

netboot: $(BUILD)/keyward.bin ## build/netboot, for a TFTP and HTTP server: ARGS="pks=strict" for no menu
	@tools/mknetboot $< $(BUILD)/netboot $(ARGS)
	@cat $(BUILD)/netboot/README

usb: iso ## the ISO onto a stick: DEVICE=/dev/sdX shows what it would do; WRITE=yes asks and writes
	@tools/usb --iso $(ISO) $(if $(filter yes,$(WRITE)),--write) $(if $(DEVICE),'$(DEVICE)')

## Boot and debug

run: iso ## boot one machine: MACHINE=NAME (see machines/) ARGS="pks=strict tests=policy.*"
	@tools/run $(MACHINE) $(ARGS)

gdb: iso ## the kernel in QEMU under gdb, with commands for keys, page tables, threads: ARGS as for run
	@tools/qemu-debug --build $(BUILD) --machine $(MACHINE) $(ARGS)

bochs-debug: iso ## the kernel in Bochs's debugger, PKRS at each stop: ARGS="magic=pardon pks=silent"
	@tools/bochs-debug --build $(BUILD) $(ARGS)

## Test

test: ## builds, host tests, every machine; ends with the counts
	@tools/test

whole: ## test, with all cases in each step, and the full matrix
	@tools/test --whole

check: ## the quick part of test, which starts no machine
	@tools/test --quick

tool-test: ## the host tools' own tests
	@tools/unit tests/system/tools

bad-input: iso ## bad CPUs, loaders, memory maps and words, which the kernel must refuse or survive
	@tests/system/badinput/run --build $(BUILD)

screen-test: ## the console on screens: pictures of them, read back as text
	@KEYWARD_BUILD=$(BUILD) tools/unit tests/system/screen

monitor-test: iso ## every command of the monitor, typed on a terminal and on a keyboard
	@KEYWARD_BUILD=$(BUILD) tools/unit tests/system/monitor

debug-test: iso ## both debuggers' own tests
	@KEYWARD_BUILD=$(BUILD) tools/unit tests/system/debug

report-test: ## the report in a browser
	@tools/unit tests/system/report

inject: iso ## NMIs from outside: each instruction of the entry and rights code, scope and handler
	@tools/inject --build $(BUILD) --all --jobs 2 $(ARGS)

power-cuts: iso $(BUILD)/host/gcc-fast/t_store_cuts ## cut a store's power: in a model that loses what was not flushed, and in QEMU
	@$(BUILD)/host/gcc-fast/t_store_cuts 40 1
	@tools/power-cuts --build $(BUILD) --cuts 500 --jobs 2 $(ARGS)

sabotage: ## break the kernel in every known way; each must be noticed
	@tools/sabotage

mutants: ## small mistakes, made by rule: what the tests see of those that nobody asked about yet; hours
	@tools/mutate --prune
	@tools/mutate
	@tools/mutate --table --write

mutants-table: ## the table of what the tests see of mutants, into docs/TESTING.md
	@tools/mutate --table --write

repro: ## build twice in two folders and compare every byte
	@tools/repro

bare: ## the README's two commands in an empty Debian root: SUITE=bookworm or trixie
	@tools/bare $(SUITE)

kunit-check: ## the last log of MACHINE=NAME by Linux's own KTAP parser, fetched once (140 MB)
	@tools/kunit-check $(BUILD)/logs/$(MACHINE).log

lab-check: ## the LAVA job and device of lab/, against LAVA's own schema
	@tools/lab-check

## Measure

matrix: iso ## every case on every machine, for minutes: MACHINES="qemu-10.0 bochs" for these only
	@tools/matrix --build $(BUILD) $(MACHINES)

experiments: iso ## the tables of docs/EXPERIMENTS.md about kmap users, nesting, saved rights and writers
	@tools/experiments --write
	@tools/arms hidden --write
	@tools/arms hits --write
	@tools/arms failures --write
	@tools/arms nesting --write
	@tools/arms saved --write
	@tools/arms writes --write
	@tools/arms private --write

stray-writes: iso ## what stray writes do to persistent memory across a reboot, into docs/EXPERIMENTS.md; ten minutes
	@tools/stray-writes --write

bench: ## instructions and PKRS writes per operation, in QEMU and Bochs, into docs/EXPERIMENTS.md
	@tools/bench --write

boot-times: iso ## what a boot costs as RAM grows, into docs/HARDWARE.md: CPUS="1 2 4" for more
	@tools/boot-times --build $(BUILD) --cpus "$(CPUS)" --write docs/HARDWARE.md

## Tell others

report: ## build/report.html from what matrix found
	@tools/report --build $(BUILD)

divergences: ## docs/DIVERGENCES.md from what matrix found
	@tools/divergences --build $(BUILD)

reports: iso ## docs/reports: a bug report for each class of docs/DIVERGENCES.md, each run now
	@tools/report --build $(BUILD) --bugs docs/reports

reports-check: iso ## run every report of docs/reports once more, and compare
	@tools/report --build $(BUILD) --check docs/reports

words: ## the table of the command line's words, into docs/HARDWARE.md
	@tools/words --write

## Keep the source

lint: ## floors, formatting, file lengths, unused exports, names in the documents
	@tools/lint

house: kernel ## figures about the source tree, and calls that go up but must not
	@tools/house --build $(BUILD)
	@tools/house --build $(BUILD) --check

format: ## clang-format every C file
	@clang-format -i $$(find boot kernel mm monitor pks tests -name '*.[ch]')

help: ## this list
	@tools/targets
