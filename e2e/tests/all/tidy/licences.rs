//! Every dependency may be used and shipped under a permissive licence.

use spdx::{Expression, ParseMode};

use super::metadata;

const ALLOWED: [&str; 11] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

#[test]
fn every_dependency_has_an_allowed_licence() {
    let metadata = metadata();
    let packages = metadata["packages"]
        .as_array()
        .expect("cargo lists packages");
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let licence = package["license"]
            .as_str()
            .unwrap_or_else(|| panic!("{name} names no licence"));
        assert!(allowed(licence), "{name} is under {licence}");
    }
}

fn allowed(licence: &str) -> bool {
    let expression = Expression::parse_mode(licence, ParseMode::LAX);
    let expression = expression.unwrap_or_else(|error| panic!("{licence}: {error}"));
    expression.evaluate(|requirement| {
        requirement
            .license
            .id()
            .is_some_and(|id| ALLOWED.contains(&id.name))
    })
}

#[test]
fn a_choice_needs_one_allowed_licence_and_a_conjunction_all() {
    assert!(allowed("GPL-3.0-only OR MIT") && allowed("MIT/Apache-2.0"));
    assert!(!allowed("GPL-3.0-only AND MIT"));
}
