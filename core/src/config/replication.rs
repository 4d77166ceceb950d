//! Masters and replicas.
//!
//! *Owns*: the rows of these directives: name, type, default, range, attributes, and whether norn obeys it yet.
//! *Does not own*: the meaning of the columns (`table`), reading and printing (`format`, `list`, `flags`).

/// The rows of this group, in front of those of the groups that follow.
macro_rules! replication {
    ($($collected:tt)*) => {
        join! { $($collected)*
            /// The master to follow.
            replicaof "replicaof" | "slaveof": Option<MasterAddr> = None, Master, [FIXED MULTI], Works;
            /// Password for the master; empty = none.
            masterauth "masterauth": Blob = Blob::default(), Unset(Bytes), [SENSITIVE], Works;
            /// User for the master; empty = the default user.
            masteruser "masteruser": Blob = Blob::default(), Unset(Bytes), [SENSITIVE], Works;
            /// Bytes of the stream kept for replicas that come back.
            repl_backlog_size "repl-backlog-size": i64 = 1_048_576, Clamped(Size(1, I64_MAX_U), 16_384, i64::MAX), [], Works;
            /// Seconds it is kept without replicas; 0 = for ever.
            repl_backlog_ttl "repl-backlog-ttl": i64 = 3600, Int(0, I64_MAX), [], Works;
            /// Leave small segments to replicas to be gathered by the system.
            repl_disable_tcp_nodelay "repl-disable-tcp-nodelay": bool = false, Bool, [], Works;
            /// How a replica loads what its master sends.
            repl_diskless_load "repl-diskless-load": DisklessLoad = DisklessLoad::Disabled, Word, [NOT_LOADING], Works;
            /// Send snapshots to replicas without a file.
            repl_diskless_sync "repl-diskless-sync": bool = true, Bool, [], Works;
            /// Seconds to wait for more replicas before such a snapshot.
            repl_diskless_sync_delay "repl-diskless-sync-delay": i64 = 5, Int(0, I32_MAX), [], Works;
            /// Replicas for which the waiting ends; 0 = the time alone.
            repl_diskless_sync_max_replicas "repl-diskless-sync-max-replicas": i64 = 0, Int(0, I32_MAX), [], Works;
            /// Seconds between pings to replicas.
            repl_ping_replica_period "repl-ping-replica-period" | "repl-ping-slave-period": i64 = 10, Int(1, I32_MAX), [], Works;
            /// Seconds of silence after which a link is given up.
            repl_timeout "repl-timeout": i64 = 60, Int(1, I32_MAX), [], Works;
            /// Address that a replica reports; empty = its own.
            replica_announce_ip "replica-announce-ip" | "slave-announce-ip": Box<str> = "".into(), Unset(Text(checks::any)), [], Works;
            /// Port that a replica reports; 0 = its own.
            replica_announce_port "replica-announce-port" | "slave-announce-port": i64 = 0, Int(0, 65535), [], Works;
            /// Whether sentinels list this replica.
            replica_announced "replica-announced": bool = true, Bool, [], Inert;
            /// A replica goes on when it cannot persist.
            replica_ignore_disk_write_errors "replica-ignore-disk-write-errors": bool = false, Bool, [], Inert;
            /// A replica leaves eviction to its master.
            replica_ignore_maxmemory "replica-ignore-maxmemory" | "slave-ignore-maxmemory": bool = true, Bool, [], Works;
            /// Free the old data set in the background before a full synchronisation.
            replica_lazy_flush "replica-lazy-flush" | "slave-lazy-flush": bool = false, Bool, [], Works;
            /// Rank for promotion, lower first; 0 = never.
            replica_priority "replica-priority" | "slave-priority": i64 = 100, Int(0, I32_MAX), [], Works;
            /// A replica refuses writes.
            replica_read_only "replica-read-only" | "slave-read-only": bool = true, Bool, [], Works;
            /// A replica answers while its link is down.
            replica_serve_stale_data "replica-serve-stale-data" | "slave-serve-stale-data": bool = true, Bool, [], Works;
            /// Replicas that must be good for a write; 0 = off.
            min_replicas_to_write "min-replicas-to-write" | "min-slaves-to-write": i64 = 0, Int(0, I32_MAX), [], Works;
            /// Seconds of silence at which a replica is no longer good.
            min_replicas_max_lag "min-replicas-max-lag" | "min-slaves-max-lag": i64 = 10, Int(0, I32_MAX), [], Works;
            /// What a replicated command that fails leads to.
            propagation_error_behavior "propagation-error-behavior": PropagationError = PropagationError::Ignore, Word, [], Inert;
        }
    };
}
pub(super) use replication;
