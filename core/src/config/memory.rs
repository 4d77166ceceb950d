//! Memory: its limit, eviction, expiry, freeing.
//!
//! *Owns*: the rows of these directives: name, type, default, range, attributes, and whether norn obeys it yet.
//! *Does not own*: the meaning of the columns (`table`), reading and printing (`format`, `list`, `flags`).

/// The rows of this group, in front of those of the groups that follow.
macro_rules! memory {
    ($($collected:tt)*) => {
        join! { $($collected)*
            /// Bytes of memory above which writes are refused or keys evicted; 0 = no limit.
            maxmemory "maxmemory": u64 = 0, Size(0, u64::MAX), [], Works;
            /// What goes when memory is full.
            maxmemory_policy "maxmemory-policy": MaxmemoryPolicy = MaxmemoryPolicy::Noeviction, Word, [], Inert;
            /// Keys looked at for each eviction.
            maxmemory_samples "maxmemory-samples": i64 = 5, Int(1, I32_MAX), [], Inert;
            /// How hard eviction tries within one turn; 100 = without a limit of time.
            maxmemory_eviction_tenacity "maxmemory-eviction-tenacity": i64 = 10, Int(0, 100), [], Inert;
            /// Minutes after which an access counter is halved.
            lfu_decay_time "lfu-decay-time": i64 = 1, Int(0, I32_MAX), [], Works;
            /// How slowly access counters grow.
            lfu_log_factor "lfu-log-factor": i64 = 10, Int(0, I32_MAX), [], Works;
            /// How much work goes into finding expired keys.
            active_expire_effort "active-expire-effort": i64 = 1, Int(1, 10), [], Works;
            /// Free evicted values in the background.
            lazyfree_lazy_eviction "lazyfree-lazy-eviction": bool = false, Bool, [], Works;
            /// Free expired values in the background.
            lazyfree_lazy_expire "lazyfree-lazy-expire": bool = false, Bool, [], Works;
            /// Free overwritten values in the background.
            lazyfree_lazy_server_del "lazyfree-lazy-server-del": bool = false, Bool, [], Works;
            /// DEL frees in the background.
            lazyfree_lazy_user_del "lazyfree-lazy-user-del": bool = false, Bool, [], Works;
            /// FLUSHDB and FLUSHALL free in the background.
            lazyfree_lazy_user_flush "lazyfree-lazy-user-flush": bool = false, Bool, [], Works;
            /// Defragment memory.
            activedefrag "activedefrag": bool = false, Bool, [], Inert;
            /// Percent of CPU for it at most.
            active_defrag_cycle_max "active-defrag-cycle-max": i64 = 25, Int(1, 99), [], Inert;
            /// Percent of CPU for it at least.
            active_defrag_cycle_min "active-defrag-cycle-min": i64 = 1, Int(1, 99), [], Inert;
            /// Bytes wasted before it starts.
            active_defrag_ignore_bytes "active-defrag-ignore-bytes": i64 = 104_857_600, Size(1, I64_MAX_U), [], Inert;
            /// Fields of a value handled in one go.
            active_defrag_max_scan_fields "active-defrag-max-scan-fields": i64 = 1000, Int(1, I64_MAX), [], Inert;
            /// Percent of fragmentation before it starts.
            active_defrag_threshold_lower "active-defrag-threshold-lower": i64 = 10, Int(0, 1000), [], Inert;
            /// Percent of fragmentation at which it works hardest.
            active_defrag_threshold_upper "active-defrag-threshold-upper": i64 = 100, Int(0, 1000), [], Inert;
            /// Grow tables in idle time.
            activerehashing "activerehashing": bool = true, Bool, [], Inert;
            /// Let the allocator purge in the background.
            jemalloc_bg_thread "jemalloc-bg-thread": bool = true, Bool, [], Inert;
            /// Switch huge pages off for the process.
            disable_thp "disable-thp": bool = true, Bool, [FIXED], Inert;
        }
    };
}
pub(super) use memory;
