//! Rules about the repository itself that no compiler checks.

mod layers;
mod licences;
mod links;
mod sizes;
mod words;

use std::path::{Path, PathBuf};

use kiln_e2e::{files_below, repository};
use serde_json::Value;

/// The repository's own files with one of these extensions, relative to its root.
fn files(extensions: &[&str]) -> Vec<PathBuf> {
    let foreign = ["target", ".git", ".kiln"];
    let ours = |path: &Path| {
        path.file_name()
            .is_some_and(|name| foreign.iter().all(|foreign| name != *foreign))
    };
    let wanted = |path: &Path| {
        path.extension()
            .is_some_and(|extension| extensions.iter().any(|wanted| extension == *wanted))
    };
    let relative = |path: PathBuf| {
        path.strip_prefix(repository())
            .expect("below the root")
            .to_path_buf()
    };
    files_below(repository(), &ours)
        .into_iter()
        .filter(|path| wanted(path))
        .map(relative)
        .collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(repository().join(path))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What cargo knows of the workspace and of everything it depends on.
fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = std::process::Command::new(cargo)
        .current_dir(repository())
        .args(["metadata", "--format-version=1", "--locked"])
        .output()
        .expect("cargo can be started");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo prints JSON")
}
