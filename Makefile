# What to do with this project. Every target is safe to repeat and quick the second time.
#
#   make demo      set up, fetch models, build, analyse a sample interview, say where the report is
#   make test      the same set-up, then formatting, lints and every test
#   make bench     speed and memory
#   make lint      formatting and lints only
#   make setup     system packages only
#
# VIDEO=path make demo   analyses a recording of your own instead.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
INTERVIEW := target/release/interview
DEMO := out/demo

.PHONY: help setup build models sample demo test bench lint

help:
	@sed -n 's/^#   //p' Makefile

setup:
	@tests/setup/install_packages.sh

build: setup
	$(CARGO) build --release --package interview-workers

models: build
	@$(INTERVIEW) models pull

# The sample interview: synthetic voice over a public-domain portrait.
sample: models
	@tests/sample/make_sample.py --interview $(INTERVIEW) --out $(DEMO)/input

ifdef VIDEO
demo: models
	$(INTERVIEW) analyze "$(VIDEO)" --policy cn --consent facial-expression --out $(DEMO)/report
	@echo "report: $(DEMO)/report/report.html"
else
demo: sample
	$(INTERVIEW) analyze --job $(DEMO)/input/job.json --out $(DEMO)/report
	@echo "report: $(DEMO)/report/report.html"
endif

lint: setup
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --workspace --all-targets -- -D warnings

test: models lint
	$(CARGO) test --release --workspace

bench: sample
	$(CARGO) bench --package interview-benches --benches
	$(CARGO) build --release --package interview-benches --bin end_to_end
	target/release/end_to_end --picture $(DEMO)/input/1-experience.mp4 --sound $(DEMO)/input/1-experience.mp4
	target/release/end_to_end --policy audio-text --picture $(DEMO)/input/1-experience.mp4 --sound $(DEMO)/input/1-experience.mp4

-include $(wildcard make/*.mk)
