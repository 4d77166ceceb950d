//! What a reply must be.
//!
//! *Owns*: [`Expect`] and whether a reply fits it. *Invariants*: an order that Redis leaves open is not compared, everything
//! else is.

use crate::client::reply::Reply;
use std::collections::BTreeSet;

/// What a reply must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Expect {
    /// This.
    Exact(Reply),
    /// Any reply of these kinds, see [`shape`].
    Shape(u16),
    /// A number in this range, both ends included.
    Between(i64, i64),
    /// An array of these in any order.
    Unordered(BTreeSet<Vec<u8>>),
    /// A bulk that is one of these; nil when there are none.
    OneOf(BTreeSet<Vec<u8>>),
    /// An array whose elements are these.
    Each(Vec<Expect>),
    /// An array, set or map of these groups of elements in any order of the groups.
    Bag(Vec<Vec<Reply>>),
    /// A choice from such groups.
    Sample {
        /// What may be chosen.
        from: Vec<Vec<Reply>>,
        /// How many groups.
        count: usize,
        /// None comes twice.
        distinct: bool,
    },
    /// Confirmations of a subscription: (word, channel, count) each.
    Confirm(Vec<(&'static str, Vec<u8>, i64)>),
}

/// Kinds of replies as bits.
pub mod shape {
    /// A status.
    pub const STATUS: u16 = 1;
    /// An error.
    pub const ERROR: u16 = 2;
    /// A number.
    pub const INT: u16 = 4;
    /// A bulk.
    pub const BULK: u16 = 8;
    /// Nil of either kind.
    pub const NIL: u16 = 16;
    /// An array.
    pub const ARRAY: u16 = 32;
    /// A map or a set.
    pub const MAP: u16 = 64;
    /// Anything that is one whole reply and no push.
    pub const ANY: u16 = 127;

    use crate::client::reply::Reply;

    /// The bit of a reply's kind.
    #[must_use]
    pub const fn of(reply: &Reply) -> u16 {
        match reply {
            Reply::Status(_) => STATUS,
            Reply::Error(_) => ERROR,
            Reply::Int(_) | Reply::Double(_) | Reply::BigNumber(_) | Reply::Bool(_) => INT,
            Reply::Bulk(_) => BULK,
            Reply::Null | Reply::NullArray => NIL,
            Reply::Array(_) => ARRAY,
            Reply::Map(_) | Reply::Set(_) => MAP,
            Reply::Push(_) => 0,
        }
    }
}

impl Expect {
    /// `+OK`
    #[must_use]
    pub fn ok() -> Self {
        Self::status("OK")
    }

    /// A status.
    #[must_use]
    pub fn status(text: &str) -> Self {
        Self::Exact(Reply::Status(text.into()))
    }

    /// An error.
    #[must_use]
    pub fn error(text: &str) -> Self {
        Self::Exact(Reply::Error(text.into()))
    }

    /// A number.
    #[must_use]
    pub const fn int(n: i64) -> Self {
        Self::Exact(Reply::Int(n))
    }

    /// A bulk.
    #[must_use]
    pub fn bulk(bytes: &[u8]) -> Self {
        Self::Exact(Reply::Bulk(bytes.to_vec()))
    }

    /// A bulk or nil.
    #[must_use]
    pub fn maybe(bytes: Option<&[u8]>) -> Self {
        Self::Exact(bytes.map_or(Reply::Null, |b| Reply::Bulk(b.to_vec())))
    }

    /// About how many bytes the reply takes, rather too many than too few.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Self::Exact(Reply::Bulk(b) | Reply::Error(b)) => b.len() as u64 + 24,
            Self::Exact(reply) => reply_size(reply),
            Self::Between(..) | Self::OneOf(_) => 64,
            Self::Bag(groups) => groups.iter().flatten().map(reply_size).sum::<u64>() + 16,
            Self::Sample { from, count, .. } => {
                let longest = from.iter().map(|group| group.iter().map(reply_size).sum()).max();
                longest.unwrap_or(0) * *count as u64 + 16
            }
            Self::Shape(_) => 2_500,
            Self::Unordered(all) => all.iter().map(|b| b.len() as u64 + 16).sum::<u64>() + 16,
            Self::Each(all) => all.iter().map(Self::size).sum::<u64>() + 16,
            Self::Confirm(all) => all.len() as u64 * 80,
        }
    }

    /// Whether a reply is as expected.
    #[must_use]
    pub fn fits(&self, reply: &Reply) -> bool {
        match self {
            Self::Exact(expected) => expected == reply,
            Self::Shape(bits) => bits & shape::of(reply) != 0,
            Self::Between(low, high) => matches!(reply, Reply::Int(n) if (low..=high).contains(&n)),
            Self::Unordered(expected) => match reply {
                Reply::Array(all) => {
                    let got: BTreeSet<Vec<u8>> = all
                        .iter()
                        .filter_map(|r| if let Reply::Bulk(b) = r { Some(b.clone()) } else { None })
                        .collect();
                    all.len() == expected.len() && got == *expected
                }
                _ => false,
            },
            Self::OneOf(all) if all.is_empty() => *reply == Reply::Null,
            Self::OneOf(all) => matches!(reply, Reply::Bulk(b) if all.contains(b)),
            Self::Each(all) => match reply {
                Reply::Array(got) => all.len() == got.len() && all.iter().zip(got).all(|(e, r)| e.fits(r)),
                _ => false,
            },
            Self::Bag(groups) => aggregate(reply).is_some_and(|got| same_bag(groups, got)),
            Self::Sample { from, count, distinct } => {
                aggregate(reply).is_some_and(|got| is_sample(from, *count, *distinct, got))
            }
            Self::Confirm(_) => false,
        }
    }

    /// A list of bulks.
    #[must_use]
    pub fn bulks<'b>(all: impl Iterator<Item = &'b [u8]>) -> Self {
        Self::Exact(Reply::Array(all.map(|b| Reply::Bulk(b.to_vec())).collect()))
    }
}

fn reply_size(reply: &Reply) -> u64 {
    match reply {
        Reply::Bulk(b) | Reply::Error(b) | Reply::Status(b) | Reply::Double(b) | Reply::BigNumber(b) => {
            b.len() as u64 + 24
        }
        Reply::Array(all) | Reply::Set(all) | Reply::Map(all) | Reply::Push(all) => {
            all.iter().map(reply_size).sum::<u64>() + 16
        }
        Reply::Int(_) | Reply::Bool(_) | Reply::Null | Reply::NullArray => 24,
    }
}

fn aggregate(reply: &Reply) -> Option<&[Reply]> {
    match reply {
        Reply::Array(all) | Reply::Set(all) | Reply::Map(all) => Some(all),
        _ => None,
    }
}

/// Cuts elements into groups as wide as the first of `groups`, in order of their contents.
fn sorted<'r>(groups: &[Vec<Reply>], got: &'r [Reply]) -> Option<Vec<&'r [Reply]>> {
    let width = groups.first().map_or(1, Vec::len);
    if !got.len().is_multiple_of(width) {
        return None;
    }
    let mut got: Vec<&[Reply]> = got.chunks(width).collect();
    got.sort_unstable();
    Some(got)
}

fn same_bag(groups: &[Vec<Reply>], got: &[Reply]) -> bool {
    let Some(got) = sorted(groups, got) else { return false };
    let mut wanted: Vec<&[Reply]> = groups.iter().map(Vec::as_slice).collect();
    wanted.sort_unstable();
    wanted == got
}

fn is_sample(from: &[Vec<Reply>], count: usize, distinct: bool, got: &[Reply]) -> bool {
    let Some(got) = sorted(from, got) else { return false };
    let repeats = distinct && got.windows(2).any(|pair| pair[0] == pair[1]);
    got.len() == count && !repeats && got.iter().all(|group| from.iter().any(|f| f.as_slice() == *group))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(all: &[(i64, i64)]) -> Vec<Vec<Reply>> {
        all.iter().map(|(a, b)| vec![Reply::Int(*a), Reply::Int(*b)]).collect()
    }

    #[test]
    fn bags_and_samples_ignore_order_and_nothing_else() {
        let flat = |all: &[i64]| Reply::Array(all.iter().map(|n| Reply::Int(*n)).collect());
        let bag = Expect::Bag(groups(&[(1, 2), (3, 4), (1, 2)]));
        assert!(bag.fits(&flat(&[3, 4, 1, 2, 1, 2])));
        assert!(!bag.fits(&flat(&[3, 4, 1, 2])));
        assert!(!bag.fits(&flat(&[4, 3, 1, 2, 1, 2])));
        let sample = |count, distinct| Expect::Sample { from: groups(&[(1, 2), (3, 4)]), count, distinct };
        assert!(sample(1, true).fits(&flat(&[3, 4])));
        assert!(sample(2, false).fits(&flat(&[3, 4, 3, 4])));
        assert!(!sample(2, true).fits(&flat(&[3, 4, 3, 4])));
        assert!(!sample(1, false).fits(&flat(&[5, 6])));
    }
}
