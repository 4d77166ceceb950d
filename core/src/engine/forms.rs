//! When values change their encodings: the directives, as the values take them.
//!
//! *Owns*: the way from directives to limits. *Does not own*: either.

use super::server::Server;
use crate::rdb::Forms;
use crate::value::{HashLimits, SetLimits};

impl Server {
    /// The limits of the small encodings.
    #[must_use]
    pub fn forms(&self) -> Forms {
        Forms { hash: self.hash_limits(), set: self.set_limits() }
    }

    /// Those of hashes.
    #[must_use]
    #[inline]
    pub fn hash_limits(&self) -> HashLimits {
        let config = &self.config;
        HashLimits {
            pairs: config.hash_max_listpack_entries as usize,
            bytes: config.hash_max_listpack_value as usize,
        }
    }

    /// Those of sets.
    #[must_use]
    #[inline]
    pub fn set_limits(&self) -> SetLimits {
        let config = &self.config;
        SetLimits {
            ints: config.set_max_intset_entries as usize,
            members: config.set_max_listpack_entries as usize,
            bytes: config.set_max_listpack_value as usize,
        }
    }
}
