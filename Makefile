# `make help` prints what there is. Everything is built into build/. Only a C compiler is needed; what else is missing
# is said and skipped, but with CI=true its absence is a failure.

CC ?= cc
CXX ?= c++
CFLAGS ?= -g
STD = -std=c99
WARN = -Wall -Wextra
SHARED ?= ../shared
B = build
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 1)
endif

CURL_LIBS := $(shell pkg-config --libs libcurl 2>/dev/null || curl-config --libs 2>/dev/null)
CURL_CFLAGS := $(shell pkg-config --cflags libcurl 2>/dev/null || curl-config --cflags 2>/dev/null)
CURL = $(if $(CURL_LIBS),-DLLMPROV_CURL $(CURL_CFLAGS))
CLANG ?= $(shell for c in clang clang-19 clang-16 clang-14; do command -v $$c; done 2>/dev/null | head -n 1)
COVER ?= $(shell command -v clang-19 >/dev/null 2>&1 && command -v llvm-cov-19 >/dev/null 2>&1 && echo clang-19)
CXX20 = $(shell command -v $(CXX) >/dev/null 2>&1 && echo $(CXX) -std=c++20)
CC32 ?= $(shell command -v i686-linux-gnu-gcc 2>/dev/null)

TESTS = $(filter-out tests/test_all.c,$(wildcard tests/test_*.c))
HALF = $(filter tests/test_call.c tests/test_wire.c tests/test_s_% tests/test_pitfalls_% tests/test_t_%,$(TESTS))
OTHER_HALF = $(filter-out $(HALF),$(TESTS))
TEST_FILES = llmprov.h $(wildcard tests/*.h) tests/test_all.c $(TESTS) $(B)/tests.inc
TEST_FLAGS = $(STD) -Og $(WARN)
CRYPTO := $(shell pkg-config --libs libcrypto 2>/dev/null)
EXAMPLES = $(patsubst examples/%.c,$(B)/examples/%,$(filter-out examples/fetch.c $(if $(CRYPTO),,examples/vertex.c),$(wildcard examples/*.c)))

FUZZ = CC="$(CC)" CLANG="$(CLANG)" sh tests/fuzz/run.sh

# what is missing, in a recipe
skip = echo "skipped: $(1)"; [ "$$CI" != true ]

# whatever has a sentence for `make help`
.PHONY: $(shell sed -n 's/^\([a-z0-9-]*\):.*\#\# .*/\1/p' Makefile)

all: $(B)/llmprov $(B)/mock $(EXAMPLES) ## the command line, the mock server and the examples
	@$(if $(CRYPTO),:,$(call skip,examples/vertex.c: there are no headers of OpenSSL))

demo: $(B)/llmprov $(B)/mock $(B)/examples/server ## conversations with the mock server, and through the gateway
	@sh tools/demo.sh

test: $(B)/test-half1 $(B)/test-half2 ## the tests, in two halves at once; no network
	@$(B)/test-half1 & $(B)/test-half2; code=$$?; wait $$! && exit $$code

curl-secrets: llmprov.h | $(B) ## what the libcurl transport frees holds no key
	@if [ -z "$(CURL_LIBS)" ]; then $(call skip,curl-secrets: there is no libcurl); \
	else $(CC) $(STD) $(CFLAGS) $(WARN) $(CURL_CFLAGS) -o $(B)/curl_secret tests/platform/curl_secret.c $(CURL_LIBS) && $(B)/curl_secret; fi

loop: $(B)/llmprov $(B)/llmprov-plain $(B)/mock $(B)/raw $(B)/examples/server ## the command line and the gateway against the mock server
	@sh tests/loop.sh

fixtures: ## the tests over the suites and the recorded traffic in $(SHARED)
	@if [ ! -f tests/fixtures.c ]; then $(call skip,fixtures: there is no tests/fixtures.c); \
	elif [ ! -d $(SHARED)/fixtures ]; then $(call skip,fixtures: there is no $(SHARED)/fixtures); \
	else $(MAKE) -s $(B)/fixtures $(B)/suites && $(B)/suites $(SHARED) && $(B)/fixtures $(SHARED); fi

peer: $(B)/llmprov ## the tests against a real llama-server
	@if [ ! -f tests/peer.sh ]; then $(call skip,peer: there is no tests/peer.sh); else SHARED=$(SHARED) sh tests/peer.sh; fi

clients: $(B)/mock $(B)/examples/server ## the official SDKs against the gateway of examples/server.c
	@sh tests/clients.sh

windows: $(B)/test $(B)/llmprov $(B)/mock $(B)/examples/server ## the tests, the command line and WinHTTP on Windows, as Wine has it
	@SHARED=$(SHARED) CC="$(CC)" sh tests/platform/windows.sh

schemas: $(B)/emit ## what we write, against the schemas in $(SHARED)
	@SHARED=$(SHARED) sh tests/schemas.sh

peer-bedrock: ## the tests against AWS's own signer and event-stream codec
	@SHARED=$(SHARED) CC="$(CC)" sh tests/peer_bedrock.sh

faults: $(B)/faults $(B)/mock ## each fault of the mock server over real sockets, blocking, polled, and many at once
	$(B)/faults $(B)/mock

soak: $(B)/soak $(B)/mock ## ten thousand streams at once in one thread, by poll and by libcurl: memory of each, events a second
	$(B)/soak $(B)/mock

size: $(B)/mock ## flash and RAM of a chat on a Cortex-M3, against the goals
	@sh tests/platform/size.sh

baremetal: $(B)/mock ## a chat on devices without an operating system, under QEMU
	@SHARED=$(SHARED) CC="$(CC)" sh tests/platform/bare.sh

bench: ## speed, as ratios to what memory can do
	@if [ ! -f tests/bench/bench.c ]; then $(call skip,bench: there is no tests/bench/bench.c); \
	else $(MAKE) -s $(B)/bench && $(B)/bench; fi

check: loop faults curl-secrets rules tools-tests manual symbols matrix long test32 asan single ubsan msan pitfalls growth ## everything but test that holds the header to its promises

rules: $(B)/rooms ## the rules of the architecture (tools/rooms.c)
	$(B)/rooms llmprov.h

tools-tests: $(B)/rooms $(B)/manual llmprov.h ## the checks refuse what they must, and so does the harness
	CC="$(CC)" sh tests/tools/rules.sh
	CC="$(CC)" sh tests/tools/harness.sh

manual: $(B)/manual llmprov.h ## every code block of the manual and of README.md compiles
	@mkdir -p $(B)/blocks
	$(B)/manual -c "$(CC) $(STD) $(WARN) -Werror -Wno-unused -I." -d $(B)/blocks -p tests/compile/preamble.h -m Makefile \
	    $(if $(CXX20),-x "$(CXX20) -I.") $(if $(CURL),,-k LLMPROV_CURL) -k LLMPROV_WINHTTP llmprov.h README.md

symbols: $(B)/rooms $(B)/symbols.o ## what the object exports, and that nothing in it can change
	$(B)/rooms --symbols $(B)/symbols.o llmprov.h

matrix: $(B)/rooms ## every option off, C99 to C17, C++, static, two units, other compilers
	@CC="$(CC)" CXX="$(CXX)" CLANG="$(CLANG)" CC32="$(CC32)" CURL="$(CURL)" sh tests/compile/run.sh

long: $(B)/test ## the tests once more, their random parts twenty times as long
	TEST_LONG=1 $(B)/test

test32: $(TEST_FILES) ## the tests with 32-bit pointers
	@if [ -z "$(CC32)" ]; then $(call skip,test32: there is no i686-linux-gnu-gcc); \
	else $(CC32) $(TEST_FLAGS) -static -o $(B)/test32 tests/test_all.c && $(B)/test32; fi

asan: $(B)/test-asan ## the tests under AddressSanitizer
	$(B)/test-asan

single: $(B)/test-single ## the tests under AddressSanitizer, and each thing that an arena holds an allocation of its own, which can fail
	$(B)/test-single

ubsan: $(B)/test-ubsan ## the tests under UndefinedBehaviorSanitizer, with unsigned char and without SIMD
	$(B)/test-ubsan

msan: $(TEST_FILES) ## the tests under MemorySanitizer
	@if [ -z "$(CLANG)" ]; then $(call skip,msan: there is no clang); \
	else $(CLANG) $(TEST_FLAGS) -g -fsanitize=memory -DTEST_SANITIZER -o $(B)/test-msan tests/test_all.c && $(B)/test-msan; fi

pitfalls: $(B)/tests.inc ## every known pitfall has its test (tests/pitfalls/LIST)
	@SHARED=$(SHARED) sh tests/tools/pitfalls.sh

cover: $(TEST_FILES) ## how much of the header the tests run: each line, and 95 of 100 branches
	@if [ -z "$(COVER)" ]; then $(call skip,cover: there is no clang-19 with llvm-19); \
	else SHARED=$(SHARED) CLANG=$(COVER) sh tests/cover.sh; fi

growth: $(B)/growth.o ## work grows with the input alone: counted, not timed
	@if [ ! -s $(B)/growth.o ]; then $(call skip,growth: $(CC) knows no -fsanitize-coverage=trace-pc); \
	else $(CC) $(STD) -O1 -DGROWTH_COUNTER -c -o $(B)/growth-counter.o tests/growth.c && \
	$(CC) -o $(B)/growth $(B)/growth.o $(B)/growth-counter.o && $(B)/growth; fi

platforms: windows baremetal size foreign wasm compilers tsan ## what the README's table of platforms promises

platforms-long: foreign-long compilers-long ## the same with every failing allocation, and the whole suite with each compiler

foreign: $(B)/test $(B)/emit ## the tests on other processors, in qemu: big endian, 32 bits, unsigned char; and the same bytes written
	@SHARED=$(SHARED) sh tests/platform/foreign.sh

foreign-long: $(B)/test $(B)/emit ## the same with as many failing allocations as here
	@SHARED=$(SHARED) sh tests/platform/foreign.sh long

wasm: $(B)/test $(B)/mock ## the tests as WebAssembly, run by node; a chat over fetch by emscripten
	@SHARED=$(SHARED) sh tests/platform/wasm.sh

compilers: $(B)/test $(B)/rooms $(B)/symbols.o ## gcc, clang 14 and 19, tcc, pcc, musl; C99 to C2x; options, flags, a shared library, a locale
	@SHARED=$(SHARED) sh tests/platform/compilers.sh

compilers-long: $(B)/test $(B)/rooms ## the tests with each compiler and each odd flag
	@SHARED=$(SHARED) sh tests/platform/compilers.sh long

tsan: ## threads over one registry under ThreadSanitizer
	@CC="$(CC)" sh tests/platform/tsan.sh

fuzz: ## libFuzzer over all that reads foreign bytes, SECONDS=20 for each target (tests/fuzz)
	@$(FUZZ) quick $(or $(SECONDS),20)

fuzz-long: ## the same for HOURS=2 in all; what was found goes to tests/fuzz/corpus, what it took to tests/fuzz/LEDGER
	@$(FUZZ) long $(or $(HOURS),2)

fuzz-report: ## what tests/fuzz/LEDGER says: runs, time, coverage, the last new edge
	@sh tests/fuzz/run.sh report

fuzz-seeds: ## the fuzzers' first inputs, out of the tests' own files
	@$(FUZZ) seeds

analysers: ## static analysis: gcc -fanalyzer, clang-tidy, cppcheck, clang's analyser (tests/platform/analysers.sh)
	@CC="$(CC)" CLANG="$(CLANG)" sh tests/platform/analysers.sh

valgrind: $(B)/half1.inc $(B)/half2.inc ## the tests under memcheck, each with one allocation refused
	@if ! command -v valgrind > /dev/null; then $(call skip,valgrind: there is none); else CC="$(CC)" sh tests/platform/valgrind.sh; fi

fix: $(B)/rooms ## rewrites the Calls lines of llmprov.h
	$(B)/rooms --fix llmprov.h

toc: $(B)/rooms ## prints the CONTENTS list that fits the doors
	@$(B)/rooms --toc llmprov.h

sizes: $(B)/rooms ## prints lines and functions of each room
	@$(B)/rooms --sizes llmprov.h

clean: ## removes build/
	rm -rf $(B)

help: ## prints this
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

# -- files ---------------------------------------------------------------------------------

$(B):
	@mkdir -p $(B)

# a list of tests for tests/test_all.c: what to include, and what to run
list = { echo '\#ifndef TEST_TABLE'; for f in $(1); do echo "\#include \"../$$f\""; done; echo '\#else'; \
	sed -n -e 's/^ *TEST(\([A-Za-z0-9_]*\)).*/{ "\1", test_\1, true },/p' \
	       -e 's/^ *TEST_NO_OOM(\([A-Za-z0-9_]*\)).*/{ "\1", test_\1, false },/p' $(1) /dev/null; echo '\#endif'; }

$(B)/tests.inc: $(TESTS) Makefile | $(B)
	@$(call list,$(TESTS)) > $@

$(B)/half1.inc: $(HALF) Makefile | $(B)
	@$(call list,$(HALF)) > $@

$(B)/half2.inc: $(OTHER_HALF) Makefile | $(B)
	@$(call list,$(OTHER_HALF)) > $@

$(B)/test: $(TEST_FILES)
	$(CC) $(TEST_FLAGS) -o $@ tests/test_all.c

$(B)/test-half1 $(B)/test-half2: $(B)/test-%: $(B)/%.inc $(TEST_FILES)
	$(CC) $(TEST_FLAGS) -DTEST_LIST='"../$<"' -o $@ tests/test_all.c

$(B)/test-asan: $(TEST_FILES)
	$(CC) $(TEST_FLAGS) -g -fsanitize=address -fno-omit-frame-pointer -DTEST_SANITIZER -o $@ tests/test_all.c

$(B)/test-single: $(TEST_FILES)
	$(CC) $(TEST_FLAGS) -g -fsanitize=address -fno-omit-frame-pointer -DTEST_SANITIZER -DLLMPROV__MEM_CHUNK=16 -o $@ tests/test_all.c

$(B)/test-ubsan: $(TEST_FILES)
	$(CC) $(TEST_FLAGS) -g -fsanitize=undefined -fno-sanitize-recover=all -funsigned-char -DLLMPROV_NO_SIMD -DTEST_SANITIZER \
	    -o $@ tests/test_all.c

# Empty where the compiler cannot count.
$(B)/growth.o: tests/growth.c llmprov.h | $(B)
	@if printf 'int x;\n' | $(CC) -fsanitize-coverage=trace-pc -x c -c -o $@ - 2>/dev/null; \
	then $(CC) $(STD) -O1 $(WARN) -fsanitize-coverage=trace-pc -c -o $@ tests/growth.c; else : > $@; fi

$(B)/symbols.o: llmprov.h | $(B)
	@printf '#define LLMPROV_IMPLEMENTATION\n#include "../llmprov.h"\n' > $(B)/symbols.c
	$(CC) $(STD) -O1 -fno-pie -c -o $@ $(B)/symbols.c

$(B)/rooms $(B)/manual: $(B)/%: tools/%.c | $(B)
	$(CC) $(STD) -O1 $(WARN) -o $@ $<

$(B)/implementation.o: llmprov.h | $(B)
	printf '#define LLMPROV_IMPLEMENTATION\n#include "llmprov.h"\n' | $(CC) $(STD) $(CFLAGS) $(WARN) $(CURL) -I. -x c -c -o $@ -

$(B)/llmprov: tools/llmprov.c examples/sockets.h llmprov.h $(B)/implementation.o
	$(CC) $(STD) $(CFLAGS) $(WARN) $(CURL) -DLLMPROV_APART -I. -o $@ $< $(B)/implementation.o $(CURL_LIBS)

$(B)/llmprov-plain: tools/llmprov.c examples/sockets.h llmprov.h | $(B)
	$(CC) $(STD) $(CFLAGS) $(WARN) -I. -o $@ $<

$(B)/raw: tests/raw.c | $(B)
	$(CC) $(STD) $(CFLAGS) $(WARN) -o $@ $<

$(B)/mock: tools/mock.c llmprov.h $(B)/implementation.o
	$(CC) $(STD) $(CFLAGS) $(WARN) $(CURL) -DLLMPROV_APART -I. -o $@ $< $(B)/implementation.o $(CURL_LIBS)

$(B)/fixtures: tests/fixtures.c tests/test.h tests/engine.h llmprov.h | $(B)
	$(CC) $(STD) -g -O1 $(WARN) -I. -o $@ $<

$(B)/suites: tests/suites.c tests/events.h tests/engine.h tests/test.h llmprov.h | $(B)
	$(CC) $(STD) -g -O1 $(WARN) -I. -o $@ $<

$(B)/emit: tests/emit.c tests/walk.h tests/fixtures.c tests/test.h tests/engine.h llmprov.h | $(B)
	$(CC) $(STD) -g -O1 $(WARN) -I. -o $@ $<

$(B)/soak: tests/soak.c tests/drive.h examples/sockets.h llmprov.h | $(B)
	$(CC) $(STD) -O2 $(WARN) $(CURL) -I. -o $@ $< $(CURL_LIBS)

$(B)/faults: tests/faults.c tests/drive.h examples/sockets.h llmprov.h $(B)/implementation.o
	$(CC) $(STD) $(CFLAGS) $(WARN) $(CURL) -DLLMPROV_APART -I. -o $@ $< $(B)/implementation.o $(CURL_LIBS)

$(B)/bench: tests/bench/bench.c llmprov.h | $(B)
	$(CC) $(STD) -O2 $(WARN) -I. -o $@ $<

# An example that asks for libcurl is linked with it, or not built.
$(B)/examples/vertex: CURL_LIBS += $(CRYPTO)
$(B)/examples/%: examples/%.c $(wildcard examples/*.h) llmprov.h | $(B)
	@mkdir -p $(B)/examples
	$(CC) $(STD) $(CFLAGS) $(WARN) $(CURL) -I. -o $@ $< $(CURL_LIBS)