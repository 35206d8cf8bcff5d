//! For tests of this and other crates: a private broker that can be killed, and a proxy that cuts, stalls and delays.
//!
//! Nothing else on the machine is touched: folder, ports, node name, port mapper and cookie are the test's own, and
//! everything dies with the test.

mod broker;
mod proxy;

pub use broker::{Broker, BrokerOptions, shared_broker};
pub use proxy::{Fault, Proxy};

use std::net::TcpListener;

/// A port that was free a moment ago.
///
/// # Panics
/// When the machine has none.
#[must_use]
#[allow(clippy::expect_used)] // a helper of tests
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port on the loopback interface");
    listener.local_addr().expect("a bound socket has an address").port()
}
