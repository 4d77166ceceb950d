//! When a value's encoding changes.
//!
//! *Owns*: the rows of these directives: name, type, default, range, attributes, and whether norn obeys it yet.
//! *Does not own*: the meaning of the columns (`table`), reading and printing (`format`, `list`, `flags`).

/// The rows of this group, in front of those of the groups that follow.
macro_rules! encodings {
    ($($collected:tt)*) => {
        join! { $($collected)*
            /// Fields of a hash in a listpack at most.
            hash_max_listpack_entries "hash-max-listpack-entries" | "hash-max-ziplist-entries": i64 = 512, Int(0, I64_MAX), [], Works;
            /// Bytes of a field or value in a listpack at most.
            hash_max_listpack_value "hash-max-listpack-value" | "hash-max-ziplist-value": i64 = 64, Size(0, I64_MAX_U), [], Works;
            /// Size of a list's node: elements, or -1 to -5 for 4 to 64 KiB.
            list_max_listpack_size "list-max-listpack-size" | "list-max-ziplist-size": i64 = -2, Int(I32_MIN, I32_MAX), [], Inert;
            /// Nodes at either end of a list that stay uncompressed; 0 = all.
            list_compress_depth "list-compress-depth": i64 = 0, Int(0, I32_MAX), [], Inert;
            /// Members of a set of integers in an intset at most.
            set_max_intset_entries "set-max-intset-entries": i64 = 512, Int(0, I64_MAX), [], Works;
            /// Members of a set in a listpack at most.
            set_max_listpack_entries "set-max-listpack-entries": i64 = 128, Int(0, I64_MAX), [], Works;
            /// Bytes of such a member at most.
            set_max_listpack_value "set-max-listpack-value": i64 = 64, Int(0, I64_MAX), [], Works;
            /// Members of a sorted set in a listpack at most.
            zset_max_listpack_entries "zset-max-listpack-entries" | "zset-max-ziplist-entries": i64 = 128, Int(0, I64_MAX), [], Inert;
            /// Bytes of such a member at most.
            zset_max_listpack_value "zset-max-listpack-value" | "zset-max-ziplist-value": i64 = 64, Size(0, I64_MAX_U), [], Inert;
            /// Bytes of a HyperLogLog in the sparse form at most.
            hll_sparse_max_bytes "hll-sparse-max-bytes": i64 = 3000, Size(0, I64_MAX_U), [], Works;
            /// Bytes of a stream's node at most; 0 = no limit.
            stream_node_max_bytes "stream-node-max-bytes": i64 = 4096, Size(0, I64_MAX_U), [], Inert;
            /// Entries of a stream's node at most; 0 = no limit.
            stream_node_max_entries "stream-node-max-entries": i64 = 100, Int(0, I64_MAX), [], Inert;
        }
    };
}
pub(super) use encodings;
