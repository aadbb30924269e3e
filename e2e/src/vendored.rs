//! Where cargo keeps the C sources that some crates carry. They are fetched by cargo and never compiled by it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::repository;

/// The source directory of a crate named in `e2e/fixtures/vendored/Cargo.toml`.
///
/// # Panics
/// When cargo cannot fetch it or does not know it.
pub fn vendored_crate(name: &str) -> &'static Path {
    static SOURCES: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    let sources = SOURCES.get_or_init(ask_cargo);
    sources
        .get(name)
        .unwrap_or_else(|| panic!("{name} is not among the vendored crates"))
}

fn ask_cargo() -> BTreeMap<String, PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--format-version=1",
            "--locked",
            "--manifest-path",
        ])
        .arg(repository().join("e2e/fixtures/vendored/Cargo.toml"))
        .output()
        .expect("cargo can be started");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo metadata:\n{complaint}");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages.filter_map(name_and_directory).collect()
}

fn name_and_directory(package: &Value) -> Option<(String, PathBuf)> {
    let manifest = Path::new(package["manifest_path"].as_str()?);
    Some((
        package["name"].as_str()?.to_owned(),
        manifest.parent()?.to_owned(),
    ))
}
