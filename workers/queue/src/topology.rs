//! The topology of the broker: every exchange, queue and binding, as code and as a definitions file.
//!
//! ```text
//! jobs ─(lane)─> jobs.interactive, jobs.bulk ──given out too often──> exhausted ──> jobs.exhausted
//!   ^                                                                          (a worker buries it, with its event)
//!   └──TTL── retry.2s, retry.10s, … <── copies with the next attempt number
//! dead                                   dead letters, written by workers
//! events ─(type)─> results               everything but progress, until the HR system takes it
//! ```

use std::time::Duration;

use serde_json::{Value, json};

use crate::url::QueueUrl;
use interview_schemas::event::EventData;
use interview_schemas::wire::Lane;

/// Backstop of the broker: workers bury a job long before ([`crate::MAX_DELIVERIES`]), unless none of them lives
/// long enough to look at it.
const DELIVERY_LIMIT: i64 = 30;
/// Dead letters may be looked at for ever; RabbitMQ 4 would otherwise drop them after 20 looks.
const NO_DELIVERY_LIMIT: i64 = i32::MAX as i64;
/// Jobs of one lane, letters and results that are kept before senders are refused.
const MAX_LENGTH: i64 = 1_000_000;
/// For brokers that know a consumer timeout per queue (not 3.10, which ignores it): an hour.
const CONSUMER_TIMEOUT_MS: i64 = 3_600_000;

/// An exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Name.
    pub name: String,
    /// `direct`, `fanout` or `topic`.
    pub kind: &'static str,
}

/// The value of a queue's argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
}

/// A queue; always durable and replicated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerQueue {
    /// Name.
    pub name: String,
    /// Arguments by name.
    pub arguments: Vec<(&'static str, Argument)>,
}

/// A binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The exchange.
    pub exchange: String,
    /// The queue.
    pub queue: String,
    /// The routing key.
    pub routing_key: String,
}

/// Everything that must be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topology {
    prefix: String,
    tiers: Vec<Duration>,
}

impl Topology {
    /// The topology of an address.
    #[must_use]
    pub fn of(url: &QueueUrl) -> Self {
        Self { prefix: url.prefix.clone(), tiers: url.retry_tiers.clone() }
    }

    fn name(&self, rest: &str) -> String {
        format!("{}.{rest}", self.prefix)
    }

    /// Takes jobs; the routing key is the lane.
    #[must_use]
    pub fn jobs_exchange(&self) -> String {
        self.name("jobs")
    }

    /// Gives events; the routing key is the type.
    #[must_use]
    pub fn events_exchange(&self) -> String {
        self.name("events")
    }

    /// Takes jobs that wait for their next attempt; the routing key is the lane.
    #[must_use]
    pub fn tier_exchange(&self, tier: Duration) -> String {
        let milliseconds = tier.as_millis();
        if milliseconds.is_multiple_of(1000) {
            self.name(&format!("retry.{}s", milliseconds / 1000))
        } else {
            self.name(&format!("retry.{milliseconds}ms"))
        }
    }

    fn exhausted_exchange(&self) -> String {
        self.name("exhausted")
    }

    /// Jobs of a lane.
    #[must_use]
    pub fn lane_queue(&self, lane: Lane) -> String {
        self.name(&format!("jobs.{lane}"))
    }

    /// Jobs that were given out too often.
    #[must_use]
    pub fn exhausted_queue(&self) -> String {
        self.name("jobs.exhausted")
    }

    /// Dead letters.
    #[must_use]
    pub fn dead_queue(&self) -> String {
        self.name("dead")
    }

    /// Events but progress.
    #[must_use]
    pub fn results_queue(&self) -> String {
        self.name("results")
    }

    /// Queues of delayed jobs.
    #[must_use]
    pub fn tier_queues(&self) -> Vec<String> {
        self.tiers.iter().map(|tier| self.tier_exchange(*tier)).collect()
    }

    /// Every exchange.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        let mut exchanges = vec![
            Exchange { name: self.jobs_exchange(), kind: "direct" },
            Exchange { name: self.events_exchange(), kind: "topic" },
            Exchange { name: self.exhausted_exchange(), kind: "fanout" },
        ];
        for tier in &self.tiers {
            exchanges.push(Exchange { name: self.tier_exchange(*tier), kind: "fanout" });
        }
        exchanges
    }

    /// Every queue.
    #[must_use]
    pub fn queues(&self) -> Vec<BrokerQueue> {
        let mut queues = Vec::new();
        for lane in Lane::ALL {
            let mut arguments = full_refuses();
            arguments.extend(handed_on(&self.exhausted_exchange()));
            arguments.push(("x-delivery-limit", Argument::Number(DELIVERY_LIMIT)));
            arguments.push(("x-consumer-timeout", Argument::Number(CONSUMER_TIMEOUT_MS)));
            queues.push(BrokerQueue { name: self.lane_queue(lane), arguments });
        }
        for name in [self.exhausted_queue(), self.dead_queue(), self.results_queue()] {
            let mut arguments = full_refuses();
            arguments.push(("x-delivery-limit", Argument::Number(NO_DELIVERY_LIMIT)));
            queues.push(BrokerQueue { name, arguments });
        }
        for tier in &self.tiers {
            let mut arguments = full_refuses();
            arguments.extend(handed_on(&self.jobs_exchange()));
            let milliseconds = i64::try_from(tier.as_millis()).unwrap_or(i64::MAX);
            arguments.push(("x-message-ttl", Argument::Number(milliseconds)));
            queues.push(BrokerQueue { name: self.tier_exchange(*tier), arguments });
        }
        queues
    }

    /// Every binding.
    #[must_use]
    pub fn bindings(&self) -> Vec<Binding> {
        let bind = |exchange: &str, queue: &str, routing_key: &str| Binding {
            exchange: exchange.to_owned(),
            queue: queue.to_owned(),
            routing_key: routing_key.to_owned(),
        };
        let mut bindings = Vec::new();
        for lane in Lane::ALL {
            bindings.push(bind(&self.jobs_exchange(), &self.lane_queue(lane), lane.as_str()));
        }
        bindings.push(bind(&self.exhausted_exchange(), &self.exhausted_queue(), ""));
        for event_type in EventData::TYPES.into_iter().skip(1) {
            bindings.push(bind(&self.events_exchange(), &self.results_queue(), event_type));
        }
        for name in self.tier_queues() {
            bindings.push(bind(&name, &name, ""));
        }
        bindings
    }

    /// The definitions file that RabbitMQ imports (`rabbitmqctl import_definitions`, `load_definitions`).
    #[must_use]
    pub fn definitions(&self, virtual_host: &str) -> Value {
        let exchanges: Vec<Value> = self
            .exchanges()
            .into_iter()
            .map(|exchange| {
                json!({"name": exchange.name, "vhost": virtual_host, "type": exchange.kind, "durable": true,
                       "auto_delete": false, "internal": false, "arguments": {}})
            })
            .collect();
        let queues: Vec<Value> = self
            .queues()
            .into_iter()
            .map(|queue| {
                let arguments: serde_json::Map<String, Value> = queue
                    .arguments
                    .into_iter()
                    .map(|(name, value)| {
                        let value = match value {
                            Argument::Text(text) => json!(text),
                            Argument::Number(number) => json!(number),
                        };
                        (name.to_owned(), value)
                    })
                    .collect();
                json!({"name": queue.name, "vhost": virtual_host, "durable": true, "auto_delete": false,
                       "arguments": arguments})
            })
            .collect();
        let bindings: Vec<Value> = self
            .bindings()
            .into_iter()
            .map(|binding| {
                json!({"source": binding.exchange, "vhost": virtual_host, "destination": binding.queue,
                       "destination_type": "queue", "routing_key": binding.routing_key, "arguments": {}})
            })
            .collect();
        json!({"exchanges": exchanges, "queues": queues, "bindings": bindings})
    }
}

/// A quorum queue that refuses what it cannot hold, instead of dropping something.
fn full_refuses() -> Vec<(&'static str, Argument)> {
    vec![
        ("x-queue-type", Argument::Text("quorum".to_owned())),
        ("x-max-length", Argument::Number(MAX_LENGTH)),
        ("x-overflow", Argument::Text("reject-publish".to_owned())),
    ]
}

/// What leaves the queue by limit or TTL is handed on at least once: it stays until the next queue has it.
fn handed_on(exchange: &str) -> Vec<(&'static str, Argument)> {
    vec![
        ("x-dead-letter-exchange", Argument::Text(exchange.to_owned())),
        ("x-dead-letter-strategy", Argument::Text("at-least-once".to_owned())),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use interview_schemas::wire;

    use super::*;

    fn topology() -> Topology {
        Topology::of(&"amqp://localhost".parse().unwrap())
    }

    #[test]
    fn names_are_those_that_others_are_told() {
        let topology = topology();
        assert_eq!(topology.jobs_exchange(), wire::JOBS_EXCHANGE);
        assert_eq!(topology.events_exchange(), wire::EVENTS_EXCHANGE);
        assert_eq!(topology.results_queue(), wire::RESULTS_QUEUE);
        assert_eq!(topology.dead_queue(), wire::DEAD_QUEUE);
        assert_eq!(topology.tier_exchange(Duration::from_millis(250)), "interview.retry.250ms");
    }

    #[test]
    fn bindings_and_dead_letter_exchanges_lead_to_what_is_there() {
        let topology = topology();
        let exchanges: BTreeSet<String> =
            topology.exchanges().into_iter().map(|exchange| exchange.name).collect();
        let queues: BTreeSet<String> = topology.queues().into_iter().map(|queue| queue.name).collect();
        for binding in topology.bindings() {
            assert!(exchanges.contains(&binding.exchange), "{binding:?}");
            assert!(queues.contains(&binding.queue), "{binding:?}");
        }
        for queue in topology.queues() {
            let argument = |name: &str| {
                queue.arguments.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
            };
            assert_eq!(argument("x-queue-type"), Some(Argument::Text("quorum".to_owned())));
            if let Some(Argument::Text(exchange)) = argument("x-dead-letter-exchange") {
                assert!(exchanges.contains(&exchange), "{exchange}");
                // Without the pair RabbitMQ falls back to at-most-once.
                assert_eq!(argument("x-overflow"), Some(Argument::Text("reject-publish".to_owned())));
                assert_eq!(
                    argument("x-dead-letter-strategy"),
                    Some(Argument::Text("at-least-once".to_owned()))
                );
            }
        }
    }
}
