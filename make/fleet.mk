# The fleet: long runs under faults, figures of the road beside the analysis.
#
#   make fleet-tests           the reliability checklist with real workers
#   make chaos N=2000          RabbitMQ and S3: 10 % SIGKILL, 10 % SIGTERM, a broker kill every 100 jobs
#   make chaos N=2000 ON=sqlite
#   make fleet-figures         overhead, throughput, scaling, memory

N ?= 2000
ON ?= rabbitmq

.PHONY: chaos fleet-figures fleet-tests fleet-tools

fleet-tools fleet-tests: BUILD := $(EVERYTHING)
fleet-tools: build

fleet-tests: models fleet-tools clients
	$(CARGO) test --release --workspace $(FEATURES) --test fleet

chaos: fleet-tools
	target/release/chaos --jobs $(N) --queue $(ON) $(CHAOS)

fleet-figures: fleet-tools
	target/release/fleet_figures

# The road of a fleet on one machine: queue, worker, store; no server needed.
.PHONY: demo-fleet
demo-fleet: models
	@rm -rf $(DEMO)/fleet && mkdir -p $(DEMO)/fleet
	$(INTERVIEW) enqueue tests/sample/typed_job.json --queue sqlite:$(DEMO)/fleet/queue.db
	INTERVIEW_LOG=warn,ort=error $(INTERVIEW) worker --queue sqlite:$(DEMO)/fleet/queue.db --store dir:$(DEMO)/fleet/store --until-idle-s 1
	@echo "report by way of the queue: $$(ls $(DEMO)/fleet/store/default/candidates/*/jobs/*/*/*/report.html)"
