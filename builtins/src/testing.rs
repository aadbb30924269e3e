//! A workspace in memory, and short ways to specs and targets, for tests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use globset::GlobBuilder;
use kiln_plugin_abi::{
    Diagnostic, Driver, GlobRequest, Label, LoadError, LoadHost, Package, PackagePath, Provider,
    Target, TargetSpec, Value, WorkspacePath,
};

/// Files by path, and what was asked of them.
#[derive(Default)]
pub(crate) struct FakeHost {
    files: BTreeMap<String, Vec<u8>>,
    pub read: Mutex<Vec<String>>,
    pub noted: Mutex<BTreeSet<String>>,
    pub printed: Mutex<Vec<String>>,
}

impl FakeHost {
    /// A workspace with the given files.
    pub fn with<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> FakeHost {
        let mut host = FakeHost::default();
        for (path, text) in files {
            host.add(path, text.as_bytes());
        }
        host
    }

    /// Adds a file.
    pub fn add(&mut self, path: &str, bytes: &[u8]) {
        self.files.insert(path.to_owned(), bytes.to_vec());
    }
}

impl LoadHost for FakeHost {
    fn read_file(&self, path: &WorkspacePath) -> Result<Option<Arc<[u8]>>, Diagnostic> {
        self.read.lock().unwrap().push(path.to_string());
        self.note_file(path)?;
        Ok(self
            .files
            .get(path.as_str())
            .map(|bytes| bytes.as_slice().into()))
    }

    fn note_file(&self, path: &WorkspacePath) -> Result<(), Diagnostic> {
        self.noted.lock().unwrap().insert(path.to_string());
        Ok(())
    }

    fn build_file(&self, package: &PackagePath) -> Result<Option<WorkspacePath>, Diagnostic> {
        let path = package.directory().join("BUILD.kiln");
        Ok(self.files.contains_key(path.as_str()).then_some(path))
    }

    fn glob(&self, request: &GlobRequest) -> Result<Vec<WorkspacePath>, Diagnostic> {
        let directory = request.package.directory();
        let matches = |patterns: &[String], path: &str| {
            patterns.iter().any(|pattern| {
                let glob = GlobBuilder::new(pattern).literal_separator(true).build();
                glob.unwrap().compile_matcher().is_match(path)
            })
        };
        let paths = self.files.keys().filter_map(|path| {
            let path = WorkspacePath::from_normalised(path)?;
            let relative = path.below(directory.as_str())?;
            let is_in = matches(&request.include, relative) && !matches(&request.exclude, relative);
            is_in.then(|| path.clone())
        });
        Ok(paths.collect())
    }

    fn print(&self, package: &PackagePath, text: &str) {
        self.printed
            .lock()
            .unwrap()
            .push(format!("{package}: {text}"));
    }
}

/// Waits for a future that never waits itself.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

/// Loads a package.
pub(crate) fn load(
    provider: &dyn Provider,
    host: &FakeHost,
    package: &str,
) -> Result<Package, LoadError> {
    block_on(provider.load(&PackagePath::parse(package).unwrap(), host))
}

/// A label in full form.
pub(crate) fn label(text: &str) -> Label {
    Label::parse(text, &PackagePath::root()).unwrap()
}

/// A spec that no file declares.
pub(crate) fn spec(name: &str, attributes: &[(&str, Value)]) -> TargetSpec {
    let attributes = attributes.iter().cloned();
    TargetSpec {
        label: label(name),
        driver: String::new(),
        attributes: attributes
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
        span: None,
    }
}

/// What a driver makes of one spec.
pub(crate) fn parse_one(driver: &dyn Driver, spec: &TargetSpec) -> Result<Target, Diagnostic> {
    let spec = TargetSpec {
        driver: driver.id().name,
        ..spec.clone()
    };
    block_on(driver.parse(&[spec])).remove(0)
}

/// A dictionary.
pub(crate) fn dict<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Dict(entries.map(|(key, value)| (key.to_owned(), value)).into())
}

/// A list of strings.
pub(crate) fn list<const N: usize>(items: [&str; N]) -> Value {
    Value::List(items.map(Value::from).into())
}
