//! Cluster mode.
//!
//! *Owns*: the rows of these directives: name, type, default, range, attributes, and whether norn obeys it yet.
//! *Does not own*: the meaning of the columns (`table`), reading and printing (`format`, `list`, `flags`).

/// The rows of this group, in front of those of the groups that follow.
macro_rules! cluster {
    ($($collected:tt)*) => {
        join! { $($collected)*
            /// Run as a node of a cluster.
            cluster_enabled "cluster-enabled": bool = false, Bool, [FIXED], Inert;
            /// File in which the node keeps its view of the cluster.
            cluster_config_file "cluster-config-file": Box<str> = "nodes.conf".into(), Text(checks::any), [FIXED], Inert;
            /// Port of the cluster bus; 0 = port + 10000.
            cluster_port "cluster-port": i64 = 0, Int(0, 65535), [FIXED], Inert;
            /// Milliseconds of silence after which a node is suspected.
            cluster_node_timeout "cluster-node-timeout": i64 = 15000, Int(0, I64_MAX), [], Inert;
            /// Milliseconds between pings, for tests.
            cluster_ping_interval "cluster-ping-interval": i64 = 0, Int(0, I64_MAX), [HIDDEN], Inert;
            /// Address to announce; empty = its own.
            cluster_announce_ip "cluster-announce-ip": Box<str> = "".into(), Unset(Text(checks::any)), [], Inert;
            /// Port to announce; 0 = its own.
            cluster_announce_port "cluster-announce-port": i64 = 0, Int(0, 65535), [], Inert;
            /// TLS port to announce; 0 = its own.
            cluster_announce_tls_port "cluster-announce-tls-port": i64 = 0, Int(0, 65535), [], Inert;
            /// Bus port to announce; 0 = its own.
            cluster_announce_bus_port "cluster-announce-bus-port": i64 = 0, Int(0, 65535), [], Inert;
            /// Host name to announce; empty = none.
            cluster_announce_hostname "cluster-announce-hostname": Box<str> = "".into(), Unset(Text(checks::hostname)), [], Inert;
            /// Name for people, in logs.
            cluster_announce_human_nodename "cluster-announce-human-nodename": Box<str> = "".into(), Unset(Text(checks::nodename)), [], Inert;
            /// What clients are told to connect to.
            cluster_preferred_endpoint_type "cluster-preferred-endpoint-type": EndpointType = EndpointType::Ip, Word, [], Inert;
            /// Serve nothing while a slot has no owner.
            cluster_require_full_coverage "cluster-require-full-coverage": bool = true, Bool, [], Inert;
            /// Serve reads while the cluster is down.
            cluster_allow_reads_when_down "cluster-allow-reads-when-down": bool = false, Bool, [], Inert;
            /// Serve sharded channels while the cluster is down.
            cluster_allow_pubsubshard_when_down "cluster-allow-pubsubshard-when-down": bool = true, Bool, [], Inert;
            /// Let replicas move to masters without one.
            cluster_allow_replica_migration "cluster-allow-replica-migration": bool = true, Bool, [], Inert;
            /// Replicas that a master keeps.
            cluster_migration_barrier "cluster-migration-barrier": i64 = 1, Int(0, I32_MAX), [], Inert;
            /// Never promote this node by itself.
            cluster_replica_no_failover "cluster-replica-no-failover" | "cluster-slave-no-failover": bool = false, Bool, [], Inert;
            /// How stale a replica may be to be promoted; 0 = any.
            cluster_replica_validity_factor "cluster-replica-validity-factor" | "cluster-slave-validity-factor": i64 = 10, Int(0, I32_MAX), [], Inert;
            /// Bytes unsent on a bus link at most; 0 = no limit.
            cluster_link_sendbuf_limit "cluster-link-sendbuf-limit": u64 = 0, Size(0, u64::MAX), [], Inert;
        }
    };
}
pub(super) use cluster;
