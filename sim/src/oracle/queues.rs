//! D4: clients that wait for keys are served once, first come, first served for each key, in the order in which keys became
//! ready, and each is told what the model, which serves them so, expects.

/// Whether a command may have waited for keys: a wrong reply to it, or one too early, is this rule's.
pub(super) fn may_wait(text: &str) -> bool {
    let word = text.split(' ').next().unwrap_or("");
    let reads = word.eq_ignore_ascii_case("XREAD") || word.eq_ignore_ascii_case("XREADGROUP");
    match reads {
        true => text.contains(" BLOCK "),
        false => word.starts_with(['b', 'B']),
    }
}

#[cfg(test)]
mod tests {
    use super::may_wait;

    #[test]
    fn commands_that_wait_are_known() {
        assert!(
            may_wait("BLPOP k 0") && may_wait("bzmpop 0 1 k MIN") && may_wait("XREAD BLOCK 0 STREAMS k $")
        );
        assert!(!may_wait("LPOP k") && !may_wait("XREAD STREAMS k $") && !may_wait(""));
    }
}
