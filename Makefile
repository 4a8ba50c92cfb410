# SPDX-License-Identifier: MIT
# Builds, tests and checks strowger; `make help` lists what can be asked for.

VERSION := 0.1.0

# BUILD names a variant, and everything made for it lies in build/$(BUILD)/. The release also becomes ./strowger.
BUILD ?= release
OUT := build/$(BUILD)
ifeq ($(BUILD),release)
PROGRAM := strowger
else
PROGRAM := $(OUT)/strowger
endif

# Flags. CFLAGS and LDFLAGS are the packager's; the rest is ours and always holds. Warnings stop a build only where
# somebody is there to mend them: in CI and in the developers' variants.
CFLAGS ?= -O2 -g
C_STD := -std=gnu2x
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
HARDENING := -fstack-protector-strong -fPIE
LINK_HARDENING := -pie -Wl,-z,relro,-z,now
LINK_DEBUG := -Wl,--compress-debug-sections=zlib # half of an unstripped program
FORTIFY := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
SANITIZE_release :=
SANITIZE_clang :=
SANITIZE_asan := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SANITIZE_tsan := -fsanitize=thread
SANITIZE_coverage := -fsanitize=fuzzer-no-link -fprofile-instr-generate -fcoverage-mapping
SANITIZE_fuzz := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
ifeq ($(origin SANITIZE_$(BUILD)),undefined)
$(error BUILD is one of release, asan, tsan, fuzz, coverage, clang; not '$(BUILD)')
endif
SANITIZE := $(SANITIZE_$(BUILD))
ifneq ($(SANITIZE),)
FORTIFY := # the sanitizers' own checks of memcpy and its kin say more
endif
ifneq ($(filter fuzz coverage clang,$(BUILD)),)
CC := clang
else ifeq ($(origin CC),default)
CC := gcc
endif
ifneq ($(CI)$(filter-out release,$(BUILD)),)
WERROR := -Werror
endif

PKG_CONFIG ?= pkg-config
PACKAGES := libuv libssl libcrypto zlib libqrencode
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
LIBS := -Wl,--as-needed $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null)

# The same sources give the same bytes wherever and whenever they are built: no dates, no directory, a fixed order.
ALL_CPPFLAGS := -Isrc -D_GNU_SOURCE= -DSTROWGER_VERSION='"$(VERSION)"' $(FORTIFY) $(PKG_CFLAGS) $(CPPFLAGS)
ALL_CFLAGS := $(C_STD) $(CFLAGS) $(WARNINGS) $(WERROR) $(HARDENING) $(SANITIZE) -ffile-prefix-map=$(CURDIR)=.
ALL_LDFLAGS := $(LINK_HARDENING) $(LINK_DEBUG) $(SANITIZE) $(LDFLAGS)

# What there is: adding a file touches no line here.
MODULES := $(sort $(wildcard src/*/*.c))
ASSETS := $(sort $(shell find web -type f ! -name '.*' ! -name '*.test.*' ! -name '*.d.ts' ! -name 'tsconfig*.json' \
	! -name 'package*.json' ! -path '*/node_modules/*' 2>/dev/null))
LIBRARY := $(addprefix client/node_modules/socket.io-client/dist/socket.io.,\
	js js.map min.js min.js.map esm.min.js esm.min.js.map)
UNIT_TESTS := $(patsubst %.c,$(OUT)/%,$(sort $(wildcard tests/unit/*.c)))
STRESS := $(OUT)/tests/stress/stress
FUZZ_TARGETS := $(patsubst %.c,$(OUT)/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
OBJECTS := $(MODULES:%.c=$(OUT)/%.o) $(OUT)/assets.o
C_FILES = $(sort $(wildcard src/*.c src/*/*.[ch] tests/*/*.[ch] bench/*.[ch] tools/*.[ch]))
JOBS := $(shell nproc 2>/dev/null || echo 1)

# One short line for each thing made; V=1 shows the commands.
ifneq ($(V),1)
Q := @
SAY = @echo '  $(1) $@';
endif

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: force all run test reference unit unit-tests stress e2e browser checks hostile proof proxies web types fuzz fuzz-targets fuzz-corpus fuzz-coverage deps \
	deps-build deps-test check-layers check-reproducible format check-format tidy clean help

all: $(PROGRAM) ## build the program (default); BUILD=asan, tsan, fuzz, coverage or clang for another variant

strowger: $(OUT)/strowger
	$(call SAY,BIN )cp --remove-destination $< $@

$(OUT)/strowger: $(OUT)/src/main.o $(OUT)/libstrowger.a
	$(call SAY,LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# Everything but main(), for the program and for the tests. Made anew each time: ar would keep a deleted file's member.
$(OUT)/libstrowger.a: $(OBJECTS) $(OUT)/files
	$(call SAY,AR  )rm -f $@
	$(Q)ar rcsD $@ $(OBJECTS)

$(OUT)/src/base/%.o $(OUT)/src/proto/%.o: FLAGS_HERE := -Wconversion

$(OUT)/%.o: %.c $(OUT)/flags
	@mkdir -p $(@D)
	$(call SAY,CC  )$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(FLAGS_HERE) -MMD -MP -c -o $@ $<

$(OUT)/%.o: $(OUT)/%.c $(OUT)/flags
	$(call SAY,CC  )$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Two notes of how and from what this variant was made, rewritten only when that has changed: what depends on them is
# then made anew, and nothing is ever linked from two kinds of objects or keeps a file that was deleted.
NOTE_flags = $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(LIBS)
NOTE_files = $(MODULES) $(ASSETS)

$(OUT)/flags $(OUT)/files: $(OUT)/%: force
	@$(PKG_CONFIG) --print-errors --exists $(PACKAGES) || { echo "make deps-build installs what is missing"; exit 1; }
	@mkdir -p $(OUT)
	@note='$(subst ','\'',$(NOTE_$*))'; [ "$$note" = "$$(cat $@ 2>/dev/null)" ] || printf '%s\n' "$$note" >$@

# The library that pages of Socket.IO load from their server, fetched by npm; without npm the program does without it.
# The note of what there is holds the files' checksums.
$(OUT)/library: force
	@tools/deps client
	@mkdir -p $(OUT)
	@note=$$(cksum $(LIBRARY) 2>/dev/null); [ -e $@ ] && [ "$$note" = "$$(cat $@)" ] || printf '%s\n' "$$note" >$@

# The page and the library, compiled into the program by a little program of our own that runs here and now.
$(OUT)/assets.c: $(OUT)/embed $(ASSETS) $(OUT)/files $(OUT)/library
	$(call SAY,GEN )$(OUT)/embed $(foreach file,$(ASSETS),$(file:web/%=/%)=$(file)) \
		$$(sed -n 's|.* \(client/.*/\(.*\)\)|/socket.io/\2=\1|p' $(OUT)/library) >$@

$(OUT)/embed: tools/embed.c src/server/assets.h $(OUT)/flags
	$(call SAY,CC  )$(CC) -Isrc $(C_STD) -O1 $(WARNINGS) $(WERROR) -o $@ $< -lcrypto -lz

# People: one command to run it, one to test it. Each installs what is missing first, and says so.
run: deps-build ## install what is missing, build, start (ARGS='--port 9000')
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@exec ./$(PROGRAM) $(ARGS)

test: deps-test ## install what is missing, build, run all tests
	@$(MAKE) --no-print-directory -j$(JOBS) all unit-tests
	@tools/run-tests --build $(OUT) --program $(PROGRAM) unit stress tools web types e2e proxies browser

deps: ## install what the build, the tests and the checks of CI need
	@tools/deps build test ci

deps-build:
	@tools/deps build

deps-test:
	@tools/deps build test

# Tests, one suite at a time; these install nothing. Any of them runs sanitized with BUILD=asan or tsan.
unit-tests: $(UNIT_TESTS) $(STRESS) $(FUZZ_TARGETS)

unit: unit-tests ## run the unit tests, and the workers for a million operations under stress
	@tools/run-tests --build $(OUT) unit stress

OPERATIONS ?= 10000000
stress: $(STRESS) ## run the workers for OPERATIONS (10000000) under stress
	$(STRESS) --operations $(OPERATIONS) $(ARGS)

e2e browser checks hostile proxies: all ## test the running program; `browser` with real pages; `hostile` under attack; `proxies` behind them
	@tools/run-tests --build $(OUT) --program $(PROGRAM) $@

proof: all ## take each limit out of a copy, and see its test fail: half an hour (ONLY='log forging|STUN': some)
	@tests/hostile/prove.mjs '$(ONLY)'

web types: ## run the tests of web/; check its types
	@tools/run-tests $@

$(OUT)/tests/unit/%: $(OUT)/tests/unit/%.o $(OUT)/libstrowger.a
	$(call SAY,LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs cmocka) $(LIBS)

$(STRESS): $(patsubst %.c,$(OUT)/%.o,$(sort $(wildcard tests/stress/*.c))) $(OUT)/libstrowger.a
	$(call SAY,LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

FUZZ_SECONDS ?= 20
fuzz: ## feed every codec, and the whole server, with chance for FUZZ_SECONDS (20) each
	@$(MAKE) --no-print-directory BUILD=fuzz -j$(JOBS) fuzz-targets
	@tools/run-tests --build build/fuzz --seconds $(FUZZ_SECONDS) fuzz

fuzz-targets: $(FUZZ_TARGETS)

fuzz-corpus: ## keep of what `make fuzz` found what reaches something new, in tests/fuzz/corpus
	for name in $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c)); do mkdir -p build/fuzz/corpus/$$name && \
		build/fuzz/tests/fuzz/fuzz_$$name -merge=1 -use_counters=0 -max_len=600 tests/fuzz/corpus/$$name build/fuzz/corpus/$$name \
		|| exit 1; done

fuzz-coverage: ## which lines of src/ the committed inputs of the whole server's target reach
	@$(MAKE) --no-print-directory BUILD=coverage -j$(JOBS) build/coverage/tests/fuzz/fuzz_connection
	LLVM_PROFILE_FILE=build/coverage/profile build/coverage/tests/fuzz/fuzz_connection -runs=0 tests/fuzz/corpus/connection
	llvm-profdata-14 merge -o build/coverage/merged build/coverage/profile
	llvm-cov-14 report build/coverage/tests/fuzz/fuzz_connection -instr-profile=build/coverage/merged $(wildcard src/*)

# With the fuzzer where there is one; elsewhere a target plays what was found before.
ifneq ($(filter fuzz coverage,$(BUILD)),)
FUZZER := -fsanitize=fuzzer
else
REPLAY := $(OUT)/tests/fuzz/replay.o
endif

# The whole server's target has a rig beside it. What the two do themselves is not what is to be explored.
RIG := $(patsubst %.c,$(OUT)/%.o,$(filter-out tests/fuzz/fuzz_%.c tests/fuzz/replay.c,$(wildcard tests/fuzz/*.c)))
$(OUT)/tests/fuzz/fuzz_connection: $(RIG)
$(RIG) $(OUT)/tests/fuzz/fuzz_connection.o: FLAGS_HERE := $(if $(FUZZER),-fno-sanitize=fuzzer-no-link)

$(OUT)/tests/fuzz/%: $(OUT)/tests/fuzz/%.o $(REPLAY) $(OUT)/libstrowger.a
	$(call SAY,LINK)$(CC) $(ALL_LDFLAGS) $(FUZZER) -o $@ $(filter %.o,$^) $(OUT)/libstrowger.a $(LIBS)

# All that is said about settings elsewhere, made from their table: commit what comes out.
reference: $(PROGRAM) ## make docs/options.md, manual pages, completions and the sample file from the table of options
	@mkdir -p packaging/man packaging/completions
	./$< reference sample >packaging/strowger.toml
	./$< reference markdown >docs/options.md
	for shell in bash zsh fish; do ./$< completion $$shell >packaging/completions/strowger.$$shell; done
	./$< reference flags | sed -e '/^@OPTIONS@$$/{r /dev/stdin' -e 'd}' tools/manual/strowger.1 >packaging/man/strowger.1
	./$< reference keys | sed -e '/^@OPTIONS@$$/{r /dev/stdin' -e 'd}' tools/manual/strowger.toml.5 \
		>packaging/man/strowger.toml.5

# Checks of the sources themselves.
check-layers: ## who includes whom, and the sizes of files and functions
	tools/check-layers

check-reproducible: ## build twice in two directories: the same bytes must come out
	rm -rf build/twice && mkdir -p build/twice/one build/twice/another/place
	for d in one another/place; do cp -r Makefile src tools web client build/twice/$$d && \
		$(MAKE) -C build/twice/$$d -j$(JOBS) BUILD=release >build/twice/log 2>&1 || { cat build/twice/log; exit 1; }; done
	cmp build/twice/one/strowger build/twice/another/place/strowger

format: ## rewrite the C files as .clang-format has it
	clang-format -i $(C_FILES)

check-format: ## fail where `make format` would change something
	clang-format --dry-run --Werror $(C_FILES)

tidy: ## clang-tidy, with .clang-tidy's checks
	printf '%s\n' $(sort $(wildcard src/*.c)) $(MODULES) tools/embed.c | \
		xargs -P $(JOBS) -I{} clang-tidy --quiet {} -- $(C_STD) $(ALL_CPPFLAGS)

clean: ## remove what was built
	rm -rf build strowger

help: ## this list
	@sed -n 's/^\([a-z][a-z0-9 -]*\):[^#]*## \(.*\)/\1	\2/p' $(filter %akefile %.mk,$(MAKEFILE_LIST)) | expand -t 22

include $(wildcard bench/bench.mk packaging/packaging.mk)
-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
