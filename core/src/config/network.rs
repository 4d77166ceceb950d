//! Listening, connections and their limits.
//!
//! *Owns*: the rows of these directives: name, type, default, range, attributes, and whether norn obeys it yet.
//! *Does not own*: the meaning of the columns (`table`), reading and printing (`format`, `list`, `flags`).

/// The rows of this group, in front of those of the groups that follow.
macro_rules! network {
    ($($collected:tt)*) => {
        join! { $($collected)*
            /// Addresses to listen on; a `-` in front: it is no error if the address is missing.
            bind "bind": Vec<Box<str>> = vec!["*".into(), "-::*".into()], Addresses, [MULTI], Works;
            /// Local address of outgoing connections; empty = any.
            bind_source_addr "bind-source-addr": Box<str> = "".into(), Unset(Text(checks::any)), [], Works;
            /// TCP port; 0 = none.
            port "port": i64 = 6379, Int(0, 65535), [], Works;
            /// Connections that may wait to be accepted.
            tcp_backlog "tcp-backlog": i64 = 511, Int(0, I32_MAX), [FIXED], Works;
            /// Seconds between keep-alive probes; 0 = none.
            tcp_keepalive "tcp-keepalive": i64 = 300, Int(0, I32_MAX), [], Works;
            /// Seconds after which an idle client is closed; 0 = never.
            timeout "timeout": i64 = 0, Int(0, I32_MAX), [], Works;
            /// Path of a Unix socket to listen on; empty = none.
            unixsocket "unixsocket": Box<str> = "".into(), Unset(Text(checks::any)), [FIXED], Works;
            /// Permission bits of that socket; 0 = the umask decides.
            unixsocketperm "unixsocketperm": i64 = 0, Octal(0, 0o777), [FIXED], Works;
            /// Clients connected at most.
            maxclients "maxclients": i64 = 10000, Int(1, U32_MAX), [], Works;
            /// Turn away clients from elsewhere while there is no password.
            protected_mode "protected-mode": bool = true, Bool, [], Works;
            /// Bytes of an argument, and of a string value, at most.
            proto_max_bulk_len "proto-max-bulk-len": i64 = 536_870_912, Size(1048576, I64_MAX_U), [], Works;
            /// Bytes of unexecuted input of a client at most.
            client_query_buffer_limit "client-query-buffer-limit": i64 = 1_073_741_824, Size(1048576, I64_MAX_U), [], Works;
            /// Unread output of a client at most: normal, replica, pubsub.
            client_output_buffer_limit "client-output-buffer-limit": [ObufLimit; 3] = OBUF_DEFAULT, ObufLimits, [MULTI], Works;
            /// Memory of all clients together at most.
            maxmemory_clients "maxmemory-clients": MemoryShare = MemoryShare::Bytes(0), Share, [], Inert;
            /// Mark of listening sockets; 0 = none.
            socket_mark_id "socket-mark-id": i64 = 0, Int(0, U32_MAX), [FIXED], Inert;
            /// Threads for reading and writing.
            io_threads "io-threads": i64 = 1, Int(1, 128), [FIXED], Inert;
            /// Whether those threads also read.
            io_threads_do_reads "io-threads-do-reads": bool = false, Bool, [FIXED], Inert;
            /// Keys remembered for client-side caching; 0 = no limit.
            tracking_table_max_keys "tracking-table-max-keys": i64 = 1_000_000, Int(0, I64_MAX), [], Inert;
        }
    };
}
pub(super) use network;
