//! The one face of everything the tests talk to.

use std::time::Duration;

/// A server with numbered connections.
pub trait Target {
    /// Opens a connection; connections count from 0.
    fn connect(&mut self) -> usize;
    /// Gives bytes to the server. Bytes for a closed connection are lost.
    fn send(&mut self, conn: usize, bytes: &[u8]);
    /// Returns when the server has answered everything it was sent and will do nothing more by itself.
    fn settle(&mut self);
    /// What arrived on the connection since the last call.
    fn take(&mut self, conn: usize) -> Vec<u8>;
    /// Whether the server closed the connection.
    fn is_closed(&self, conn: usize) -> bool;
    /// Closes the connection from the client's side.
    fn close(&mut self, conn: usize);
    /// Lets time pass.
    fn advance(&mut self, span: Duration);
}

/// Sends a request and returns everything that came back on that connection.
pub fn ask(target: &mut dyn Target, conn: usize, line: &str) -> Vec<u8> {
    target.send(conn, &crate::words::command(line));
    target.settle();
    target.take(conn)
}

/// The same, as printed replies.
///
/// # Panics
/// When the answer is not RESP.
pub fn answer(target: &mut dyn Target, conn: usize, line: &str) -> String {
    let bytes = ask(target, conn, line);
    let (replies, rest) = crate::reply::parse_all(&bytes).expect("well-formed replies");
    assert!(rest.is_empty(), "half a reply: {}", crate::words::escape(&rest));
    replies.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
