# SPDX-License-Identifier: MIT
# Tests and fuzzers of the pure parts, built for the host with sanitizers. The Makefile includes
# this. A file tests/host/t_NAME.c is a test program, tests/host/fuzz_NAME.c a fuzzer.

FUZZ_SECONDS ?= 10
FUZZ_RUNS    ?= -1

HOST_BUILD := $(BUILD)/host
# The floor kernel/lib is pure; tests/host/ksym_stub.c stands for the symbol table of the image.
HOST_PURE  := $(filter-out kernel/lib/ksyms.c boot/acpi/acpi_registers.c, \
	      $(sort $(wildcard kernel/lib/*.c boot/acpi/*.c))) \
	      boot/cmdline.c boot/multiboot2.c kernel/apic_lines.c kernel/calibrate_rates.c kernel/pci/pci.c mm/ram.c mm/kmap/kmap_stack.c \
	      kernel/cpu/cpu_type.c $(patsubst %,kernel/console/%.c,codes fbcon font framebuffer scancode screen uart warn_site) \
	      $(patsubst %,pks/policy/%.c,mark_hash policy step_insn) tests/oracle/oracle.c \
	      $(patsubst %,monitor/%.c,ansi line words) $(patsubst %,tests/matrix/%.c,space space_run state case_name kinds) \
	      tests/direct_map/map_model.c tests/interleave/model.c tests/interleave/sequence.c tests/interleave/case_word.c \
	      tests/stray/rule.c tests/stray/wild.c \
	      $(patsubst %,tests/bench/%.c,cores flush_reload) \
	      $(patsubst %,tests/store/%.c,crc32c store store_scan work) \
	      $(patsubst %,tests/host/%.c,console_stub ksym_stub pmem_check power)
# The rest of the matrix and its software machine: only for the programs that need them.
HOST_MATRIX   := $(patsubst %,tests/matrix/%.c,tables parts memory own operand operand_system stack plain possible expect judge mismatch rules classes \
		 needs before entries choice corners strata plan run) \
		 $(sort $(wildcard tests/host/soft*.c)) tests/host/faults.c
HOST_MACHINES := t_classes t_machine t_plan t_plan_process t_faults t_hidden
# t_faults and t_hidden run a slice for each planted error, t_plan and its like walk all slices, t_letters enumerates millions
# of sequences, t_store_cuts opens stores by the hundred thousand: without sanitizers, which check the
# same code in t_machine, t_model, t_kmap_sequences and t_store. t_linux_signals takes FS away, which sanitizers use.
HOST_FAST     := t_faults t_hidden t_letters t_linux_signals t_plan t_plan_process t_store_cuts
HOST_TESTS := $(patsubst tests/host/%.c,%,$(sort $(wildcard tests/host/t_*.c)))
HOST_FUZZ  := $(patsubst tests/host/fuzz_%.c,%,$(sort $(wildcard tests/host/fuzz_*.c)))

# -g1 has the lines that a sanitizer's report names, and compiles a quarter faster than -g.
HOST_FLAGS := -std=gnu17 -O1 -g1 -I. -MMD -MP -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	      -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
	      -Dstrlcpy=kw_strlcpy

# Both compilers, if installed: each treats undefined behaviour in its own way. COMPILERS=gcc takes one.
COMPILERS    ?= gcc clang
HOST_CCS     := $(foreach cc,$(COMPILERS),$(if $(shell command -v $(cc)),$(cc)))
HOST_SKIPPED := $(foreach cc,$(filter-out $(HOST_CCS),$(COMPILERS)),"skip:$(cc):$(cc) is not installed")
HOST_PROGRAMS = $(foreach cc,$(HOST_CCS),\
	$(patsubst %,$(HOST_BUILD)/$(cc)/%,$(filter-out $(HOST_FAST),$(HOST_TESTS))) \
	$(HOST_FAST:%=$(HOST_BUILD)/$(cc)-fast/%))

.PHONY: host-test host-programs fuzz vectors

## Test

host-test: ## unit tests of the pure parts, under ASan and UBSan: PLANTED=1/8 for an eighth of the planted errors
	@$(MAKE) -s -f $(firstword $(MAKEFILE_LIST)) -j$(or $(JOBS),$(shell nproc)) host-programs
	@PLANTED=$(PLANTED) tests/host/run $(HOST_PROGRAMS) $(HOST_SKIPPED)

host-programs: $(HOST_PROGRAMS)

# $(1): the folder, $(2): the compiler, $(3): more flags
define host_rules
$(HOST_BUILD)/$(1)/%.o: %.c tests/host/host.mk
	@mkdir -p $$(@D)
	$$(Q)$(2) $(HOST_FLAGS) $(3) -c $$< -o $$@

# string.c lives beside the C library's functions and, as in the kernel, does not call them.
$(HOST_BUILD)/$(1)/kernel/lib/string.o: kernel/lib/string.c tests/host/host.mk
	@mkdir -p $$(@D)
	$$(Q)$(2) $(HOST_FLAGS) $(3) -fno-builtin -include tests/host/renamed.h -c $$< -o $$@

$(HOST_BUILD)/$(1)/t_%: $(HOST_BUILD)/$(1)/tests/host/t_%.o $(HOST_PURE:%.c=$(HOST_BUILD)/$(1)/%.o)
	$$(Q)$(2) $(HOST_FLAGS) $(3) $$^ -lcmocka -o $$@

$(HOST_MACHINES:%=$(HOST_BUILD)/$(1)/%): $(HOST_MATRIX:%.c=$(HOST_BUILD)/$(1)/%.o)

$(HOST_BUILD)/$(1)/t_linux_signals: $(HOST_BUILD)/$(1)/tests/linux/signals.o
$(HOST_BUILD)/$(1)/t_linux_outcome: $(patsubst %,$(HOST_BUILD)/$(1)/tests/%.o,linux/outcome $(addprefix matrix/,registers plain stack))

$(HOST_BUILD)/$(1)/fuzz_%: $(HOST_BUILD)/$(1)/tests/host/fuzz_%.o \
			   $(HOST_PURE:%.c=$(HOST_BUILD)/$(1)/%.o)
	$$(Q)$(2) $(HOST_FLAGS) $(3) $$^ -o $$@
endef
$(foreach cc,$(HOST_CCS),$(eval $(call host_rules,$(cc),$(cc),)))
$(foreach cc,$(HOST_CCS),$(eval $(call host_rules,$(cc)-fast,$(cc),-O2 -fno-sanitize=all)))
$(eval $(call host_rules,fuzz,clang,-fsanitize=fuzzer))

## Tell others

# Written in one step: a reader finds all of it or the file before.
vectors: ## tests/oracle/vectors.json from the oracle, checked by its reader
	@mkdir -p $(HOST_BUILD)
	$(Q)$(firstword $(HOST_CCS)) -std=c11 -O2 -I. -Wall -Wextra -Werror tests/host/vectors.c \
		tests/oracle/oracle.c -o $(HOST_BUILD)/vectors
	$(Q)$(HOST_BUILD)/vectors >$(HOST_BUILD)/vectors.json
	$(Q)tests/oracle/check_vectors.py $(HOST_BUILD)/vectors.json
	$(Q)mv $(HOST_BUILD)/vectors.json tests/oracle/vectors.json

## Test

fuzz: $(HOST_FUZZ:%=fuzz-%) ## fuzz the pure parts: FUZZ_SECONDS=10 for each, FUZZ_RUNS=N inputs at most

# libFuzzer keeps new inputs in the first folder for the next run; the second has the seeds.
fuzz-%: $(HOST_BUILD)/fuzz/fuzz_% $(HOST_BUILD)/seeds
	@mkdir -p $(HOST_BUILD)/fuzz/found/$* $(HOST_BUILD)/fuzz/crashes
	@$< -max_total_time=$(FUZZ_SECONDS) -runs=$(FUZZ_RUNS) -max_len=4096 -timeout=5 -print_final_stats=1 \
		-artifact_prefix=$(HOST_BUILD)/fuzz/crashes/$*- $(HOST_BUILD)/fuzz/found/$* \
		$(HOST_BUILD)/seeds/$* >$(HOST_BUILD)/fuzz/$*.log 2>&1 || \
		{ tail -80 $(HOST_BUILD)/fuzz/$*.log; exit 1; }
	@sed -n 's/^stat::number_of_executed_units: */$*: nothing found, runs: /p' \
		$(HOST_BUILD)/fuzz/$*.log

$(HOST_BUILD)/seeds: tests/host/seeds.c tests/host/mbi.h tests/host/acpi_image.h \
		      tests/host/acpi_machines.h
	@mkdir -p $(HOST_FUZZ:%=$@/%)
	$(Q)$(firstword $(HOST_CCS)) -I. -o $(HOST_BUILD)/make-seeds $<
	$(Q)$(HOST_BUILD)/make-seeds $@
	@touch $@

.SECONDARY: $(foreach cc,$(HOST_CCS) $(HOST_CCS:%=%-fast) fuzz,\
	$(patsubst %.c,$(HOST_BUILD)/$(cc)/%.o,$(HOST_PURE) $(HOST_MATRIX)) \
	$(HOST_TESTS:%=$(HOST_BUILD)/$(cc)/tests/host/%.o)) \
	$(HOST_FUZZ:%=$(HOST_BUILD)/fuzz/tests/host/fuzz_%.o) $(HOST_FUZZ:%=$(HOST_BUILD)/fuzz/fuzz_%)
-include $(shell find $(HOST_BUILD) -name '*.d' 2>/dev/null)
