//! From patterns to the targets that they name.

use std::collections::BTreeSet;

use kiln_plugin_abi::{
    Diagnostic, LoadError, OutputReference, PackagePath, Pattern, SignedPattern,
};

use crate::failure::{Failure, FailureKind, Outcome};
use crate::load::Loader;

/// The targets that `patterns` name, sorted, each once. That single labels
/// exist is found out when the graph is built.
pub fn select(patterns: &[SignedPattern], loader: &Loader) -> Outcome<Vec<OutputReference>> {
    let mut selected: BTreeSet<OutputReference> = BTreeSet::new();
    for pattern in patterns {
        match pattern {
            SignedPattern::Add(Pattern::One(reference)) => {
                selected.insert(reference.clone());
            }
            SignedPattern::Add(pattern) => selected.extend(expand(pattern, loader)?),
            SignedPattern::Subtract(pattern) => {
                selected.retain(|reference| !pattern.matches(&reference.label));
            }
        }
    }
    if selected.is_empty() {
        return Err(nothing("the patterns leave no target".to_owned()));
    }
    Ok(selected.into_iter().collect())
}

/// All targets that a pattern of several matches.
pub fn expand(pattern: &Pattern, loader: &Loader) -> Outcome<Vec<OutputReference>> {
    let packages = match pattern {
        Pattern::One(reference) => return Ok(vec![reference.clone()]),
        Pattern::Package(package) => vec![package.clone()],
        Pattern::Below(base) => loader
            .packages_below(base)
            .map_err(|e| load_failure(e, base))?,
    };
    let mut targets = Vec::new();
    let mut failures = Vec::new();
    for (package, loaded) in loader.load(&packages) {
        match loaded {
            Ok(loaded) => targets.extend(loaded.targets().iter().map(|target| OutputReference {
                label: target.label.clone(),
                group: None,
            })),
            Err(LoadError::Faulty(diagnostics)) => failures.extend(diagnostics),
            Err(error) => return Err(load_failure(error, &package)),
        }
    }
    if !failures.is_empty() {
        return Err(Failure {
            kind: FailureKind::Build,
            diagnostics: failures,
        });
    }
    if targets.is_empty() {
        return Err(nothing(format!("`{pattern}` matches no target")));
    }
    Ok(targets)
}

fn load_failure(error: LoadError, package: &PackagePath) -> Failure {
    match error {
        LoadError::NoPackage => nothing(format!("there is no package `{package}`")),
        LoadError::Faulty(diagnostics) => Failure {
            kind: FailureKind::Build,
            diagnostics,
        },
    }
}

fn nothing(message: String) -> Failure {
    let diagnostic = Diagnostic::error(message).hint("`kiln query //...` lists all targets");
    Failure::new(FailureKind::NothingMatched, diagnostic)
}
