//! Encrypted connections.
//!
//! *Owns*: the rows of these directives: name, type, default, range, attributes, and whether norn obeys it yet.
//! *Does not own*: the meaning of the columns (`table`), reading and printing (`format`, `list`, `flags`).

/// The rows of this group, in front of those of the groups that follow.
macro_rules! tls {
    ($($collected:tt)*) => {
        join! { $($collected)*
            /// TLS port; 0 = none.
            tls_port "tls-port": i64 = 0, Int(0, 65535), [], Inert;
            /// Use TLS on the cluster bus.
            tls_cluster "tls-cluster": bool = false, Bool, [], Inert;
            /// Use TLS to the master.
            tls_replication "tls-replication": bool = false, Bool, [], Inert;
            /// Whether clients must show a certificate.
            tls_auth_clients "tls-auth-clients": TlsAuth = TlsAuth::Yes, Word, [], Inert;
            /// Certificates of authorities.
            tls_ca_cert_file "tls-ca-cert-file": Box<str> = "".into(), Unset(Text(checks::any)), [REAPPLY], Inert;
            /// Directory of certificates of authorities.
            tls_ca_cert_dir "tls-ca-cert-dir": Box<str> = "".into(), Unset(Text(checks::any)), [REAPPLY], Inert;
            /// The server's certificate.
            tls_cert_file "tls-cert-file": Box<str> = "".into(), Unset(Text(checks::any)), [REAPPLY], Inert;
            /// Its key.
            tls_key_file "tls-key-file": Box<str> = "".into(), Unset(Text(checks::any)), [REAPPLY], Inert;
            /// Password of the key.
            tls_key_file_pass "tls-key-file-pass": Blob = Blob::default(), Unset(Bytes), [], Inert;
            /// Certificate for outgoing connections.
            tls_client_cert_file "tls-client-cert-file": Box<str> = "".into(), Unset(Text(checks::any)), [REAPPLY], Inert;
            /// Its key.
            tls_client_key_file "tls-client-key-file": Box<str> = "".into(), Unset(Text(checks::any)), [REAPPLY], Inert;
            /// Password of that key.
            tls_client_key_file_pass "tls-client-key-file-pass": Blob = Blob::default(), Unset(Bytes), [], Inert;
            /// Diffie-Hellman parameters.
            tls_dh_params_file "tls-dh-params-file": Box<str> = "".into(), Unset(Text(checks::any)), [REAPPLY], Inert;
            /// Protocol versions allowed; empty = the default ones.
            tls_protocols "tls-protocols": Box<str> = "".into(), Unset(Text(checks::any)), [], Inert;
            /// Ciphers allowed up to TLS 1.2.
            tls_ciphers "tls-ciphers": Box<str> = "".into(), Unset(Text(checks::any)), [], Inert;
            /// Ciphers allowed for TLS 1.3.
            tls_ciphersuites "tls-ciphersuites": Box<str> = "".into(), Unset(Text(checks::any)), [], Inert;
            /// Prefer the server's order of ciphers.
            tls_prefer_server_ciphers "tls-prefer-server-ciphers": bool = false, Bool, [], Inert;
            /// Let clients resume sessions.
            tls_session_caching "tls-session-caching": bool = true, Bool, [], Inert;
            /// Sessions kept; 0 = no limit.
            tls_session_cache_size "tls-session-cache-size": i64 = 20480, Int(0, I32_MAX), [], Inert;
            /// Seconds a session is kept.
            tls_session_cache_timeout "tls-session-cache-timeout": i64 = 300, Int(0, I32_MAX), [], Inert;
        }
    };
}
pub(super) use tls;
