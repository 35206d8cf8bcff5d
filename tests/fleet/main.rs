//! The fleet under faults: real queues, real stores, real worker processes. The numbers in the names of the
//! modules are those of the checklist of reliability (`docs/operate.md`).

#![allow(clippy::print_stdout)] // a skipped test says so
#![allow(clippy::unwrap_used)] // what fails here is a finding of the test

mod decoders;
mod duplicates;
mod erasure;
mod operation;
mod process_faults;
mod python_client;
mod queue_faults;
mod scene;
mod shared_models;
mod spans;
mod stopping;
mod store_faults;
mod wrong_jobs;

/// Runs the same scenario over both queues, each as a test of its own.
macro_rules! over_both_queues {
    ($($name:ident)*) => {
        $(mod $name {
            #[test]
            fn sqlite() { super::$name(interview_tests::fleet::QueueKind::Sqlite); }
            #[test]
            fn rabbitmq() { super::$name(interview_tests::fleet::QueueKind::RabbitMq); }
        })*
    };
}
pub(crate) use over_both_queues;
