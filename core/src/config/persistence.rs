//! Snapshots and the append-only file.
//!
//! *Owns*: the rows of these directives: name, type, default, range, attributes, and whether norn obeys it yet.
//! *Does not own*: the meaning of the columns (`table`), reading and printing (`format`, `list`, `flags`).

/// The rows of this group, in front of those of the groups that follow.
macro_rules! persistence {
    ($($collected:tt)*) => {
        join! { $($collected)*
            /// When to take a snapshot.
            save "save": Vec<SavePoint> = SAVE_DEFAULT.to_vec(), SavePoints, [MULTI], Works;
            /// Name of the snapshot's file.
            dbfilename "dbfilename": Box<str> = "dump.rdb".into(), Text(checks::dbfilename), [PROTECTED], Works;
            /// The data directory; relative paths start here.
            dir "dir": Box<str> = ".".into(), Text(checks::any), [NOT_LOADING PROTECTED], Works;
            /// Compress strings in a snapshot.
            rdbcompression "rdbcompression": bool = true, Bool, [], Works;
            /// Write and verify a snapshot's checksum.
            rdbchecksum "rdbchecksum": bool = true, Bool, [FIXED], Works;
            /// Sync a snapshot while it is written.
            rdb_save_incremental_fsync "rdb-save-incremental-fsync": bool = true, Bool, [], Works;
            /// Remove snapshots made for replication only.
            rdb_del_sync_files "rdb-del-sync-files": bool = false, Bool, [], Works;
            /// Microseconds to wait after each key saved, for tests.
            rdb_key_save_delay "rdb-key-save-delay": i64 = 0, Int(I32_MIN, I32_MAX), [HIDDEN], Works;
            /// Microseconds to wait after each key loaded, for tests.
            key_load_delay "key-load-delay": i64 = 0, Int(I32_MIN, I32_MAX), [HIDDEN], Works;
            /// Bytes loaded between looks at the clients.
            loading_process_events_interval_bytes "loading-process-events-interval-bytes": i64 = 2_097_152, Int(1024, I32_MAX), [HIDDEN], Works;
            /// Refuse writes after a snapshot failed.
            stop_writes_on_bgsave_error "stop-writes-on-bgsave-error": bool = true, Bool, [], Works;
            /// Version of the format of snapshots: in files, to replicas, in DUMP. norn's own.
            rdb_version "rdb-version": i64 = 10, Int(9, 11), [], Works;
            /// Percent of a busy server's time that a snapshot may take at most. norn's own.
            snapshot_time_share "snapshot-time-share": i64 = 25, Int(1, 100), [], Works;
            /// Keep an append-only file.
            appendonly "appendonly": bool = false, Bool, [NOT_LOADING], Inert;
            /// Prefix of the append-only files.
            appendfilename "appendfilename": Box<str> = "appendonly.aof".into(), Text(checks::appendfilename), [FIXED], Inert;
            /// Directory of the append-only files.
            appenddirname "appenddirname": Box<str> = "appendonlydir".into(), Text(checks::appenddirname), [FIXED], Inert;
            /// When the append-only file is synced.
            appendfsync "appendfsync": AppendFsync = AppendFsync::Everysec, Word, [], Inert;
            /// Do not sync it during a rewrite.
            no_appendfsync_on_rewrite "no-appendfsync-on-rewrite": bool = false, Bool, [], Inert;
            /// Growth in percent that leads to a rewrite; 0 = never.
            auto_aof_rewrite_percentage "auto-aof-rewrite-percentage": i64 = 100, Int(0, I32_MAX), [], Inert;
            /// Bytes below which there is no rewrite.
            auto_aof_rewrite_min_size "auto-aof-rewrite-min-size": i64 = 67_108_864, Size(0, I64_MAX_U), [], Inert;
            /// Accept a file whose end is missing.
            aof_load_truncated "aof-load-truncated": bool = true, Bool, [], Inert;
            /// Write the base file as a snapshot.
            aof_use_rdb_preamble "aof-use-rdb-preamble": bool = true, Bool, [], Inert;
            /// Note the time in the file.
            aof_timestamp_enabled "aof-timestamp-enabled": bool = false, Bool, [], Inert;
            /// Sync a rewritten file while it is written.
            aof_rewrite_incremental_fsync "aof-rewrite-incremental-fsync": bool = true, Bool, [], Inert;
            /// Keep files that are no longer needed, for tests.
            aof_disable_auto_gc "aof-disable-auto-gc": bool = false, Bool, [HIDDEN], Inert;
        }
    };
}
pub(super) use persistence;
