# Checks of security that take longer than tests may: `docs/security.md` has the figures of the last runs.
#
#   make fuzz-media    20,000 damaged recordings through the decoder's sandbox (MUTANTS=n for more or fewer)
#   make fuzz          coverage-guided fuzzing of our own parsers (FUZZ_S=600 seconds each; needs a nightly Rust)
#   make deny          advisories, licences and sources of the dependencies
#   make sbom          a bill of materials (CycloneDX) of every crate below out/sbom

MUTANTS ?= 20000
FUZZ_S ?= 600
FUZZ_TARGETS ?= pipe job manifest tokenizer webhook profile
# Corpora that grow, and the build, which needs another compiler; what is under version control stays small.
FUZZ_BUILD := $(abspath $(TARGET))/fuzz
CARGO_TOOLS := $(abspath $(TARGET))/tools

.PHONY: fuzz-media fuzz deny sbom

fuzz-media: BUILD := $(EVERYTHING)
fuzz-media: build
	INTERVIEW_BIN=$(abspath $(INTERVIEW)) nice -n 10 $(TARGET)/release/fuzz_media $(MUTANTS)

$(CARGO_TOOLS)/bin/cargo-fuzz:
	$(CARGO) install cargo-fuzz --locked --root $(CARGO_TOOLS)

$(CARGO_TOOLS)/bin/cargo-deny:
	$(CARGO) install cargo-deny --locked --root $(CARGO_TOOLS)

$(CARGO_TOOLS)/bin/cargo-cyclonedx:
	$(CARGO) install cargo-cyclonedx --locked --root $(CARGO_TOOLS)

fuzz: $(CARGO_TOOLS)/bin/cargo-fuzz
	tests/fuzz/seed.sh
	for target in $(FUZZ_TARGETS); do \
	  mkdir -p $(FUZZ_BUILD)/corpus/$$target; \
	  PATH="$(CARGO_TOOLS)/bin:$$PATH" nice -n 10 cargo +nightly fuzz run --fuzz-dir tests/fuzz \
	    --target-dir $(FUZZ_BUILD) --features pipeline $$target \
	    $(FUZZ_BUILD)/corpus/$$target tests/fuzz/corpus/$$target -- \
	    -max_total_time=$(FUZZ_S) -max_len=65536 -rss_limit_mb=1024 -timeout=10 -print_final_stats=1 \
	    2>&1 | tee $(FUZZ_BUILD)/$$target.log; \
	done

deny: $(CARGO_TOOLS)/bin/cargo-deny
	tests/setup/check_dependencies.sh $(CARGO_TOOLS)/bin/cargo-deny

sbom: $(CARGO_TOOLS)/bin/cargo-cyclonedx
	tests/setup/bill_of_materials.sh $(CARGO_TOOLS)/bin/cargo-cyclonedx out/sbom
