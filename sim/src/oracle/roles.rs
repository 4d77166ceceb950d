//! A5: a node that becomes a master goes on under a new name and remembers the old one, valid exactly up to where it
//! stood; a name changes in no other way but with a full synchronisation.

use super::Violation;
use crate::view::View;

/// A node looked like `last` and now looks like `view`; `loaded` tells whether it took over a data set since.
pub(super) fn check(s: u8, last: &View, view: &View, loaded: bool) -> Result<(), Violation> {
    let became_master = last.is_replica && !view.is_replica;
    let wrong = |reason: &str| Err(Violation::new("A5", format!("n{s} {reason}")));
    if became_master && view.streaming && last.id == view.id {
        return wrong("became a master and goes on under the name of its old one");
    }
    if last.id == view.id || !last.streaming || !view.streaming || loaded {
        return Ok(());
    }
    // A history may be given up for a new one: then it is over and has no past.
    let past = view.second_offset >= 0;
    if became_master && !past {
        return wrong("became a master and forgot the history that it continues");
    }
    if past && view.id2 != last.id {
        return wrong("continues a history that was not its own");
    }
    let switched = view.second_offset - 1;
    if past && !(last.offset..=view.offset).contains(&switched) {
        return wrong(&format!(
            "changed its name between {} and {}, but holds the old one valid up to {switched}",
            last.offset, view.offset
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(is_replica: bool, id: u8, id2: u8, second_offset: i64, offset: i64) -> View {
        View {
            is_replica,
            loading: false,
            streaming: true,
            id: [id; 40],
            id2: [id2; 40],
            second_offset,
            offset,
            digest: 0,
            keys: 0,
            selected: None,
        }
    }

    #[test]
    fn each_part_of_the_rule_can_fail() {
        let before = view(true, b'a', b'0', -1, 100);
        let is = |after: View, loaded| check(0, &before, &after, loaded).is_ok();
        assert!(is(view(false, b'b', b'a', 101, 100), false));
        assert!(is(view(false, b'b', b'a', 111, 120), false), "it applied more before");
        assert!(!is(view(false, b'a', b'0', -1, 100), false), "the old name");
        assert!(!is(view(false, b'b', b'0', -1, 100), false), "no past");
        assert!(!is(view(false, b'b', b'c', 101, 100), false), "another's past");
        assert!(!is(view(false, b'b', b'a', 130, 120), false), "valid for too long");
        assert!(is(view(true, b'b', b'0', -1, 5), true), "a full synchronisation");
    }
}
