//! The generated `/etc`: the same on every machine.

/// The files of `/etc`, by name.
pub(super) const FILES: &[(&str, &str)] = &[
    (
        "passwd",
        "root:x:0:0:root:/root:/bin/sh\n\
         build:x:1000:1000:build:/kiln/home:/bin/sh\n\
         nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
    ),
    ("group", "root:x:0:\nbuild:x:1000:\nnogroup:x:65534:\n"),
    (
        "hosts",
        "127.0.0.1 localhost kiln\n::1 localhost ip6-localhost ip6-loopback\n",
    ),
    ("hostname", "kiln\n"),
    ("host.conf", "multi on\n"),
    ("resolv.conf", ""),
    (
        "nsswitch.conf",
        "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\n\
         protocols: files\nservices: files\n",
    ),
    ("shells", "/bin/sh\n"),
];

/// What belongs to the host's `/usr`: the targets of its links, and what the
/// dynamic linker and `ld` read.
pub(super) const BASE_PATHS: &[&str] =
    &["alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d"];

/// What an action with the host's network reads of the host's `/etc`, on top of
/// the generated files.
pub(super) const NETWORK_PATHS: &[&str] = &[
    "resolv.conf",
    "hosts",
    "ssl",
    "pki",
    "ca-certificates",
    "crypto-policies",
];
