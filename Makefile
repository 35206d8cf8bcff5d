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
# Where cargo puts what it builds.
TARGET := $(or $(CARGO_TARGET_DIR),target)
INTERVIEW := $(TARGET)/release/interview
DEMO := out/demo
# What is built for the demo: the program alone. Tests and tools build everything at once: with other packages the
# same dependencies get other features, and would be compiled a second time.
BUILD := --package interview-workers
FEATURES := --features interview-workers/opentelemetry
EVERYTHING := --workspace --bins --tests $(FEATURES)

.PHONY: help setup build models sample demo test bench lint

help:
	@sed -n 's/^#   //p' Makefile

setup:
	@tests/setup/install_packages.sh

build: setup
	$(CARGO) build --release $(BUILD)

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
# The road of production on one machine: the recordings go into the store, the job into the queue, a worker does the
# rest. No server is needed: queue and store are files.
demo: sample
	@rm -rf $(DEMO)/queue $(DEMO)/store $(DEMO)/report && mkdir -p $(DEMO)/queue $(DEMO)/store/default $(DEMO)/report
	@cp $(DEMO)/input/*.mp4 $(DEMO)/store/default/
	$(INTERVIEW) enqueue $(DEMO)/input/job.json --queue sqlite:$(DEMO)/queue/queue.db
	INTERVIEW_LOG=warn,ort=error $(INTERVIEW) worker --queue sqlite:$(DEMO)/queue/queue.db --store dir:$(DEMO)/store --until-idle-s 1
	@$(INTERVIEW) results --queue sqlite:$(DEMO)/queue/queue.db
	@cp $(DEMO)/store/default/candidates/*/jobs/*/*/features.json $(DEMO)/store/default/candidates/*/jobs/*/*/*/report.* $(DEMO)/report/
	@echo "report: $(DEMO)/report/report.html"
endif

lint: setup
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --workspace --all-targets $(FEATURES) -- -D warnings

test: BUILD := $(EVERYTHING)
test: models lint
	$(CARGO) test --release --workspace $(FEATURES)

bench: BUILD := $(EVERYTHING)
bench: sample
	$(CARGO) bench --workspace --benches $(FEATURES)
	$(TARGET)/release/end_to_end --picture $(DEMO)/input/1-experience.mp4 --sound $(DEMO)/input/1-experience.mp4
	$(TARGET)/release/end_to_end --policy audio-text --picture $(DEMO)/input/1-experience.mp4 --sound $(DEMO)/input/1-experience.mp4

-include $(wildcard make/*.mk)
