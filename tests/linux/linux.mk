# SPDX-License-Identifier: MIT
# The matrix's user half as an ordinary Linux program, and a file system for a Linux that has nothing
# else. The Makefile includes this.

LINUX_BUILD  := $(BUILD)/linux
LINUX_C      := $(patsubst %,tests/linux/%.c,main outcome pages pku signals) $(filter tests/matrix/%,$(HOST_PURE) $(HOST_MATRIX)) \
		$(patsubst %,tests/matrix/%.c,announce cpu_needs registers report) tests/oracle/oracle.c kernel/cpu/cpu_type.c kernel/lib/printf.c kernel/lib/printf_ext.c \
		tests/host/ksym_stub.c
LINUX_S      := tests/linux/shoot.S tests/matrix/accesses.S
LINUX_PARTS  := $(LINUX_C:%.c=$(LINUX_BUILD)/%.o) $(LINUX_S:%.S=$(LINUX_BUILD)/%.S.o)
# It must not lie where the matrix has its pages; and it runs in a Linux without libraries.
LINUX_FLAGS  := -std=gnu17 -O2 -g -I. -MMD -MP -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
		-fno-pie -fno-stack-protector -Dstrlcpy=kw_strlcpy

.PHONY: linux-pku
## Build

linux-pku: $(LINUX_BUILD)/linux-pku ## the matrix's user half as a Linux program, build/linux/linux-pku

$(LINUX_BUILD)/%.o: %.c tests/linux/linux.mk
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINUX_FLAGS) -c $< -o $@

$(LINUX_BUILD)/%.S.o: %.S tests/linux/linux.mk
	@mkdir -p $(@D)
	$(Q)$(CC) -I. -MMD -MP -c $< -o $@

$(LINUX_BUILD)/linux-pku: $(LINUX_PARTS)
	$(Q)$(CC) -static -no-pie $^ -o $@

$(LINUX_BUILD)/init: $(LINUX_BUILD)/tests/linux/init.o
	$(Q)$(CC) -static $^ -o $@

$(LINUX_BUILD)/initrd: $(LINUX_BUILD)/init $(LINUX_BUILD)/linux-pku tests/linux/mkcpio
	$(Q)tests/linux/mkcpio $(LINUX_BUILD)/init $(LINUX_BUILD)/linux-pku >$@

-include $(LINUX_PARTS:.o=.d)
