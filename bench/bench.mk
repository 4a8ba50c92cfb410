# SPDX-License-Identifier: MIT
# The benchmarks; included by the Makefile, whose variables and rule for objects it uses.

LOAD := $(OUT)/bench/load
LOAD_OBJECTS := $(patsubst %.c,$(OUT)/%.o,$(sort $(wildcard bench/*.c)))
BENCH_PEERS := bench/peers/node_modules/.package-lock.json

.PHONY: bench bench-quick bench-instructions bench-figures bench-abuse bench-check deps-bench

$(LOAD_OBJECTS): WARNINGS_HERE := -Wconversion

$(LOAD): $(LOAD_OBJECTS)
	$(call SAY,LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^

$(BENCH_PEERS): bench/peers/package-lock.json
	@echo "installing with npm: what $< lists"
	@cd bench/peers && npm ci --no-progress
	@touch $@

deps-bench:
	@tools/deps build bench

bench: deps-bench ## measure strowger and its peers in turn, into bench/RESULTS.md (QUICK=1: a glance, printed only)
	@$(MAKE) --no-print-directory -j$(JOBS) all $(LOAD) $(BENCH_PEERS)
	@bench/run.mjs --load $(LOAD) --program $(PROGRAM) $(if $(QUICK),--quick,--out bench/RESULTS.md)

bench-quick:
	@$(MAKE) --no-print-directory QUICK=1 bench

bench-instructions: deps-bench ## instructions a message, against the committed ones (UPDATE=1 writes, TOP=20 lists)
	@$(MAKE) --no-print-directory -j$(JOBS) all $(LOAD)
	@bench/instructions.mjs --load $(LOAD) --program $(PROGRAM) $(if $(UPDATE),--update) --top $(or $(TOP),0)

bench-figures: deps-bench ## what docs/performance.md explains (ONLY="work memory growth heartbeat kernel", or some of them)
	@$(MAKE) --no-print-directory -j$(JOBS) all $(LOAD)
	@bench/figures.mjs --load $(LOAD) --program $(PROGRAM) $(ONLY)

bench-abuse: deps-bench ## some attacks on strowger and on npm's ws, side by side
	@$(MAKE) --no-print-directory -j$(JOBS) all $(BENCH_PEERS)
	@bench/abuse.mjs --program $(PROGRAM)

bench-check: deps-bench ## show that the load generator finds a server that does wrong
	@$(MAKE) --no-print-directory -j$(JOBS) $(LOAD) $(BENCH_PEERS)
	@bench/check-load.mjs --load $(LOAD)
