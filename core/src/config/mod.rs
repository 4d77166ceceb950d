//! Floor 1: the configuration.

/// The values of every directive.
#[derive(Clone, Debug, Default)]
pub struct Config {}
