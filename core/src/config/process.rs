//! The process, its log and its statistics.
//!
//! *Owns*: the rows of these directives: name, type, default, range, attributes, and whether norn obeys it yet.
//! *Does not own*: the meaning of the columns (`table`), reading and printing (`format`, `list`, `flags`).

/// The rows of this group, in front of those of the groups that follow.
macro_rules! process {
    ($($collected:tt)*) => {
        join! { $($collected)*
            /// Number of databases.
            databases "databases": i64 = 16, Int(1, I32_MAX), [FIXED], Works;
            /// How many times a second housekeeping runs.
            hz "hz": i64 = 10, Clamped(Int(0, I32_MAX), 1, 500), [], Works;
            /// Run it more often with many clients.
            dynamic_hz "dynamic-hz": bool = true, Bool, [], Inert;
            /// Run in the background.
            daemonize "daemonize": bool = false, Bool, [FIXED], Works;
            /// File for the process id; empty = none.
            pidfile "pidfile": Box<str> = "".into(), Unset(Text(checks::any)), [FIXED], Works;
            /// Who supervises the process.
            supervised "supervised": Supervised = Supervised::No, Word, [FIXED], Inert;
            /// Least severity logged.
            loglevel "loglevel": LogLevel = LogLevel::Notice, Word, [], Works;
            /// File of the log; empty = standard output.
            logfile "logfile": Box<str> = "".into(), Text(checks::any), [FIXED], Works;
            /// Log to the system's log as well.
            syslog_enabled "syslog-enabled": bool = false, Bool, [FIXED], Inert;
            /// Facility there.
            syslog_facility "syslog-facility": SyslogFacility = SyslogFacility::Local0, Word, [FIXED], Inert;
            /// Name there.
            syslog_ident "syslog-ident": Box<str> = "redis".into(), Text(checks::any), [FIXED], Inert;
            /// Show the logo at the start even in a log file.
            always_show_logo "always-show-logo": bool = false, Bool, [FIXED], Inert;
            /// Show the state in the process list.
            set_proc_title "set-proc-title": bool = true, Bool, [FIXED], Inert;
            /// How it is shown.
            proc_title_template "proc-title-template": Box<str> = "{title} {listen-addr} {server-mode}".into(), Text(checks::proc_title), [], Inert;
            /// Seconds that a shutdown waits for replicas.
            shutdown_timeout "shutdown-timeout": i64 = 10, Int(0, I32_MAX), [], Works;
            /// How SIGINT shuts down.
            shutdown_on_sigint "shutdown-on-sigint": ShutdownFlags = ShutdownFlags::default(), ShutdownWords, [MULTI], Works;
            /// How SIGTERM shuts down.
            shutdown_on_sigterm "shutdown-on-sigterm": ShutdownFlags = ShutdownFlags::default(), ShutdownWords, [MULTI], Works;
            /// Which events of keys are published.
            notify_keyspace_events "notify-keyspace-events": NotifyFlags = NotifyFlags::NONE, Letters, [], Works;
            /// Microseconds from which a command is logged as slow; -1 = never.
            slowlog_log_slower_than "slowlog-log-slower-than": i64 = 10000, Int(-1, I64_MAX), [], Works;
            /// Entries of the slow log at most.
            slowlog_max_len "slowlog-max-len": i64 = 128, Int(0, I64_MAX), [], Works;
            /// Milliseconds from which an event is monitored; 0 = never.
            latency_monitor_threshold "latency-monitor-threshold": i64 = 0, Int(0, I64_MAX), [], Inert;
            /// Count the latencies of every command.
            latency_tracking "latency-tracking": bool = true, Bool, [], Works;
            /// Percentiles that INFO shows.
            latency_tracking_info_percentiles "latency-tracking-info-percentiles": Vec<f64> = vec![50.0, 99.0, 99.9], Percentiles, [MULTI], Works;
            /// Milliseconds after which a script makes others get BUSY.
            busy_reply_threshold "busy-reply-threshold" | "lua-time-limit": i64 = 5000, Int(0, I64_MAX), [], Works;
            /// Locale of sorting by text.
            locale_collate "locale-collate": Box<str> = "".into(), Text(checks::any), [], Inert;
            /// Warnings that do not stop the start.
            ignore_warnings "ignore-warnings": Box<str> = "".into(), Text(checks::any), [], Inert;
            /// Whether the kernel's out-of-memory score is adjusted.
            oom_score_adj "oom-score-adj": OomScoreAdj = OomScoreAdj::No, Word, [], Inert;
            /// The scores of a master, a replica and a background child.
            oom_score_adj_values "oom-score-adj-values": [i64; 3] = [0, 200, 800], OomValues, [MULTI], Inert;
            /// CPUs of the serving thread.
            server_cpulist "server_cpulist": Box<str> = "".into(), Unset(Text(checks::any)), [FIXED], Inert;
            /// CPUs of the background threads.
            bio_cpulist "bio_cpulist": Box<str> = "".into(), Unset(Text(checks::any)), [FIXED], Inert;
            /// CPUs of a saving child.
            bgsave_cpulist "bgsave_cpulist": Box<str> = "".into(), Unset(Text(checks::any)), [FIXED], Inert;
            /// CPUs of a rewriting child.
            aof_rewrite_cpulist "aof_rewrite_cpulist": Box<str> = "".into(), Unset(Text(checks::any)), [FIXED], Inert;
            /// Write a report after a crash.
            crash_log_enabled "crash-log-enabled": bool = true, Bool, [], Inert;
            /// Test the memory after a crash.
            crash_memcheck_enabled "crash-memcheck-enabled": bool = true, Bool, [], Inert;
            /// Exit instead of aborting on a panic, for tests.
            use_exit_on_panic "use-exit-on-panic": bool = false, Bool, [HIDDEN], Inert;
            /// Milliseconds of the watchdog; 0 = off.
            watchdog_period "watchdog-period": i64 = 0, Int(0, I32_MAX), [HIDDEN], Inert;
        }
    };
}
pub(super) use process;
