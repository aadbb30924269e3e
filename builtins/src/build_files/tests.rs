//! Tests of the whole way from a BUILD file's text to targets and messages.

mod declaring;
mod faults;
mod hostile;
mod loading;

use kiln_plugin_abi::{Diagnostic, Focus, LoadError, TargetSpec};

use crate::BuildFileProvider;
use crate::testing::{FakeHost, load};

/// The targets of package `p` with the given BUILD file.
#[track_caller]
fn targets(text: &str) -> Vec<TargetSpec> {
    match load_p(&FakeHost::with([("p/BUILD.kiln", text)])) {
        Ok(targets) => targets,
        Err(error) => panic!("{}", shown(&error)),
    }
}

/// The error of package `p` with the given BUILD file.
#[track_caller]
fn error(text: &str) -> Diagnostic {
    load_p(&FakeHost::with([("p/BUILD.kiln", text)])).unwrap_err()
}

/// Loads package `p`, whose faults come one at a time.
fn load_p(host: &FakeHost) -> Result<Vec<TargetSpec>, Diagnostic> {
    match load(&BuildFileProvider::default(), host, "p") {
        Ok(package) => Ok(package.targets),
        Err(LoadError::Faulty(mut errors)) => {
            assert_eq!(errors.len(), 1, "{errors:?}");
            Err(errors.remove(0))
        }
        Err(LoadError::NoPackage) => panic!("the package is missing"),
    }
}

/// Everything a diagnostic says, one line each.
fn shown(error: &Diagnostic) -> String {
    let mut text = error.to_string();
    match &error.focus {
        None => {}
        Some(Focus::Attribute(name)) => text += &format!("\nfocus: attribute {name}"),
        Some(Focus::Literal(literal)) => text += &format!("\nfocus: literal {literal}"),
    }
    for note in &error.notes {
        text += &format!("\nnote: {note}");
    }
    for hint in &error.hints {
        text += &format!("\nhint: {hint}");
    }
    text
}

#[track_caller]
fn shows(error: &Diagnostic, lines: &[&str]) {
    assert_eq!(shown(error), lines.join("\n"));
}
