//! D9: keyspace notifications are the model's log of changes, in its order; only the expiry of a key may be told at a time of
//! the server's own, once for each key that expired.

use crate::client::reply::Reply;

/// Whether a message is a notification.
pub(super) fn is_one(reply: &Reply) -> bool {
    channel(reply).is_some()
}

/// Channel and message of a notification.
fn channel(reply: &Reply) -> Option<(&[u8], &[u8])> {
    let (Reply::Push(all) | Reply::Array(all)) = reply else { return None };
    match all.as_slice() {
        [_, _, Reply::Bulk(channel), Reply::Bulk(message)] if channel.starts_with(b"__key") => {
            Some((channel, message))
        }
        _ => None,
    }
}

/// An expiry that a notification tells: the database and key it names, or `None` for the second telling of it, to the
/// channel of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired(pub Option<(usize, Vec<u8>)>);

/// Whether a notification tells of an expiry.
#[must_use]
pub fn expired(reply: &Reply) -> Option<Expired> {
    let (channel, message) = channel(reply)?;
    if channel.starts_with(b"__keyspace@") {
        return (message == b"expired").then_some(Expired(None));
    }
    let db = channel.strip_prefix(b"__keyevent@")?.strip_suffix(b"__:expired")?;
    let db = std::str::from_utf8(db).ok()?.parse().ok()?;
    Some(Expired(Some((db, message.to_vec()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(channel: &str, text: &str) -> Reply {
        let bulk = |t: &str| Reply::Bulk(t.as_bytes().to_vec());
        Reply::Array(vec![bulk("pmessage"), bulk("__key*"), bulk(channel), bulk(text)])
    }

    #[test]
    fn expiries_are_told_from_changes() {
        assert_eq!(expired(&message("__keyevent@3__:set", "k")), None);
        assert_eq!(expired(&message("__keyevent@3__:expired", "k")), Some(Expired(Some((3, b"k".to_vec())))));
        assert_eq!(expired(&message("__keyspace@0__:k", "expired")), Some(Expired(None)));
        assert!(!is_one(&message("ch:1", "set")));
    }
}
