# make demo    build mbq, pack the model it carries at 32, 16 and 8 bits, show size, latency, accuracy
#              (CHECKPOINT=folder DATA=csv: your own model instead)
# make test    lint, build and run every test
# make portable the same bits on x86-64, aarch64 (qemu) and wasm32 (Node); part of make test
# make instructions  instruction counts against the committed baseline; part of make test
# make emulated the AVX-512 kernels in an emulator; part of make test where the processor lacks them
# make bench   mbq beside ONNX Runtime and OpenVINO, in one run (CHECKPOINT, CALIBRATION, TEXTS, PEERS: Benchmarks/run.sh)
# make embedded the C library and the wasm module, in .build/portable
# make install build mbq and put it under PREFIX (default /usr/local)

SWIFT ?= swift
PREFIX ?= /usr/local
THREADS ?= 1
BUILD := .build/release

.PHONY: all demo test crossed portable emulated instructions bench embedded lint install clean zlib toolchain

all: toolchain zlib
	$(SWIFT) build -c release --product mbq

demo: all
ifdef CHECKPOINT
	$(BUILD)/mbq demo --checkpoint "$(CHECKPOINT)" --data "$(DATA)" --threads $(THREADS)
else
	$(BUILD)/mbq demo --threads $(THREADS)
endif

# Release first: the numeric suites are meant for optimized code. The debug run has fewer cases and the
# language's own checks on.
test: toolchain zlib lint
	$(SWIFT) test --disable-xctest -c release
	$(SWIFT) test --disable-xctest
	@if [ "$$(uname -sm)" = 'Linux x86_64' ]; then $(MAKE) crossed; \
	else echo "portable, emulated, instructions: skipped, they cross from Linux on x86-64 and this is $$(uname -sm)"; fi

# What is checked beyond this machine.
crossed: portable instructions
	@if grep -q avx512_vnni /proc/cpuinfo; then echo 'emulated: not needed, this processor runs AVX-512 VNNI'; \
	else $(MAKE) emulated; fi

portable: all
	Tests/Portable/run.sh

emulated: toolchain
	Tests/Portable/bochs/run.sh

instructions: all
	$(SWIFT) build -c release --product mbq-bench
	Tests/Baselines/instructions.sh

bench: all
	$(SWIFT) build -c release --product mbq-bench
	$(SWIFT) build -c release --product mbq-classify
	Benchmarks/run.sh

embedded: toolchain
	Tests/Portable/build.sh

lint: toolchain
	$(SWIFT) format lint --strict --recursive Sources Tests Package.swift
	@! grep -rlE '^(public |internal |package )?import Foundation' $(addprefix Sources/,MBQCore \
	  MBQTokenizer MBQModel MBQSchemes MBQFormat MBQKernels MBQRuntime MBQEmbedding) \
	  || { echo 'error: Foundation on the runtime side (files above)'; exit 1; }

install: all
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/share/mbq/tiny-news/model" "$(DESTDIR)$(PREFIX)/share/mbq/recipes"
	install -m 755 $(BUILD)/mbq "$(DESTDIR)$(PREFIX)/bin/mbq"
	install -m 644 Examples/tiny-news/test.csv "$(DESTDIR)$(PREFIX)/share/mbq/tiny-news/"
	install -m 644 Examples/tiny-news/model/* "$(DESTDIR)$(PREFIX)/share/mbq/tiny-news/model/"
	install -m 644 Calibration/recipes/*.yaml "$(DESTDIR)$(PREFIX)/share/mbq/recipes/"

clean:
	rm -rf .build

toolchain:
	@command -v $(SWIFT) >/dev/null \
	  || { echo 'error: no swift on the path; install Swift 6.2 or later from swift.org'; exit 1; }

# zlib's headers: part of macOS, one package elsewhere.
zlib:
	@if [ "$$(uname)" != Linux ] || [ -e /usr/include/zlib.h ]; then exit 0; fi; \
	if command -v apt-get >/dev/null; then \
	  run=; [ "$$(id -u)" = 0 ] || run=sudo; \
	  echo "installing zlib's headers: $$run apt-get install -y zlib1g-dev"; \
	  $$run apt-get update -qq && $$run apt-get install -y -qq zlib1g-dev && exit 0; \
	fi; \
	echo "error: zlib's headers are missing; install the package zlib1g-dev (Debian, Ubuntu), zlib-devel (Fedora) or zlib (Arch)"; \
	exit 1
