//! From a package's path to its targets, by its provider and their drivers.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures::executor::block_on;
use kiln_plugin_abi::{
    Action, Diagnostic, Driver, Focus, Label, LoadError, PackagePath, Provider, Target, TargetSpec,
    Value, did_you_mean,
};

use super::checks;
use super::host::PackageHost;

/// The providers and drivers of a run.
pub(super) struct Sources {
    providers: Vec<Arc<dyn Provider>>,
    drivers: BTreeMap<String, Arc<dyn Driver>>,
}

impl Sources {
    /// Of two drivers of one name the later counts.
    pub(super) fn new(providers: Vec<Arc<dyn Provider>>, drivers: Vec<Arc<dyn Driver>>) -> Sources {
        let named = |driver: Arc<dyn Driver>| (driver.id().name, driver);
        Sources {
            providers,
            drivers: drivers.into_iter().map(named).collect(),
        }
    }

    /// Names and versions of all of them, as lines of text.
    pub(super) fn identity(&self) -> String {
        let mut text = String::new();
        for provider in &self.providers {
            text += &format!("provider {:?}\n", provider.name());
        }
        for driver in self.drivers.values() {
            let id = driver.id();
            text += &format!("driver {:?} {}\n", id.name, id.version);
        }
        text
    }

    fn provider(&self, package: &PackagePath) -> Option<&Arc<dyn Provider>> {
        self.providers
            .iter()
            .find(|provider| provider.serves(package))
    }

    /// All targets of a package, in no particular order.
    pub(super) fn package(
        &self,
        package: &PackagePath,
        host: &PackageHost<'_>,
    ) -> Result<Vec<Target>, LoadError> {
        let provider = self.provider(package).ok_or(LoadError::NoPackage)?;
        let loaded = block_on(provider.load(package, host))?;
        let mut diagnostics = Vec::new();
        let specs = acceptable(provider.name(), package, loaded.targets, &mut diagnostics);
        let targets = self.parse(specs, &mut diagnostics);
        diagnostics.extend(checks::check(package, &targets, host));
        match diagnostics.is_empty() {
            true => Ok(targets),
            false => Err(LoadError::Faulty(diagnostics)),
        }
    }

    /// One target with parameters; `None` when there is no such target.
    pub(super) fn parametrised(
        &self,
        label: &Label,
        host: &PackageHost<'_>,
    ) -> Result<Option<Target>, LoadError> {
        let provider = self.provider(label.package()).ok_or(LoadError::NoPackage)?;
        let Some(spec) = block_on(provider.get(label, host))? else {
            return Ok(None);
        };
        if spec.label != *label {
            let message = format!(
                "provider `{}` was asked for this target and answered with `{}`",
                provider.name(),
                spec.label
            );
            return Err(LoadError::Faulty(vec![
                Diagnostic::error(message).on(label),
            ]));
        }
        let mut diagnostics = Vec::new();
        let target = self.parse(vec![spec], &mut diagnostics).pop();
        match diagnostics.is_empty() {
            true => Ok(target),
            false => Err(LoadError::Faulty(diagnostics)),
        }
    }

    /// Hands specs to their drivers, one batch each.
    fn parse(&self, specs: Vec<TargetSpec>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Target> {
        let mut batches: BTreeMap<String, Vec<TargetSpec>> = BTreeMap::new();
        for spec in specs {
            match self.drivers.contains_key(&spec.driver) {
                true => batches.entry(spec.driver.clone()).or_default().push(spec),
                false => diagnostics.push(self.unknown_driver(&spec)),
            }
        }
        let mut targets = Vec::new();
        for (name, specs) in &batches {
            let answers = block_on(self.drivers[name].parse(specs));
            if answers.len() != specs.len() {
                diagnostics.push(Diagnostic::error(format!(
                    "driver `{name}` gave {} answers for {} targets",
                    answers.len(),
                    specs.len()
                )));
                continue;
            }
            for (spec, answer) in specs.iter().zip(answers) {
                match answer.and_then(|target| normalised(name, spec, target)) {
                    Ok(target) => targets.push(target),
                    Err(diagnostic) => diagnostics.push(complete(spec, diagnostic)),
                }
            }
        }
        targets
    }

    fn unknown_driver(&self, spec: &TargetSpec) -> Diagnostic {
        let typed: String = spec.driver.chars().take(80).collect();
        let message = format!("there is no driver `{}`", typed.escape_debug());
        let diagnostic = spec
            .attribute_error("driver", message)
            .focus(Focus::Literal(spec.driver.clone()));
        let known: Vec<&str> = self.drivers.keys().map(String::as_str).collect();
        match did_you_mean(&typed, known.iter().copied()) {
            Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
            None => diagnostic.hint(format!("there are {}", known.join(", "))),
        }
    }
}

/// Names the target and its place in a driver's message.
fn complete(spec: &TargetSpec, diagnostic: Diagnostic) -> Diagnostic {
    let diagnostic = diagnostic.on(&spec.label);
    match &spec.span {
        Some(span) => diagnostic.at(span),
        None => diagnostic,
    }
}

/// The specs that belong to the package and have a name of their own.
fn acceptable(
    provider: &str,
    package: &PackagePath,
    specs: Vec<TargetSpec>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<TargetSpec> {
    let mut accepted: Vec<TargetSpec> = Vec::with_capacity(specs.len());
    let mut places: HashMap<Label, usize> = HashMap::with_capacity(specs.len());
    for spec in specs {
        let too_deep = spec
            .attributes
            .iter()
            .find(|(_, value)| !value.fits(Value::DEEPEST));
        if let Some((name, _)) = too_deep {
            let message = format!(
                "the value of `{name}` nests more than {} levels deep",
                Value::DEEPEST
            );
            diagnostics.push(spec.attribute_error(name, message));
        } else if spec.label.package() != package || !spec.label.parameters().is_empty() {
            let message = format!("provider `{provider}` gave this target for {package}");
            diagnostics.push(spec.error(message));
        } else if let Some(first) = places.get(&spec.label) {
            diagnostics.push(declared_twice(&accepted[*first], &spec));
        } else {
            places.insert(spec.label.clone(), accepted.len());
            accepted.push(spec);
        }
    }
    accepted
}

fn declared_twice(first: &TargetSpec, second: &TargetSpec) -> Diagnostic {
    let message = format!(
        "there are two targets with the name `{}`",
        second.label.name()
    );
    let diagnostic = second.attribute_error("name", message);
    match &first.span {
        Some(span) => {
            let place = format!("{}:{}:{}", span.file, span.line, span.column);
            diagnostic.note(format!("the first is declared at {place}"))
        }
        None => diagnostic,
    }
}

/// A driver's target with its groups in their order, if it is what was asked for.
fn normalised(driver: &str, spec: &TargetSpec, mut target: Target) -> Result<Target, Diagnostic> {
    if target.label != spec.label || target.driver.name != driver {
        let message = format!(
            "driver `{driver}` answered with another target, `{}`",
            target.label
        );
        return Err(Diagnostic::error(message));
    }
    target
        .inputs
        .sort_by(|a, b| (a.role, &a.name).cmp(&(b.role, &b.name)));
    target.outputs.sort_by(|a, b| a.name.cmp(&b.name));
    let input_twice = target
        .inputs
        .windows(2)
        .any(|pair| (pair[0].role, &pair[0].name) == (pair[1].role, &pair[1].name));
    let output_twice = target
        .outputs
        .windows(2)
        .any(|pair| pair[0].name == pair[1].name);
    if input_twice || output_twice {
        let message = format!("driver `{driver}` gave two groups of this target one name");
        return Err(Diagnostic::error(message));
    }
    if let Action::Execute { payload } = &target.action
        && !payload.fits(Value::DEEPEST)
    {
        let message = format!(
            "driver `{driver}` gave a payload that nests more than {} levels deep",
            Value::DEEPEST
        );
        return Err(Diagnostic::error(message));
    }
    Ok(target)
}
