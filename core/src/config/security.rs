//! Who may do what.
//!
//! *Owns*: the rows of these directives: name, type, default, range, attributes, and whether norn obeys it yet.
//! *Does not own*: the meaning of the columns (`table`), reading and printing (`format`, `list`, `flags`).

/// The rows of this group, in front of those of the groups that follow.
macro_rules! security {
    ($($collected:tt)*) => {
        join! { $($collected)*
            /// Password of the default user; empty = none.
            requirepass "requirepass": Blob = Blob::default(), Unset(Bytes), [SENSITIVE], Works;
            /// Channels of a new ACL user.
            acl_pubsub_default "acl-pubsub-default": AclPubsub = AclPubsub::ResetChannels, Word, [], Inert;
            /// File with the ACL users; empty = they stand in the configuration file.
            aclfile "aclfile": Box<str> = "".into(), Text(checks::any), [FIXED], Inert;
            /// Entries of ACL LOG at most.
            acllog_max_len "acllog-max-len": i64 = 128, Int(0, I64_MAX), [], Inert;
            /// Who may use DEBUG.
            enable_debug_command "enable-debug-command": Access = Access::No, Word, [FIXED], Works;
            /// Who may use MODULE.
            enable_module_command "enable-module-command": Access = Access::No, Word, [FIXED], Inert;
            /// Who may set protected directives.
            enable_protected_configs "enable-protected-configs": Access = Access::No, Word, [FIXED], Works;
            /// Which payloads are checked in depth.
            sanitize_dump_payload "sanitize-dump-payload": Sanitize = Sanitize::No, Word, [], Inert;
        }
    };
}
pub(super) use security;
