//! How long the load stage takes: evaluated, and from the snapshot.
//!
//! `cargo bench -p kiln-engine --bench load`. The provider here is as cheap as
//! can be, so that what is measured is the stage itself.
#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "a benchmark prepares files and prints figures"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use kiln_engine::events::{Event, EventSink};
use kiln_engine::load::{Loader, LoaderSetup, Workspace};
use kiln_plugin_abi::{
    Action, Command, DeclaredOutput, Diagnostic, Driver, DriverId, GlobRequest, InputGroup,
    InputPaths, InputReference, Label, LoadError, LoadHost, OutputGroup, OutputKind, Package,
    PackagePath, Provider, Resources, Role, SourceSpan, Target, TargetName, TargetSpec, Value,
};

/// As in the shipped binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Takes no interest in events.
struct Silence;

impl EventSink for Silence {
    fn emit(&self, _: &Event) {}
}

/// A target for each line of a BUILD file; one glob for each package.
struct Lines;

#[async_trait]
impl Provider for Lines {
    fn name(&self) -> &str {
        "lines"
    }

    fn serves(&self, _: &PackagePath) -> bool {
        true
    }

    async fn load(&self, package: &PackagePath, host: &dyn LoadHost) -> Result<Package, LoadError> {
        let faulty = |diagnostic| LoadError::Faulty(vec![diagnostic]);
        let file = host.build_file(package).map_err(faulty)?;
        let file = file.ok_or(LoadError::NoPackage)?;
        let bytes = host.read_file(&file).map_err(faulty)?.unwrap_or_default();
        let request = GlobRequest {
            package: package.clone(),
            include: vec!["*.c".to_owned()],
            exclude: Vec::new(),
        };
        host.glob(&request).map_err(faulty)?;
        let text = String::from_utf8_lossy(&bytes);
        let spec = |(name, line): (&str, u32)| TargetSpec {
            label: Label::new(package.clone(), TargetName::parse(name).expect("a name")),
            driver: "sh".to_owned(),
            attributes: BTreeMap::from([("run".to_owned(), Value::from("cc -c $SRCS -o $OUT"))]),
            span: Some(SourceSpan {
                file: file.clone(),
                line,
                column: 1,
                end_line: line,
                end_column: 20,
            }),
        };
        let targets = text.lines().zip(1..).map(spec).collect();
        Ok(Package { targets })
    }

    async fn get(&self, _: &Label, _: &dyn LoadHost) -> Result<Option<TargetSpec>, LoadError> {
        Ok(None)
    }
}

struct Shell;

#[async_trait]
impl Driver for Shell {
    fn id(&self) -> DriverId {
        DriverId {
            name: "sh".to_owned(),
            version: 1,
        }
    }

    async fn parse(&self, specs: &[TargetSpec]) -> Vec<Result<Target, Diagnostic>> {
        specs.iter().map(|spec| Ok(target(spec))).collect()
    }

    async fn command(&self, _: &Target, _: &InputPaths) -> Result<Command, Diagnostic> {
        Err(Diagnostic::error("nothing is executed here"))
    }
}

/// One source, one tool, one dependency, one output.
fn target(spec: &TargetSpec) -> Target {
    let package = spec.label.package();
    let name = spec.label.name().as_str();
    let path = |suffix: &str| package.directory().join(&format!("{name}{suffix}"));
    let group = |role, name: Option<&str>, item| InputGroup {
        role,
        name: name.map(|name| kiln_plugin_abi::GroupName::parse(name).expect("a name")),
        items: vec![item],
    };
    let tool = InputReference::HostTool("cc".to_owned());
    Target {
        label: spec.label.clone(),
        driver: Shell.id(),
        span: spec.span.clone(),
        inputs: vec![
            group(Role::Dependency, None, InputReference::File(path(".c"))),
            group(Role::Tool, Some("cc"), tool),
        ],
        outputs: vec![OutputGroup {
            name: None,
            outputs: vec![DeclaredOutput {
                path: path(".o"),
                kind: OutputKind::File,
            }],
        }],
        action: Action::Execute {
            payload: spec.attributes["run"].clone(),
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

fn loader(root: &Path) -> Loader {
    Loader::new(LoaderSetup {
        workspace: Workspace {
            root: root.to_owned(),
            build_files: vec!["BUILD.kiln".to_owned()],
            ignore: Vec::new(),
        },
        providers: vec![Arc::new(Lines)],
        drivers: vec![Arc::new(Shell)],
        snapshot: root.join(".kiln/state/packages-v1"),
        identity: "bench".to_owned(),
        sink: Arc::new(Silence),
    })
}

fn generate(root: &Path, packages: usize, targets: usize) {
    for package in 0..packages {
        let directory = root.join(format!("p{package}"));
        std::fs::create_dir_all(&directory).expect("a directory");
        let mut build = String::new();
        for target in 0..targets {
            build += &format!("target_number_{target}\n");
            let source = directory.join(format!("target_number_{target}.c"));
            std::fs::write(source, "").expect("a source");
        }
        std::fs::write(directory.join("BUILD.kiln"), build).expect("a BUILD file");
    }
}

/// One run: find all packages, load them, save.
fn run(root: &Path) -> ([Duration; 3], u64) {
    let start = Instant::now();
    let loader = loader(root);
    let packages = loader
        .packages_below(&PackagePath::root())
        .expect("packages");
    let found = start.elapsed();
    let start = Instant::now();
    let loaded = loader.load(&packages);
    let load = start.elapsed();
    assert!(loaded.iter().all(|(_, loaded)| loaded.is_ok()));
    let start = Instant::now();
    loader.save().expect("the snapshot is written");
    ([found, load, start.elapsed()], loader.packages_evaluated())
}

fn main() {
    for (packages, targets) in [(1, 10_000), (100, 100), (10_000, 1)] {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let root = directory.path();
        generate(root, packages, targets);
        let show = |what: &str, [found, load, save]: [Duration; 3], evaluated: u64| {
            println!(
                "{packages:>6} packages × {targets:>6} targets  {what:<14} \
                 find {found:>10.2?}  load {load:>10.2?}  save {save:>10.2?}  evaluated {evaluated}"
            );
        };
        let (times, evaluated) = run(root);
        show("evaluated", times, evaluated);
        // Until now every stamp is too young to be trusted.
        std::thread::sleep(Duration::from_millis(2500));
        let (times, evaluated) = run(root);
        show("settling", times, evaluated);
        let best = (0..10).map(|_| run(root)).min_by_key(|(times, _)| times[1]);
        if let Some((times, evaluated)) = best {
            show("from snapshot", times, evaluated);
        }
    }
}
