//! JSON Schemas (draft 2020-12) of the wire types, generated from the code; the files stand in `schemas/json/`.

use schemars::Schema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::Value;

use crate::event::{Event, Progress, ReportCompleted, ReportFailed, StatusChanged, TriggerFired};
use crate::features::FeatureSet;
use crate::job::Job;
use crate::perception::Perception;
use crate::policy::Policy;
use crate::profile::{NormTable, ProfileFile};
use crate::report::Report;

/// Who writes a document: decides which fields are required and whether more fields may stand in it.
#[derive(Clone, Copy)]
enum Direction {
    /// Written by others: unknown fields are refused, fields with a default may be left out.
    Incoming,
    /// Written by us: fields that are always there are required; later versions may add fields.
    Outgoing,
}

/// One published schema.
struct Published {
    name: &'static str,
    title: &'static str,
    direction: Direction,
    generate: fn(SchemaGenerator) -> Schema,
}

const PUBLISHED: [Published; 13] = [
    Published {
        name: "job",
        title: "Job: one interview to be analysed",
        direction: Direction::Incoming,
        generate: SchemaGenerator::into_root_schema_for::<Job>,
    },
    Published {
        name: "perception",
        title: "Perception: what was seen and heard",
        direction: Direction::Outgoing,
        generate: SchemaGenerator::into_root_schema_for::<Perception>,
    },
    Published {
        name: "features",
        title: "Features: every measured number with its evidence",
        direction: Direction::Outgoing,
        generate: SchemaGenerator::into_root_schema_for::<FeatureSet>,
    },
    Published {
        name: "report",
        title: "Report: scores with their contributions, evidence and versions",
        direction: Direction::Outgoing,
        generate: SchemaGenerator::into_root_schema_for::<Report>,
    },
    Published {
        name: "norms",
        title: "Norm table: how the values of features are distributed in a population",
        direction: Direction::Incoming,
        generate: SchemaGenerator::into_root_schema_for::<NormTable>,
    },
    Published {
        name: "policy",
        title: "Policy: what law and consent allow to be looked at",
        direction: Direction::Incoming,
        generate: SchemaGenerator::into_root_schema_for::<Policy>,
    },
    Published {
        name: "profile",
        title: "Profile: which features count for a position, how much, and what a good value is",
        direction: Direction::Incoming,
        generate: SchemaGenerator::into_root_schema_for::<ProfileFile>,
    },
    Published {
        name: "event",
        title: "Event: any event in structured mode (CloudEvents 1.0)",
        direction: Direction::Outgoing,
        generate: SchemaGenerator::into_root_schema_for::<Event>,
    },
    Published {
        name: "event-progress",
        title: "interview.progress: a stage of an analysis has begun or come further",
        direction: Direction::Outgoing,
        generate: SchemaGenerator::into_root_schema_for::<Progress>,
    },
    Published {
        name: "event-report-completed",
        title: "interview.report.completed: a report has been written and stored",
        direction: Direction::Outgoing,
        generate: SchemaGenerator::into_root_schema_for::<ReportCompleted>,
    },
    Published {
        name: "event-report-failed",
        title: "interview.report.failed: there will be no report",
        direction: Direction::Outgoing,
        generate: SchemaGenerator::into_root_schema_for::<ReportFailed>,
    },
    Published {
        name: "event-status-changed",
        title: "interview.status.changed: the status in the candidate's record changes",
        direction: Direction::Outgoing,
        generate: SchemaGenerator::into_root_schema_for::<StatusChanged>,
    },
    Published {
        name: "event-trigger-fired",
        title: "interview.trigger.fired: a trigger of the profile applies",
        direction: Direction::Outgoing,
        generate: SchemaGenerator::into_root_schema_for::<TriggerFired>,
    },
];

/// Every published schema with its name, in the order of the flow. The file is `<name>.schema.json`, the `$id`
/// `urn:interview:schema:<name>:<major version>`.
#[must_use]
pub fn json_schemas() -> Vec<(&'static str, Value)> {
    PUBLISHED
        .iter()
        .map(|published| {
            let settings = match published.direction {
                Direction::Incoming => SchemaSettings::draft2020_12().for_deserialize(),
                Direction::Outgoing => SchemaSettings::draft2020_12().for_serialize(),
            };
            let mut schema = (published.generate)(settings.into_generator());
            schema
                .insert("$id".to_owned(), Value::from(format!("urn:interview:schema:{}:1", published.name)));
            schema.insert("title".to_owned(), Value::from(published.title));
            (published.name, schema.to_value())
        })
        .collect()
}
