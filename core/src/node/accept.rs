//! A new client at the door.
//!
//! *Owns*: `maxclients`, protected mode, the client's first state. Source: the Redis documentation, "Redis client handling".

use super::Node;
use crate::base::ids::{ClientId, ListenerId};
use crate::connection::{ConnFlags, Connection, Details};
use crate::contract::{Address, ConnId, LogLevel, Peer};
use crate::engine::Gates;
use alloc::boxed::Box;
use alloc::format;

/// What a client from elsewhere is told in protected mode.
const DENIED: &str = "-DENIED Redis is running in protected mode because protected mode is enabled and no password is \
set for the default user. In this mode connections are only accepted from the loopback interface. If you want to connect \
from external computers to Redis you may adopt one of the following solutions: 1) Just disable protected mode sending \
the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from the same host the \
server is running, however MAKE SURE Redis is not publicly accessible from internet if you do so. Use CONFIG REWRITE to \
make this change permanent. 2) Alternatively you can just disable the protected mode by editing the Redis configuration \
file, and setting the protected mode option to 'no', and then restarting the server. 3) If you started the server \
manually just for testing, restart it with the '--protected-mode no' option. 4) Set up an authentication password for \
the default user. NOTE: You only need to do one of the above things in order for the server to start accepting \
connections from the outside.\r\n";

impl Node {
    pub(super) fn accepted(&mut self, conn: ConnId, listener: ListenerId, peer: Peer<'_>) {
        let slot = self.add_connection(conn, peer);
        let srv = &mut self.srv;
        srv.stats.connections += 1;
        srv.conns.get_mut(slot).listener = Some(listener);
        if let Some(text) = refusal(srv, slot) {
            let c = srv.conns.get_mut(slot);
            c.flags.set(ConnFlags::REFUSED);
            c.out.push(text.as_bytes());
            srv.close_after_reply(slot);
            if text != DENIED {
                srv.stats.rejected_connections += 1;
            }
            srv.stats.error_reply(text.trim_start_matches('-').as_bytes());
            return;
        }
        if srv.config.requirepass.is_empty() {
            srv.conns.get_mut(slot).flags.set(ConnFlags::AUTHENTICATED);
        } else {
            srv.conns.get_mut(slot).armed |= Gates::NOAUTH.0;
        }
        let peer = srv.conns.get(slot).details.peer.clone();
        srv.log(LogLevel::Verbose, format_args!("Accepted {peer}"));
    }

    /// Puts a connection into the table; it has no rights yet.
    pub(super) fn add_connection(&mut self, conn: ConnId, peer: Peer<'_>) -> u32 {
        let id = self.srv.conns.take_client_id();
        self.add(conn, peer, id)
    }

    /// The same for a connection that is nobody's client and in no list.
    pub(super) fn add_unlisted(&mut self, conn: ConnId, peer: Peer<'_>) -> u32 {
        self.add(conn, peer, ClientId::NONE)
    }

    fn add(&mut self, conn: ConnId, peer: Peer<'_>, id: ClientId) -> u32 {
        let srv = &mut self.srv;
        let (is_local, is_unix) = match peer.remote {
            Address::Tcp { loopback, .. } => (loopback, false),
            Address::Unix(_) => (true, true),
        };
        let details =
            Details { peer: text(peer.remote), local: text(peer.local), is_local, ..Details::default() };
        let mut connection = Connection::new(conn, id, srv.now.mono, details);
        if is_unix {
            connection.flags.set(ConnFlags::UNIX);
        }
        srv.conns.insert(connection)
    }
}

/// The text that turns a client away, if anything does.
fn refusal(srv: &crate::engine::Server, slot: u32) -> Option<&'static str> {
    // The newcomer is in the table already.
    if srv.conns.len() as u64 > srv.config.maxclients as u64 {
        return Some("-ERR max number of clients reached\r\n");
    }
    let open = !srv.config.protected_mode || !srv.config.requirepass.is_empty();
    (!open && !srv.conns.get(slot).details.is_local).then_some(DENIED)
}

/// An address as CLIENT LIST shows it.
fn text(address: Address<'_>) -> Box<str> {
    match address {
        Address::Tcp { ip, port, .. } if ip.contains(':') => format!("[{ip}]:{port}").into(),
        Address::Tcp { ip, port, .. } => format!("{ip}:{port}").into(),
        Address::Unix(path) => format!("{path}:0").into(),
    }
}
