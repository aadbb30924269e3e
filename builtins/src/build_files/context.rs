//! The package that is being evaluated: what its BUILD file has declared so far.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use kiln_plugin_abi::{
    Diagnostic, Focus, Label, LoadHost, PackagePath, SourceSpan, TargetName, TargetSpec, Value,
    WorkspacePath,
};
use starlark::eval::Evaluator;

use super::conversion::Budget;
use super::failure::source_span;

/// Most targets of one package.
const MOST_TARGETS: usize = 200_000;

/// Drivers that run nothing; of a package's defaults they take `labels` only.
const PLAIN_DRIVERS: [&str; 2] = ["group", "text_file"];

/// What the functions of a BUILD file work on.
pub(super) struct PackageContext<'a> {
    package: PackagePath,
    file: WorkspacePath,
    host: &'a dyn LoadHost,
    declared: RefCell<Declared>,
}

/// What has been declared.
#[derive(Default)]
struct Declared {
    targets: Vec<TargetSpec>,
    names: HashMap<TargetName, usize>,
    defaults: Option<Defaults>,
    budget: Budget,
}

/// The arguments of `package()`.
struct Defaults {
    values: BTreeMap<String, Value>,
    site: Site,
}

/// Where a call stands.
#[derive(Debug, Clone)]
pub(super) struct Site {
    /// The call in the BUILD file that led to it.
    pub span: Option<SourceSpan>,
    /// The call itself, when it stands in a loaded file.
    macro_call: Option<SourceSpan>,
}

impl Site {
    /// An error at this place.
    pub(super) fn error(&self, message: impl Into<String>) -> Diagnostic {
        self.place(Diagnostic::error(message))
    }

    /// An error about one argument of the call.
    pub(super) fn argument_error(&self, argument: &str, message: impl Into<String>) -> Diagnostic {
        self.error(message)
            .focus(Focus::Attribute(argument.to_owned()))
    }

    /// Puts an error at this place.
    pub(super) fn place(&self, mut error: Diagnostic) -> Diagnostic {
        if let Some(span) = &self.span {
            error = error.at(span);
        }
        match &self.macro_call {
            None => error,
            Some(span) => error.note(format!("called at {}", position(span))),
        }
    }
}

/// `file:line:column`.
fn position(span: &SourceSpan) -> String {
    let SourceSpan {
        file, line, column, ..
    } = span;
    format!("{file}:{line}:{column}")
}

impl<'a> PackageContext<'a> {
    pub(super) fn new(
        package: &PackagePath,
        file: &WorkspacePath,
        host: &'a dyn LoadHost,
    ) -> PackageContext<'a> {
        PackageContext {
            package: package.clone(),
            file: file.clone(),
            host,
            declared: RefCell::default(),
        }
    }

    pub(super) fn package(&self) -> &PackagePath {
        &self.package
    }

    pub(super) fn host(&self) -> &'a dyn LoadHost {
        self.host
    }

    /// The targets, in the order of their declaration.
    pub(super) fn into_targets(self) -> Vec<TargetSpec> {
        self.declared.into_inner().targets
    }

    /// Where the running call of a built-in function stands.
    pub(super) fn site(&self, evaluator: &Evaluator<'_, '_, '_>) -> Site {
        let is_here = |span: &SourceSpan| span.file == self.file;
        // The lowest frame is the file itself, the one above its outermost call.
        let outermost = evaluator
            .call_stack_count()
            .checked_sub(2)
            .and_then(|n| evaluator.call_stack_nth_location(n))
            .map(|location| source_span(&location))
            .filter(is_here);
        let span = outermost.or_else(|| {
            // A function that was compiled into its caller has no frame of its own.
            let frames = evaluator.call_stack().into_frames();
            frames
                .into_iter()
                .filter_map(|frame| frame.location)
                .map(|location| source_span(&location))
                .find(is_here)
        });
        let macro_call = evaluator
            .call_stack_top_location()
            .map(|location| source_span(&location))
            .filter(|span| !is_here(span));
        Site { span, macro_call }
    }

    /// Runs `work` with the number of bytes that attributes may still take.
    pub(super) fn with_budget<T>(&self, work: impl FnOnce(&mut Budget) -> T) -> T {
        work(&mut self.declared.borrow_mut().budget)
    }

    /// Takes the arguments of `package()`.
    pub(super) fn set_defaults(
        &self,
        values: BTreeMap<String, Value>,
        site: Site,
    ) -> Result<(), Diagnostic> {
        let mut declared = self.declared.borrow_mut();
        if let Some(first) = &declared.defaults {
            let error = site.error("`package` is called twice");
            return Err(match &first.site.span {
                Some(span) => error.note(format!("first called at {}", position(span))),
                None => error,
            });
        }
        if !declared.targets.is_empty() {
            return Err(site
                .error("`package` comes after a target")
                .hint("move it to the top: its defaults hold for every target"));
        }
        declared.defaults = Some(Defaults { values, site });
        Ok(())
    }

    /// Adds a target.
    pub(super) fn declare(
        &self,
        name: &str,
        driver: String,
        mut attributes: BTreeMap<String, Value>,
        site: &Site,
    ) -> Result<(), Diagnostic> {
        let name = self.target_name(name, site)?;
        let mut declared = self.declared.borrow_mut();
        if let Some(first) = declared.names.get(&name) {
            let error = site
                .argument_error("name", format!("the target `{name}` is declared twice"))
                .on(&Label::new(self.package.clone(), name.clone()));
            return Err(match &declared.targets[*first].span {
                Some(span) => error.note(format!("first declared at {}", position(span))),
                None => error,
            });
        }
        if declared.targets.len() >= MOST_TARGETS {
            let message = format!("the package has more than {MOST_TARGETS} targets");
            return Err(site.error(message));
        }
        if let Some(defaults) = &declared.defaults {
            let is_plain = PLAIN_DRIVERS.contains(&driver.as_str());
            for (key, value) in &defaults.values {
                if !is_plain || key == "labels" {
                    let attribute = attributes.entry(key.clone());
                    attribute.or_insert_with(|| value.clone());
                }
            }
        }
        attributes.retain(|_, value| *value != Value::None);
        let place = declared.targets.len();
        declared.names.insert(name.clone(), place);
        declared.targets.push(TargetSpec {
            label: Label::new(self.package.clone(), name),
            driver,
            attributes,
            span: site.span.clone(),
        });
        Ok(())
    }

    fn target_name(&self, name: &str, site: &Site) -> Result<TargetName, Diagnostic> {
        let error = |message: String| site.argument_error("name", message);
        TargetName::parse(name).map_err(|wrong| {
            let shown = name.escape_debug();
            let why = wrong.message;
            error(format!("`{shown}` is not the name of a target: {why}"))
        })
    }
}
