//! D3: replies equal the naive model's at the known execution order. Its special cases have names of their own:
//! B1 (a transaction reads one frozen instant), B3 (nothing expired is returned, times left agree), D6 (EXEC is nil exactly
//! when a watched key changed).

use super::Violation;
use crate::client::reply::Reply;
use crate::model::Expect;

/// Compares a reply with what the model expects.
pub(super) fn check(c: u8, text: &str, expect: &Expect, reply: &Reply) -> Result<(), Violation> {
    if expect.fits(reply) {
        return Ok(());
    }
    let oracle = name(text, expect, reply);
    Err(Violation::new(
        oracle,
        format!("c{c}: `{text}` was answered {reply}, the model expects {}", show(expect)),
    ))
}

fn name(text: &str, expect: &Expect, reply: &Reply) -> &'static str {
    let word = text.split(' ').next().unwrap_or("").to_ascii_uppercase();
    let nil = |r: &Reply| matches!(r, Reply::Null | Reply::NullArray);
    let expects_nil = matches!(expect, Expect::Exact(r) if nil(r));
    match word.as_str() {
        "EXEC" if expects_nil != nil(reply) => "D6",
        "EXEC" if only_numbers_differ(expect, reply) => "B1",
        "TTL" | "PTTL" | "EXPIRETIME" | "PEXPIRETIME" => "B3",
        "GET" if expects_nil => "B3",
        "PUBLISH" => "D7",
        _ if super::queues::may_wait(text) => "D4",
        _ => "D3",
    }
}

fn only_numbers_differ(expect: &Expect, reply: &Reply) -> bool {
    let (Expect::Each(all), Reply::Array(got)) = (expect, reply) else { return false };
    all.len() == got.len()
        && all
            .iter()
            .zip(got)
            .all(|(e, r)| e.fits(r) || matches!((e, r), (Expect::Exact(Reply::Int(_)), Reply::Int(_))))
}

fn show(expect: &Expect) -> String {
    match expect {
        Expect::Exact(reply) => reply.to_string(),
        Expect::Each(all) => format!("[{}]", all.iter().map(show).collect::<Vec<_>>().join(", ")),
        Expect::Between(low, high) => format!("{low}..={high}"),
        Expect::Unordered(all) | Expect::OneOf(all) => {
            let names: Vec<String> = all.iter().map(|b| crate::trace::readable(b, 40)).collect();
            format!("among {{{}}}", names.join(", "))
        }
        Expect::Bag(groups) => {
            let groups: Vec<String> = groups.iter().map(|g| Reply::Array(g.clone()).to_string()).collect();
            format!("{{{}}} in any order", groups.join(", "))
        }
        Expect::Sample { from, count, .. } => {
            let groups: Vec<String> = from.iter().map(|g| Reply::Array(g.clone()).to_string()).collect();
            format!("{count} of {{{}}}", groups.join(", "))
        }
        Expect::Shape(bits) => format!("a reply of kinds {bits:#b}"),
        Expect::Confirm(_) => "confirmations".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_reply_is_named_by_its_rule() {
        let nil = Expect::Exact(Reply::NullArray);
        let ran = Reply::Array(vec![Reply::Int(1)]);
        let oracle = |text: &str, e: &Expect, r: &Reply| check(0, text, e, r).expect_err("wrong").oracle;
        assert_eq!(oracle("EXEC", &nil, &ran), "D6");
        assert_eq!(oracle("EXEC", &Expect::Each(vec![Expect::int(2)]), &ran), "B1");
        let old = Reply::Bulk(b"old".to_vec());
        assert_eq!(oracle("GET k", &Expect::Exact(Reply::Null), &old), "B3");
        let one = Reply::Int(1);
        assert_eq!(oracle("INCR k", &Expect::int(2), &one), "D3");
        assert!(check(0, "INCR k", &Expect::int(2), &Reply::Int(2)).is_ok());
    }
}
