//! Finds the shipped `kiln` binary, building it once per test process when nobody names one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::repository;

/// The release binary under test: `$KILN_BIN`, else what cargo builds into the target directory of this very test.
pub fn kiln_binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match std::env::var_os("KILN_BIN") {
        Some(path) => PathBuf::from(path),
        None => build(),
    })
}

fn build() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(repository())
        .args([
            "build",
            "--release",
            "--locked",
            "-p",
            "kiln-cli",
            "--bin",
            "kiln",
        ])
        .arg("--message-format=json-render-diagnostics")
        .arg("--target-dir")
        .arg(target_directory())
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo can be started");
    assert!(
        output.status.success(),
        "cargo could not build the kiln binary"
    );
    executable(&String::from_utf8_lossy(&output.stdout))
        .expect("cargo names the executable that it built")
}

/// The directory cargo built the running test into, so that nothing is compiled a second time.
fn target_directory() -> PathBuf {
    let test = std::env::current_exe().expect("the running test has a path");
    test.ancestors()
        .nth(3)
        .expect("cargo puts tests into <target>/<profile>/deps")
        .to_path_buf()
}

fn executable(messages: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}
