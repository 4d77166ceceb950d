//! The two clocks of a node, as types.
//!
//! *Owns*: [`Mono`] (deadlines, durations) and [`Unix`] (what clients see). Both count microseconds.
//! *Invariants*: a `Mono` never goes back during a node's life; a `Unix` may jump either way and everything that
//! stores one must cope.

use core::ops::{Add, Sub};

/// Monotonic time in microseconds since an arbitrary start chosen by the driver. Never goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(pub u64);

/// Wall-clock time in microseconds since 1970-01-01 00:00 UTC. May jump in either direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unix(pub u64);

/// A length of time in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub u64);

/// Both clocks, always read together by the driver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// For deadlines and durations.
    pub mono: Mono,
    /// For everything a client can see.
    pub unix: Unix,
}

impl Span {
    /// `n` microseconds.
    #[must_use]
    pub const fn us(n: u64) -> Self {
        Self(n)
    }
    /// `n` milliseconds, saturating.
    #[must_use]
    pub const fn ms(n: u64) -> Self {
        Self(n.saturating_mul(1_000))
    }
    /// `n` seconds, saturating.
    #[must_use]
    pub const fn secs(n: u64) -> Self {
        Self(n.saturating_mul(1_000_000))
    }
    /// Whole milliseconds in this span, rounded down.
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0 / 1_000
    }
    /// Whole seconds in this span, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / 1_000_000
    }
}

impl Unix {
    /// Milliseconds since the epoch, the unit of every stored expiry.
    #[must_use]
    pub const fn ms(self) -> i64 {
        (self.0 / 1_000) as i64
    }
    /// Seconds since the epoch.
    #[must_use]
    pub const fn secs(self) -> i64 {
        (self.0 / 1_000_000) as i64
    }
}

impl Add<Span> for Mono {
    type Output = Mono;
    fn add(self, span: Span) -> Mono {
        Mono(self.0.saturating_add(span.0))
    }
}

impl Sub for Mono {
    type Output = Span;
    /// The time from `earlier` to `self`; zero when `earlier` is later.
    fn sub(self, earlier: Mono) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}
