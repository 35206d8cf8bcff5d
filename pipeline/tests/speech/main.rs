//! Speech perception against recordings whose words are known.

mod reference;
mod support;
