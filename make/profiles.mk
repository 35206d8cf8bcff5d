# Tools of the data team. Included by the Makefile.

PROFILE_DEMO ?= out/profiles
FUZZ_SECONDS ?= 600

.PHONY: profiles-demo profiles-figures check-profiles fuzz-profiles bench-replay

# The worked example of docs/profiles.md: simulate, replay, tune, audit, rollout.
profiles-demo: build
	mkdir -p $(PROFILE_DEMO)
	rm -f $(PROFILE_DEMO)/versions.lock $(PROFILE_DEMO)/sales@2.toml
	$(INTERVIEW) profile simulate --interviews 5000 --profile sales --plant communication=20,product-knowledge=20,stress-resistance=60 --effect 0.8 --bias 0.6 --out $(PROFILE_DEMO)
	$(INTERVIEW) profile replay $(PROFILE_DEMO)/features.parquet --profile sales --baseline general
	$(INTERVIEW) profile tune $(PROFILE_DEMO)/features.parquet --profile sales --outcomes $(PROFILE_DEMO)/outcomes.csv --by performance --propose $(PROFILE_DEMO)/sales@2.toml --rollout 10
	$(INTERVIEW) profile diff sales $(PROFILE_DEMO)/sales@2.toml
	$(INTERVIEW) profile replay $(PROFILE_DEMO)/features.parquet --profile $(PROFILE_DEMO)/sales@2.toml --baseline sales --html $(PROFILE_DEMO)/replay.html
	$(INTERVIEW) profile audit $(PROFILE_DEMO)/features.parquet --profile $(PROFILE_DEMO)/sales@2.toml --groups $(PROFILE_DEMO)/groups.csv --selected considered --html $(PROFILE_DEMO)/audit.html
	$(INTERVIEW) profile traits $(PROFILE_DEMO)/features.parquet --outcomes $(PROFILE_DEMO)/outcomes.csv --top 20%
	$(INTERVIEW) profile publish $(PROFILE_DEMO)/sales@2.toml
	$(INTERVIEW) profile which sales --candidate candidate-7 --profiles $(PROFILE_DEMO)

# The arithmetic once more in NumPy, SciPy, scikit-learn and fairlearn.
check-profiles: build
	python3 -m venv out/peers
	out/peers/bin/pip install --quiet numpy scipy scikit-learn pandas pyarrow fairlearn
	out/peers/bin/python tests/peers/check_profiles.py $(INTERVIEW)

# How exactly planted weights are found, and whether anything is found in noise.
profiles-figures: build
	python3 tests/peers/profile_figures.py $(INTERVIEW)

# Random and mutated profiles; nothing may panic.
fuzz-profiles:
	cargo run --release -p interview-tuning --example fuzz_profile -- $(FUZZ_SECONDS)

# 100,000 interviews scored anew; prints time and peak memory.
bench-replay: build
	mkdir -p out/replay
	test -f out/replay/features.parquet || $(INTERVIEW) profile simulate --interviews 100000 --out out/replay
	/usr/bin/time -f '%e s wall, %U s processor, %M kB peak' $(INTERVIEW) profile replay out/replay/features.parquet --profile sales --baseline general > out/replay/result.txt
