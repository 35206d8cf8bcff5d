//! Children on demand, the next one ready before it is needed.
//!
//! The kernel kills a child when the thread that started it ends. So one thread of the pool starts all of them
//! and lives as long as the pool or any of its children.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::buffers::Buffers;
use crate::child::{Decoder, Request};
use crate::layers::Active;
use crate::receiver::Event;
use crate::{SandboxError, Settings};

type Started = Result<Decoder, SandboxError>;
/// Where a started child is to be sent.
type Order = Sender<Started>;

/// Starts children; all clones are one pool.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    settings: Settings,
    /// Where orders for children go; none before the first.
    orders: Mutex<Option<Sender<Order>>>,
    /// The child that was ordered in advance.
    spare: Mutex<Option<Receiver<Started>>>,
    buffers: Buffers,
}

impl Pool {
    /// A pool without children yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self(Arc::new(Shared {
            settings,
            orders: Mutex::default(),
            spare: Mutex::default(),
            buffers: Buffers::default(),
        }))
    }

    /// How its children are started.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Has a child started for the next recording, without waiting for it.
    pub fn prepare(&self) {
        let mut spare = self.0.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.is_none() {
            // What goes wrong here is told when the child is needed.
            *spare = self.order().ok();
        }
    }

    /// What a child of this pool has for a sandbox.
    ///
    /// # Errors
    /// [`SandboxError::Start`], [`SandboxError::Layers`].
    pub fn probe(&self) -> Result<Active, SandboxError> {
        Ok(self.take()?.active())
    }

    /// Has a child decode one recording; see [`Decoder::run`].
    ///
    /// # Errors
    /// [`SandboxError`].
    pub fn run(
        &self,
        request: Request<'_>,
        each: &mut dyn FnMut(Event<'_>) -> bool,
    ) -> Result<(), SandboxError> {
        self.take()?.run(request, each)
    }

    /// Memory for pictures, shared by all decodes of the pool.
    #[must_use]
    pub fn buffers(&self) -> Buffers {
        self.0.buffers.clone()
    }

    /// The child that was ordered in advance, or a new one.
    ///
    /// # Errors
    /// [`SandboxError::Start`], [`SandboxError::Layers`].
    pub fn take(&self) -> Result<Decoder, SandboxError> {
        let spare = self.0.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Ok(mut decoder)) = spare.and_then(|arriving| arriving.recv().ok())
            && decoder.is_waiting()
        {
            return Ok(decoder);
        }
        // None was ordered, or it died while it waited, or could not be started then.
        self.order()?.recv().map_err(|_| SandboxError::Start("its launcher is gone".to_owned()))?
    }

    fn order(&self) -> Result<Receiver<Started>, SandboxError> {
        let mut orders = self.0.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = match orders.take() {
            Some(sender) => sender,
            None => launcher(self.0.settings.clone())?,
        };
        let (reply, arriving) = channel();
        sender.send(reply).map_err(|_| SandboxError::Start("its launcher is gone".to_owned()))?;
        *orders = Some(sender);
        Ok(arriving)
    }
}

/// Starts the thread that starts children; it ends when the pool is dropped.
fn launcher(settings: Settings) -> Result<Sender<Order>, SandboxError> {
    let (orders, incoming) = channel::<Order>();
    thread::Builder::new()
        .name("decoder-launcher".to_owned())
        .spawn(move || {
            for order in incoming {
                // Nobody waits any more: the child is dropped, which ends it.
                let _ = order.send(Decoder::start(&settings));
            }
        })
        .map_err(|error| SandboxError::Start(format!("its launcher: {error}")))?;
    Ok(orders)
}

impl PartialEq for Pool {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
