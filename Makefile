# One list of commands for a person, a local check and CI. `make help` prints it.
#
# Needs Python 3.11 or newer (with venv), Rust and make; everything else goes into .venv at the
# versions of constraints.txt. Stamp files make a second run quick: remove .venv to start anew.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
# Arguments for the Python tests, e.g. make test PYTEST="-k traps".
PYTEST ?=

# Every pip of a build, ours or a build backend's, takes the pinned versions.
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

RUST := Cargo.toml Cargo.lock $(shell find rust -name target -prune -o \( -name '*.rs' -o -name Cargo.toml \) -print)
# A linker and an emulator for a processor that is not this one; its tests take half as long somewhat optimized.
AARCH64 := CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
	CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER='qemu-aarch64 -L /usr/aarch64-linux-gnu' CARGO_PROFILE_TEST_OPT_LEVEL=1
# The checks of memory. Miri knows AVX2; valgrind knows it too, AVX-512 neither.
NATIVE = $(shell rustc -vV | sed -n 's/^host: //p')
ASAN = LSAN_OPTIONS=suppressions=$(CURDIR)/.ci/leaks.txt RUSTFLAGS=-Zsanitizer=address CARGO_PROFILE_TEST_OPT_LEVEL=1
VALGRIND = PROPTEST_CASES=8 CARGO_TARGET_$(shell echo $(NATIVE) | tr 'a-z-' 'A-Z_')_RUNNER='valgrind -q --error-exitcode=9'
MIRI := PROPTEST_CASES=2 MIRIFLAGS=-Zmiri-disable-isolation RUSTFLAGS='-Ctarget-feature=+avx2,+fma'
KERNELS := -- score::simd score::codes_simd score::codes_group_simd score::quantize score::cosine types:: index::strings
FUZZ_SECONDS ?= 240
FUZZED := -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Ccodegen-units=1 -Zsanitizer=address \
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
	-Cllvm-args=-sanitizer-coverage-trace-compares
LINTED := python tests benches .ci

# Without the extension the stamp of its build says nothing.
$(if $(wildcard python/ragopt/_core*.so),,$(shell rm -f $(STAMPS)/build))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo build install test check lint format rust-test test-baseline test-aarch64 fuzz sanitize miri mutants py-test bench bench-full bench-report wheel constraints clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(STAMPS)/build $(STAMPS)/demo  ## index the AWS API documentation, compare and tune the search on it
	$(BIN)/ragopt demo

test: lint rust-test py-test  ## everything: linters, types, contracts, Rust and Python tests, README, collections, wheel

check: lint rust-test install  ## what needs neither services nor the collections: a quick look before a commit
	$(BIN)/python -m pytest -q -m 'not service and not collections and not slow' $(PYTEST)

lint: install  ## formatting, clippy, ruff, mypy --strict, the layers
	cargo fmt --all --check
	PYO3_PYTHON=$(CURDIR)/$(BIN)/python cargo clippy --quiet --workspace --all-targets --locked -- -D warnings
	$(BIN)/ruff check --quiet $(LINTED)
	$(BIN)/ruff format --quiet --check $(LINTED)
	$(BIN)/mypy --strict
	$(BIN)/lint-imports --no-cache

format: install  ## rewrite Rust and Python in the house's format
	cargo fmt --all
	$(BIN)/ruff check --quiet --fix-only $(LINTED)
	$(BIN)/ruff format --quiet $(LINTED)

rust-test:  ## the tests of the Rust crates, searches on every path of instructions; they need no Python
	cargo test --quiet --workspace --locked
	RAGOPT_CPU=avx2 cargo test --quiet --package ragopt-core --lib --locked search::
	RAGOPT_CPU=scalar cargo test --quiet --package ragopt-core --lib --locked search::

test-baseline:  ## the core's tests on the plainest x86-64, ragopt on the plainest that numpy runs on (qemu-user)
	CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER='qemu-x86_64 -cpu qemu64' CARGO_PROFILE_TEST_OPT_LEVEL=1 \
		cargo test --quiet --package ragopt-core --lib --tests --locked
	OPENBLAS_NUM_THREADS=1 qemu-x86_64 -cpu Nehalem $(BIN)/python -m pytest -q -p no:cacheprovider tests/property/test_index.py

test-aarch64:  ## the tests of the core on aarch64, under qemu (Debian: gcc-aarch64-linux-gnu qemu-user; rustup target add)
	$(AARCH64) cargo test --quiet --package ragopt-core --lib --tests --locked --target aarch64-unknown-linux-gnu
	$(AARCH64) RAGOPT_CPU=scalar cargo test --quiet --package ragopt-core --test bits --locked \
		--target aarch64-unknown-linux-gnu

# Threads of a pool may still be ending when the process does: that is no leak.
fuzz:  ## open mutated indexes for FUZZ_SECONDS (240) under AddressSanitizer; needs the nightly compiler and a C++ one
	cd rust/ragopt-core/fuzz && ASAN_OPTIONS=detect_leaks=0 RUSTFLAGS="$(FUZZED)" cargo +nightly run --quiet --release --locked \
		--target $(NATIVE) --target-dir $(CURDIR)/target/fuzz --bin open -- corpus/open \
		-max_total_time=$(FUZZ_SECONDS) -max_len=65 -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=300 \
		-detect_leaks=0 -artifact_prefix=$(CURDIR)/target/fuzz/

sanitize:  ## the core's tests under AddressSanitizer, its kernels under valgrind (nightly compiler; valgrind)
	$(ASAN) cargo +nightly test --quiet --package ragopt-core --lib --tests --locked --target $(NATIVE) --target-dir target/asan
	$(VALGRIND) RAGOPT_CPU=avx2 cargo test --quiet --package ragopt-core --lib --locked --target $(NATIVE) $(KERNELS)

miri:  ## the core's kernels for AVX2 and its strings in Miri (rustup +nightly component add miri rust-src)
	$(MIRI) cargo +nightly miri test --quiet --package ragopt-core --lib --locked --target-dir target/miri $(KERNELS)

mutants:  ## take each rounding slack of the bounds away and see a test fail
	$(BIN)/python .ci/mutants.py $(MUTANTS)

py-test: install  ## the Python tests, with the README's examples, the collections and the wheel
	$(BIN)/python -m pytest -q $(PYTEST)

bench: install  ## index time, memory and speed beside the peers, on the same data in the same run
	$(BIN)/python -m benches.run --json target/bench.json

bench-full: install  ## a million chunks, in parts of eight minutes; run it again to go on (RAGOPT_BENCH_CACHE: 25 GB)
	$(BIN)/python -m benches.full.run --json target/bench-full.json

bench-report: install  ## docs/cost-model.md and its plots, from what bench-full measured
	$(BIN)/python -m benches.full.cost_report

wheel: $(STAMPS)/python  ## a wheel in dist/
	$(BIN)/maturin build --release --out dist

build: $(STAMPS)/build  ## the extension, in release, and ragopt in .venv

install: $(STAMPS)/build $(STAMPS)/dev  ## ragopt with every extra and what its tests need, in .venv

constraints: install  ## pin what .venv holds now: run it after a change of pyproject.toml, in a fresh .venv
	{ sed -n '/^#/p' constraints.txt; $(BIN)/pip list --format=freeze --exclude-editable \
		| grep -Ev '^(pip|setuptools|wheel|ragopt)==' | LC_ALL=C sort -f; } > constraints.new
	mv constraints.new constraints.txt

clean:  ## remove what was built, .venv too
	rm -rf $(VENV) target dist .ragopt .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -f python/ragopt/_core*.so
	find python tests benches .ci -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMPS)/python: constraints.txt
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer was found: install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@command -v cargo > /dev/null || { echo "No cargo was found: install Rust 1.85 or newer, and have cargo on PATH" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet maturin numpy
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/build: $(STAMPS)/python pyproject.toml $(RUST)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pip install --quiet --no-build-isolation --no-deps --editable .
	@touch $@

$(STAMPS)/demo: $(STAMPS)/python pyproject.toml .ci/requirements.py
	$(BIN)/python -m pip install --quiet $$($(BIN)/python .ci/requirements.py extra:demo)
	@touch $@

$(STAMPS)/dev: $(STAMPS)/python pyproject.toml .ci/requirements.py
	$(BIN)/python -m pip install --quiet $$($(BIN)/python .ci/requirements.py extras group:dev)
	@touch $@ $(STAMPS)/demo
