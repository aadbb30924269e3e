//! A workspace on disk with the simplest of providers and drivers, for tests.
//!
//! A BUILD file of the fake provider has a line per target, `name key=value …`,
//! where `out`, `file`, `glob` and `exclude` may stand several times, and
//! `load=path` reads another file of the workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use kiln_plugin_abi::{
    Action, Command, DeclaredOutput, Diagnostic, Driver, DriverId, GlobRequest, InputGroup,
    InputPaths, InputReference, Label, LoadError, LoadHost, OutputGroup, OutputKind, Package,
    PackagePath, Provider, Resources, Role, SourceSpan, Target, TargetName, TargetSpec, Value,
    WorkspacePath,
};

use super::loader::{Loader, LoaderSetup};
use super::workspace::Workspace;
use crate::events::{Event, EventSink};
use crate::sys::fs;

/// A workspace in a temporary directory.
pub(super) struct FakeWorkspace {
    directory: tempfile::TempDir,
    pub sink: Arc<Recorder>,
}

/// Keeps what it is told.
#[derive(Default)]
pub(super) struct Recorder(pub Mutex<Vec<String>>);

impl EventSink for Recorder {
    fn emit(&self, event: &Event) {
        let text = match event {
            Event::Diagnostic(diagnostic) => diagnostic.to_string(),
            other => format!("{other:?}"),
        };
        self.0.lock().unwrap().push(text);
    }
}

impl FakeWorkspace {
    pub(super) fn new(files: &[(&str, &str)]) -> FakeWorkspace {
        let workspace = FakeWorkspace {
            directory: tempfile::tempdir().unwrap(),
            sink: Arc::default(),
        };
        for (path, text) in files {
            workspace.write(path, text);
        }
        workspace
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text.as_bytes()).unwrap();
    }

    pub(super) fn remove(&self, path: &str) {
        fs::remove_file(&self.path(path)).unwrap();
    }

    pub(super) fn link(&self, path: &str, to: impl AsRef<Path>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(to, path).unwrap();
    }

    pub(super) fn fifo(&self, path: &str) {
        rustix::fs::mknodat(
            rustix::fs::CWD,
            self.path(path),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
    }

    pub(super) fn description(&self) -> Workspace {
        Workspace {
            root: self.directory.path().to_owned(),
            build_files: vec!["BUILD.first".into(), "BUILD".into()],
            ignore: vec!["ignored".into()],
        }
    }

    pub(super) fn setup(&self) -> LoaderSetup {
        LoaderSetup {
            workspace: self.description(),
            providers: vec![Arc::new(FakeProvider)],
            drivers: vec![Arc::new(FakeDriver)],
            snapshot: self.path(".kiln/state/packages-v1"),
            identity: "test".into(),
            sink: self.sink.clone(),
        }
    }

    /// The loader of a new run.
    pub(super) fn loader(&self) -> Loader {
        Loader::new(self.setup())
    }
}

pub(super) fn package(text: &str) -> PackagePath {
    PackagePath::parse(text).unwrap()
}

struct FakeProvider;

#[async_trait]
impl Provider for FakeProvider {
    fn name(&self) -> &str {
        "fake"
    }

    fn serves(&self, _: &PackagePath) -> bool {
        true
    }

    async fn load(&self, package: &PackagePath, host: &dyn LoadHost) -> Result<Package, LoadError> {
        let faulty = |diagnostic| LoadError::Faulty(vec![diagnostic]);
        let file = host.build_file(package).map_err(faulty)?;
        let file = file.ok_or(LoadError::NoPackage)?;
        let bytes = host.read_file(&file).map_err(faulty)?;
        let text = String::from_utf8(bytes.ok_or(LoadError::NoPackage)?.to_vec()).unwrap();
        let mut targets = Vec::new();
        for (line, number) in text.lines().zip(1..) {
            let spec = spec(package, &file, line, number, host).map_err(faulty)?;
            targets.push(spec);
        }
        Ok(Package { targets })
    }

    async fn get(&self, label: &Label, _: &dyn LoadHost) -> Result<Option<TargetSpec>, LoadError> {
        let spec = TargetSpec {
            label: label.clone(),
            driver: "fake".into(),
            attributes: BTreeMap::new(),
            span: None,
        };
        Ok((label.name().as_str() == "any").then_some(spec))
    }
}

fn spec(
    package: &PackagePath,
    file: &WorkspacePath,
    line: &str,
    number: u32,
    host: &dyn LoadHost,
) -> Result<TargetSpec, Diagnostic> {
    let mut words = line.split_whitespace();
    let name = words.next().unwrap();
    let mut driver = "fake";
    let mut lists: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for word in words {
        match word.split_once('=').unwrap() {
            ("driver", text) => driver = text,
            ("load", path) => {
                let path = WorkspacePath::resolve("", path).unwrap();
                host.read_file(&path)?;
            }
            (key, text) => lists.entry(key).or_default().push(text.to_owned()),
        }
    }
    let mut taken = |key| lists.remove(key).unwrap_or_default();
    let request = GlobRequest {
        package: package.clone(),
        include: taken("glob"),
        exclude: taken("exclude"),
    };
    let base = package.directory();
    let resolved = |path: &String| WorkspacePath::resolve(base.as_str(), path).unwrap();
    let mut files: Vec<String> = taken("file")
        .iter()
        .map(|file| resolved(file).to_string())
        .collect();
    let found = host.glob(&request)?;
    files.extend(found.iter().map(ToString::to_string));
    let outputs: Vec<String> = taken("out")
        .iter()
        .map(|path| resolved(path).to_string())
        .collect();
    let strings = |list: Vec<String>| Value::List(list.into_iter().map(Value::String).collect());
    Ok(TargetSpec {
        label: Label::new(package.clone(), TargetName::parse(name).unwrap()),
        driver: driver.to_owned(),
        attributes: BTreeMap::from([
            ("files".to_owned(), strings(files)),
            ("outs".to_owned(), strings(outputs)),
        ]),
        span: Some(SourceSpan {
            file: file.clone(),
            line: number,
            column: 1,
            end_line: number,
            end_column: 2,
        }),
    })
}

struct FakeDriver;

#[async_trait]
impl Driver for FakeDriver {
    fn id(&self) -> DriverId {
        DriverId {
            name: "fake".into(),
            version: 1,
        }
    }

    async fn parse(&self, specs: &[TargetSpec]) -> Vec<Result<Target, Diagnostic>> {
        specs.iter().map(|spec| Ok(target(spec))).collect()
    }

    async fn command(&self, _: &Target, _: &InputPaths) -> Result<Command, Diagnostic> {
        Err(Diagnostic::error("the fake driver has no commands"))
    }
}

fn paths(spec: &TargetSpec, attribute: &str) -> Vec<WorkspacePath> {
    let Some(Value::List(items)) = spec.attributes.get(attribute) else {
        return Vec::new();
    };
    let path = |item: &Value| match item {
        Value::String(text) => WorkspacePath::from_normalised(text).unwrap(),
        other => panic!("{other:?}"),
    };
    items.iter().map(path).collect()
}

fn target(spec: &TargetSpec) -> Target {
    let files = paths(spec, "files").into_iter().map(InputReference::File);
    let outputs = paths(spec, "outs").into_iter().map(|path| DeclaredOutput {
        path,
        kind: OutputKind::File,
    });
    Target {
        label: spec.label.clone(),
        driver: FakeDriver.id(),
        span: spec.span.clone(),
        inputs: vec![InputGroup {
            role: Role::Dependency,
            name: None,
            items: files.collect(),
        }],
        outputs: vec![OutputGroup {
            name: None,
            outputs: outputs.collect(),
        }],
        action: Action::Execute {
            payload: Value::None,
        },
        environment: BTreeMap::new(),
        pass_environment: BTreeSet::new(),
        labels: BTreeSet::new(),
        timeout: None,
        network: false,
        cache: true,
        resources: Resources::default(),
        sandbox: None,
    }
}
