# SPDX-License-Identifier: MPL-2.0
# `make` lists the targets. CARGO_TARGET_DIR, ORT_DYLIB_PATH, XDG_CACHE_HOME and XDG_DATA_HOME are honoured.

CARGO ?= cargo
# A warning of GLib or GStreamer in a test is a failure.
G_DEBUG ?= fatal_warnings

TARGET_DIR := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)

SOAK := $(CARGO) test --release --package gst-plugin-steerlens --locked --test soak -- --nocapture --test-threads 1

COUNT ?= 1000
SEED ?= 1000000

.DEFAULT_GOAL := help
.PHONY: help setup photos demo book wheel dist test test-python test-quick bless fuzz-graphs soak check bench bench-store bench-compare install clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## Install and fetch what is missing: system packages, ONNX Runtime, EfficientNet-Lite0
	@tools/setup

photos: ## As setup, and EfficientNet-Lite1 and -Lite2: other drivers and judges of photographs
	@tools/setup --photos

demo: setup ## Build, run real pipelines on drawn faces, photos and clips; pictures and videos land in out/
	@tools/demo

book: ## Make the pages of docs/ one site, with mdBook (cargo install mdbook; apt install mdbook on Debian 13), in target/book/html
	rm -rf target/book && mkdir -p target/book && cp -r docs target/book/src
	@# What lies outside of the book is named there, and not linked.
	sed -E -i 's/\[([^]]*)\]\(\.\.\/[^)]*\)/\1/g' target/book/src/*.md
	mdbook build

wheel: setup ## Build the Python package; the wheel lands in target/wheels
	tools/python wheel

dist: setup ## Build tarball and Debian package of program, plugin and models into target/dist
	tools/dist

test: setup ## Run every test (sets up first)
	G_DEBUG=$(G_DEBUG) $(CARGO) test --workspace --locked
	tools/python test

test-python: setup ## Run the tests of the Python package
	tools/python test

test-quick: ## Run the tests that need no model, no ONNX Runtime and no GStreamer
	$(CARGO) test --locked --package steerlens --lib --package steerlens-convert

bless: setup ## Write the frozen pages and golden files anew; git diff then shows what changed
	STEERLENS_BLESS=1 $(CARGO) test --workspace --locked --lib --bins --test pages --test cli -- page reports
	STEERLENS_BLESS=1 tools/python test -k types

fuzz-graphs: setup ## Check the gradients of COUNT random graphs, from seed SEED on; prints what fails, shrunk
	COUNT=$(COUNT) SEED=$(SEED) $(CARGO) test --release --package steerlens --locked --test gradient_graphs -- \
	  --ignored --nocapture any_number_of_graphs

soak: setup ## Run the element for minutes: memory, starts and stops, leaks
	G_DEBUG=$(G_DEBUG) $(SOAK) --include-ignored --skip nothing_is_left_alive
	GST_TRACERS=leaks G_DEBUG=$(G_DEBUG) $(SOAK) --ignored nothing_is_left_alive

check: ## Formatting, lints, documentation and dependencies, warnings denied
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) clippy --package steerlens-audit --package steerlens-cli --no-default-features --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked
	@if command -v cargo-deny >/dev/null; then $(CARGO) deny --locked check; \
	  else echo "cargo-deny is not installed: licences and advisories of dependencies were not checked"; fi

bench: setup ## Measure the figures that are quoted in the documentation
	$(CARGO) bench --package steerlens --locked
	$(CARGO) bench --package gst-plugin-steerlens --locked --bench stream

bench-store: setup ## Measure the benches' ratios several times and keep them in benches/ratios.json
	@tools/bench_ratios store

bench-compare: setup ## Measure them again; say which ratios moved by more than their own noise
	@tools/bench_ratios compare

install: ## Build in release and say where plugin and command line go
	$(CARGO) build --release --locked --package gst-plugin-steerlens --package steerlens-cli
	@echo
	@echo "The plugin, for you alone:"
	@echo "  install -D -t ~/.local/share/gstreamer-1.0/plugins $(TARGET_DIR)/release/libgststeerlens.so"
	@echo "The command line:"
	@echo "  install -D -t ~/.local/bin $(TARGET_DIR)/release/steerlens"
	@echo "For a distribution, meson.build installs both."

clean: ## Remove what was built and the demo's results (downloads stay, outside the clone)
	$(CARGO) clean
	rm -rf out
