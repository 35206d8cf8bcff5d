# Clients that are not ours: what an HR system written in Python needs, in an environment of its own.

CLIENTS := out/clients

.PHONY: clients queue-faults queue-figures

clients: $(CLIENTS)/installed

$(CLIENTS)/installed: tests/clients/requirements.txt
	python3 -m venv $(CLIENTS)/venv
	$(CLIENTS)/venv/bin/pip install --quiet --disable-pip-version-check --requirement tests/clients/requirements.txt
	@touch $@

# Every fault of docs/operate.md, those too that take long: brokers killed again and again, late consumers, TLS.
queue-faults: setup
	$(CARGO) test --release --workspace $(FEATURES) --test contract -- --include-ignored --test-threads 2

# Throughput of the queue alone, over a private RabbitMQ and over SQLite.
queue-figures: setup
	$(CARGO) build --release --workspace $(FEATURES) --example throughput
	$(TARGET)/release/examples/throughput
	@mkdir -p out && rm -f out/throughput.db*
	$(TARGET)/release/examples/throughput sqlite:out/throughput.db

test: clients
