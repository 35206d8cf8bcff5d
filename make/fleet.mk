# The fleet: long runs under faults, figures of the road beside the analysis.
#
#   make fleet-tests           the reliability checklist with real workers
#   make chaos N=2000          RabbitMQ and S3: 10 % SIGKILL, 10 % SIGTERM, a broker kill every 100 jobs
#   make chaos N=2000 ON=sqlite
#   make chaos N=60 CHAOS=--video         the real analysis of recordings
#   make fleet-figures         overhead, throughput, scaling, memory

N ?= 2000
ON ?= rabbitmq

.PHONY: chaos fleet-figures fleet-tests fleet-tools

fleet-tools fleet-tests: BUILD := $(EVERYTHING)
fleet-tools: build

fleet-tests: models fleet-tools clients
	$(CARGO) test --release --workspace $(FEATURES) --test fleet

chaos: fleet-tools
	$(TARGET)/release/chaos --jobs $(N) --queue $(ON) $(CHAOS)

fleet-figures: fleet-tools
	$(TARGET)/release/fleet_figures
