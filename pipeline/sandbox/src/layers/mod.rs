//! The layers of the sandbox: what they are, which there are on this machine, and how a process enters them.
//!
//! | layer | what it takes away |
//! |---|---|
//! | other user | as root only: becomes `nobody`, without groups |
//! | no capabilities | every privilege of root, for good |
//! | no new privileges | setuid programs give nothing any more |
//! | dies with its parent | a decoder nobody waits for |
//! | limits | memory, processor time, files written, descriptors, processes, core dumps |
//! | Landlock | every path, TCP, signals and sockets to others; where the kernel has it |
//! | system calls | all but a few dozen: no sockets, no exec, no opening, no processes, no executable memory |

#[cfg(target_os = "linux")]
mod landlock;
#[cfg(target_os = "linux")]
mod limits;
#[cfg(target_os = "linux")]
mod privileges;
#[cfg(target_os = "linux")]
mod system_calls;

use std::fmt;

/// One layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Layer {
    /// Runs as `nobody` (only where the parent is root).
    OtherUser = 1,
    /// No capabilities, and none can come back.
    NoCapabilities = 2,
    /// Programs cannot give it privileges.
    NoNewPrivileges = 4,
    /// The kernel kills it when its parent dies.
    DiesWithParent = 8,
    /// Resource limits.
    Limits = 16,
    /// The Landlock rule set without any right.
    Landlock = 32,
    /// The allow-list of system calls.
    SystemCalls = 64,
}

impl Layer {
    /// Every layer, in the order in which they are entered.
    pub const ALL: [Self; 7] = [
        Self::OtherUser,
        Self::NoCapabilities,
        Self::NoNewPrivileges,
        Self::DiesWithParent,
        Self::Limits,
        Self::Landlock,
        Self::SystemCalls,
    ];

    /// Its name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::OtherUser => "other user",
            Self::NoCapabilities => "no capabilities",
            Self::NoNewPrivileges => "no new privileges",
            Self::DiesWithParent => "dies with its parent",
            Self::Limits => "resource limits",
            Self::Landlock => "Landlock",
            Self::SystemCalls => "system call filter",
        }
    }
}

/// A set of layers.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Layers(u32);

impl Layers {
    /// No layer.
    pub const NONE: Self = Self(0);
    /// Every layer.
    pub const ALL: Self = Self(127);
    /// Those without which nothing is decoded. Landlock is younger than some kernels in use, and only root
    /// has another user to become; both are used where they are there.
    pub const REQUIRED: Self = Self(
        Layer::NoCapabilities as u32
            | Layer::NoNewPrivileges as u32
            | Layer::DiesWithParent as u32
            | Layer::Limits as u32
            | Layer::SystemCalls as u32,
    );

    /// A set of one.
    #[must_use]
    pub fn only(layer: Layer) -> Self {
        Self(layer as u32)
    }

    /// The set of these bits; others are ignored.
    #[must_use]
    pub fn from_bits(bits: u32) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// The bits of the set.
    #[must_use]
    pub fn bits(self) -> u32 {
        self.0
    }

    /// Whether the layer is in the set.
    #[must_use]
    pub fn has(self, layer: Layer) -> bool {
        self.0 & layer as u32 != 0
    }

    /// The set with one more layer.
    #[must_use]
    pub fn with(self, layer: Layer) -> Self {
        Self(self.0 | layer as u32)
    }

    /// The layers that `other` has and this set lacks.
    #[must_use]
    pub fn missing_of(self, other: Self) -> Self {
        Self(other.0 & !self.0)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its layers.
    pub fn iter(self) -> impl Iterator<Item = Layer> {
        Layer::ALL.into_iter().filter(move |&layer| self.has(layer))
    }
}

impl fmt::Display for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, layer) in self.iter().enumerate() {
            write!(f, "{}{}", if index == 0 { "" } else { ", " }, layer.title())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

/// What is up in a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Active {
    /// The layers.
    pub layers: Layers,
    /// Version of Landlock's interface in the kernel; 0 where there is none.
    pub landlock_version: u32,
}

/// What a child may use at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Bytes of address space beyond what the program itself takes.
    pub memory_bytes: u64,
    /// Seconds of processor time.
    pub cpu_s: u64,
}

/// Closes every descriptor but standard input, output and error: what a library of the parent may have left
/// open. To be called first, while nothing else is open.
#[cfg(target_os = "linux")]
pub fn close_other_descriptors() {
    privileges::close_other_descriptors();
}

/// Enters the layers of `wanted` that this machine has and says which are up. For a process with one thread.
#[cfg(target_os = "linux")]
#[must_use]
pub fn enter(wanted: Layers, allowance: Allowance) -> Active {
    let mut active = Active::default();
    let mut note = |layer: Layer, done: bool| {
        if done {
            active.layers = active.layers.with(layer);
        }
    };
    let want = |layer: Layer| wanted.has(layer);
    if want(Layer::NoCapabilities) {
        // While there still is the right to do so.
        privileges::shrink_bounding_set();
    }
    if want(Layer::OtherUser) {
        note(Layer::OtherUser, privileges::become_nobody());
    }
    if want(Layer::NoCapabilities) {
        note(Layer::NoCapabilities, privileges::drop_capabilities());
    }
    if want(Layer::NoNewPrivileges) {
        note(Layer::NoNewPrivileges, privileges::forbid_new_privileges());
    }
    if want(Layer::DiesWithParent) {
        // After the change of user, which clears it.
        note(Layer::DiesWithParent, privileges::die_with_parent());
    }
    if want(Layer::Limits) {
        note(Layer::Limits, limits::set(allowance));
    }
    if want(Layer::Landlock) {
        let version = landlock::restrict();
        note(Layer::Landlock, version > 0);
        active.landlock_version = version;
    }
    if want(Layer::SystemCalls) && system_calls::filter() {
        active.layers = active.layers.with(Layer::SystemCalls);
    }
    active
}

/// Gives up what was needed only to receive the request: after it no descriptor can come in, no filter can be
/// added, and without `threads` no thread can start.
///
/// # Errors
/// When the kernel refuses, which it does not once [`enter`] has succeeded.
#[cfg(target_os = "linux")]
pub fn seal(active: Active, threads: bool) -> Result<(), &'static str> {
    if active.layers.has(Layer::Limits) && !threads && !limits::forbid_threads() {
        return Err("the limit on threads was refused");
    }
    if active.layers.has(Layer::SystemCalls) && !system_calls::seal(threads) {
        return Err("the second filter of system calls was refused");
    }
    Ok(())
}
