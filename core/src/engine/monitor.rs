//! MONITOR: every command, shown to those who asked.

use super::server::Server;
use crate::base::quoted::quote_into;
use crate::connection::ConnFlags;
use crate::resp::Args;
use alloc::format;
use bytes::Bytes;

impl Server {
    /// Shows a command to all monitors: `<seconds>.<micros> [<db> <peer>] "arg" ...`.
    #[cold]
    pub fn feed_monitors(&mut self, slot: u32, args: &Args<'_>) {
        let conn = self.conns.get(slot);
        let (secs, micros) = (self.now.unix.0 / 1_000_000, self.now.unix.0 % 1_000_000);
        let peer = match () {
            () if conn.flags.has(ConnFlags::UNIX) => format!("unix:{}", self.config.unixsocket),
            () => conn.details.peer.as_ref().into(),
        };
        let mut line = format!("+{secs}.{micros:06} [{} {peer}]", conn.db.0).into_bytes();
        for arg in args.iter() {
            line.push(b' ');
            quote_into(arg, &mut line);
        }
        line.extend_from_slice(b"\r\n");
        let line = Bytes::from(line);
        for monitor in self.monitors.clone() {
            let line = line.clone();
            self.deliver(monitor, |w| w.raw(&line));
        }
    }
}
