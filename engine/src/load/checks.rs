//! Rules that hold between the targets of a package, and between a package and
//! those nested in it.

use std::collections::HashMap;

use kiln_plugin_abi::{
    DeclaredOutput, Diagnostic, Focus, InputReference, PackagePath, SourceSpan, Target,
    WorkspacePath,
};

use super::host::PackageHost;

/// Checks all targets of a package; every violation is reported.
pub(super) fn check(
    package: &PackagePath,
    targets: &[Target],
    host: &PackageHost<'_>,
) -> Vec<Diagnostic> {
    let mut diagnostics = overlapping_outputs(targets);
    if package.is_virtual() {
        return diagnostics;
    }
    let mut borders = Borders {
        package: package.directory(),
        host,
        inner: HashMap::new(),
    };
    for target in targets {
        for output in outputs(target) {
            diagnostics.extend(borders.check_output(target, output));
        }
        for path in files(target) {
            diagnostics.extend(borders.check_file(target, path));
        }
    }
    diagnostics
}

fn outputs(target: &Target) -> impl Iterator<Item = &DeclaredOutput> {
    target.outputs.iter().flat_map(|group| &group.outputs)
}

fn files(target: &Target) -> impl Iterator<Item = &WorkspacePath> {
    let items = target.inputs.iter().flat_map(|group| &group.items);
    items.filter_map(|item| match item {
        InputReference::File(path) => Some(path),
        InputReference::Target(_) | InputReference::HostTool(_) => None,
    })
}

fn error(target: &Target, message: String) -> Diagnostic {
    let diagnostic = Diagnostic::error(message).on(&target.label);
    match &target.span {
        Some(span) => diagnostic.at(span),
        None => diagnostic,
    }
}

/// Outputs at one path, or one inside another.
fn overlapping_outputs(targets: &[Target]) -> Vec<Diagnostic> {
    let mut declared: Vec<(&str, usize)> = targets
        .iter()
        .enumerate()
        .flat_map(|(index, target)| {
            outputs(target).map(move |output| (output.path.as_str(), index))
        })
        .collect();
    // Segment by segment, so that a directory stands right before what is in it.
    declared
        .sort_by(|(a, first), (b, second)| a.split('/').cmp(b.split('/')).then(first.cmp(second)));
    let mut diagnostics = Vec::new();
    let mut open: Vec<(&str, usize)> = Vec::new();
    for (path, index) in declared {
        while open.last().is_some_and(|(outer, _)| !contains(outer, path)) {
            open.pop();
        }
        if let Some((outer, first)) = open.last() {
            let (first, second) = (&targets[*first], &targets[index]);
            diagnostics.push(overlap(first, outer, second, path));
        }
        open.push((path, index));
    }
    diagnostics
}

/// True when `path` is `outer` or lies in it.
fn contains(outer: &str, path: &str) -> bool {
    path.strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn overlap(first: &Target, outer: &str, second: &Target, path: &str) -> Diagnostic {
    let message = match (first.label == second.label, outer == path) {
        (true, true) => format!("the output `{path}` is declared twice"),
        (true, false) => format!("the output `{path}` lies in another output, `{outer}`"),
        (false, true) => format!("the output `{path}` is declared by `{}` too", first.label),
        (false, false) => format!(
            "the output `{path}` lies in `{outer}`, an output of `{}`",
            first.label
        ),
    };
    let diagnostic = error(second, message).focus(Focus::Attribute("outs".into()));
    match &first.span {
        Some(span) if first.label != second.label => {
            diagnostic.note(format!("`{}` is declared at {}", first.label, place(span)))
        }
        _ => diagnostic,
    }
}

fn place(span: &SourceSpan) -> String {
    format!("{}:{}:{}", span.file, span.line, span.column)
}

/// Where a package ends and others nested in it begin.
struct Borders<'a> {
    package: WorkspacePath,
    host: &'a PackageHost<'a>,
    /// For directories in the package: the nested package that holds them.
    inner: HashMap<WorkspacePath, Option<WorkspacePath>>,
}

impl Borders<'_> {
    fn check_output(&mut self, target: &Target, output: &DeclaredOutput) -> Option<Diagnostic> {
        let path = &output.path;
        let verdict = match path.below(self.package.as_str()) {
            None => Ok(Some(format!(
                "the output `{path}` lies outside of its package"
            ))),
            Some(_) => self.nested_package(path).map(|nested| {
                nested.map(|nested| format!("the output `{path}` lies in the package //{nested}"))
            }),
        };
        self.verdict(target, verdict, "outs", |diagnostic| {
            diagnostic.hint("declare it in that package, or choose another path")
        })
    }

    fn check_file(&mut self, target: &Target, path: &WorkspacePath) -> Option<Diagnostic> {
        let verdict = match (path.below(self.package.as_str()), path.parent()) {
            // A plain path never leaves its package: this one was named by its
            // label, `@fs:file@path=…`.
            (None, _) | (_, None) => Ok(None),
            (Some(_), Some(parent)) => self.nested_package(&parent).map(|nested| {
                nested.map(|nested| format!("`{path}` lies in the package //{nested}"))
            }),
        };
        self.verdict(target, verdict, "deps", |diagnostic| {
            diagnostic.hint("name a target of that package by its label")
        })
    }

    fn verdict(
        &self,
        target: &Target,
        verdict: Result<Option<String>, Diagnostic>,
        attribute: &str,
        advise: impl FnOnce(Diagnostic) -> Diagnostic,
    ) -> Option<Diagnostic> {
        match verdict {
            Ok(None) => None,
            Ok(Some(message)) => {
                let focus = Focus::Attribute(attribute.to_owned());
                Some(advise(error(target, message)).focus(focus))
            }
            Err(diagnostic) => Some(match &target.span {
                Some(span) => diagnostic.on(&target.label).at(span),
                None => diagnostic.on(&target.label),
            }),
        }
    }

    /// The nested package that is `path` or holds it. `path` lies in, or is,
    /// the package's directory.
    fn nested_package(
        &mut self,
        path: &WorkspacePath,
    ) -> Result<Option<WorkspacePath>, Diagnostic> {
        let Some(below) = path
            .below(self.package.as_str())
            .filter(|rest| !rest.is_empty())
        else {
            return Ok(None);
        };
        if let Some(known) = self.inner.get(path) {
            return Ok(known.clone());
        }
        let mut at = self.package.clone();
        for segment in below.split('/') {
            if !self.host.holds_directory(&at, segment)? {
                return Ok(None);
            }
            at = at.join(segment);
            let nested = match self.inner.get(&at) {
                Some(known) => known.clone(),
                None => self.host.build_file_in(&at)?.map(|_| at.clone()),
            };
            self.inner.insert(at.clone(), nested.clone());
            if nested.is_some() {
                self.inner.insert(path.clone(), nested.clone());
                return Ok(nested);
            }
        }
        Ok(None)
    }
}
