//! C9: a master believes of no replica that it has applied more than it ever did, and WAIT answers with no more replicas
//! than ever applied what the caller had written, and with fewer than it asked for only when its time is up.

use super::Violation;
use crate::agenda::Time;
use crate::record::Record;
use std::collections::BTreeMap;

/// How far each server ever came in each history.
#[derive(Clone, Debug, Default)]
pub(super) struct Reached {
    /// (number of the history, offset), by server; the history at hand last.
    by: Vec<Vec<(u32, i64)>>,
    /// How many connections of the second server the first one ever had at a time.
    links: BTreeMap<(u8, u8), i64>,
}

impl Reached {
    pub(super) fn new(servers: usize) -> Self {
        Self { by: vec![Vec::new(); servers], links: BTreeMap::new() }
    }

    /// Server `s` stands at an offset of a history.
    pub(super) fn note(&mut self, s: u8, history: u32, offset: i64) {
        let all = &mut self.by[usize::from(s)];
        match all.iter().rposition(|(h, _)| *h == history) {
            Some(at) => {
                all[at].1 = all[at].1.max(offset);
                let last = all.len() - 1;
                all.swap(at, last);
            }
            None => all.push((history, offset)),
        }
    }

    /// Server `s` has so many connections of replica `r`: one that is dead counts until that is noticed, and what it
    /// acknowledged while it lived stays acknowledged.
    pub(super) fn connections(&mut self, s: u8, r: u8, count: i64) {
        let most = self.links.entry((s, r)).or_default();
        *most = (*most).max(count);
    }

    fn at(&self, s: u8, history: u32) -> i64 {
        let all = &self.by[usize::from(s)];
        all.iter().rev().find(|(h, _)| *h == history).map_or(-1, |(_, offset)| *offset)
    }
}

/// Master `s` of history `id` believes that replica `r` has applied everything up to `acked`.
pub(super) fn belief(
    record: &mut Record,
    reached: &Reached,
    s: u8,
    id: &[u8; 40],
    (r, acked): (u8, i64),
) -> Result<(), Violation> {
    let really = reached.at(r, record.number(id));
    if acked > really.max(0) {
        let reason = format!("n{s} believes n{r} to be at {acked}, where it never was; it came to {really}");
        return Err(Violation::new("C9", reason));
    }
    Ok(())
}

/// A client of server `s` that had written up to this place was told that `count` replicas have it.
pub(super) fn promise(
    record: &mut Record,
    reached: &Reached,
    s: u8,
    (id, offset): ([u8; 40], i64),
    count: i64,
) -> Result<(), Violation> {
    if offset <= 0 {
        // Whoever has written nothing is told how many replicas there are, come how far they may.
        return Ok(());
    }
    let history = record.number(&id);
    let servers = (0..reached.by.len() as u8).filter(|r| *r != s);
    let have = servers.filter(|r| reached.at(*r, history) >= offset);
    let have: i64 = have.map(|r| reached.links.get(&(s, r)).copied().unwrap_or(1).max(1)).sum();
    if count > have {
        let reason =
            format!("n{s} told in answer to WAIT that {count} replicas have {offset}; {have} ever had");
        return Err(Violation::new("C9", reason));
    }
    Ok(())
}

/// WAIT was answered with `count` replicas after this time: fewer than it asked for only when its time is up.
pub(super) fn patience(c: u8, text: &str, count: i64, waited: Time) -> Result<(), Violation> {
    let mut words = text.split(' ');
    if words.next() != Some("WAIT") {
        return Ok(());
    }
    let mut number = || words.next().and_then(|w| w.parse::<i64>().ok()).unwrap_or(0);
    let (asked, timeout_ms) = (number(), number());
    // The server's clock may be a little fast.
    let least = timeout_ms.max(0) as Time * 999;
    if count < asked && (waited < least || timeout_ms == 0) {
        let reason = format!("c{c}: `{text}` was answered {count} after {waited} us");
        return Err(Violation::new("C9", reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_half_of_the_rule_can_fail() {
        let (mut record, mut reached) = (Record::default(), Reached::new(3));
        let id = [b'a'; 40];
        let history = record.number(&id);
        reached.note(1, history, 100);
        reached.note(1, history + 1, 5);
        reached.note(1, history, 90);
        assert!(belief(&mut record, &reached, 0, &id, (1, 100)).is_ok(), "it was there once");
        assert!(belief(&mut record, &reached, 0, &id, (1, 101)).is_err());
        assert!(belief(&mut record, &reached, 0, &id, (2, 1)).is_err());
        assert!(promise(&mut record, &reached, 0, (id, 100), 1).is_ok());
        assert!(promise(&mut record, &reached, 0, (id, 100), 2).is_err());
        assert!(promise(&mut record, &reached, 0, (id, 101), 1).is_err());
        assert!(patience(0, "WAIT 2 100", 1, 100_000).is_ok() && patience(0, "WAIT 1 100", 1, 5).is_ok());
        assert!(patience(0, "WAIT 2 100", 1, 90_000).is_err());
    }
}
