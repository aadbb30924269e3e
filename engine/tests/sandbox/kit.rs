//! One action in a sandbox, written in one line.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use kiln_engine::cancel::CancelToken;
use kiln_engine::sandbox::{
    Base, Exit, Finished, Layer, Network, Sandbox, SandboxConfig, SandboxError, SandboxSpec,
    Scratch, Stream,
};
use rustix::fs::{Mode, OFlags};

/// An action to be, and the sandbox that it runs in.
#[must_use]
pub(crate) struct Action {
    pub(crate) spec: SandboxSpec,
}

/// `sh -c script`, in `/kiln/ws/pkg`.
pub(crate) fn sh(script: &str) -> Action {
    command(&["/bin/sh", "-c", script])
}

pub(crate) fn command(argv: &[&str]) -> Action {
    let spec = SandboxSpec {
        argv: argv.iter().map(OsString::from).collect(),
        env: vec![
            ("HOME".into(), "/kiln/home".into()),
            ("PATH".into(), "/usr/bin:/bin".into()),
            ("TMPDIR".into(), "/tmp".into()),
        ],
        cwd: "pkg".into(),
        layers: Vec::new(),
        tool_layers: Vec::new(),
        make_dirs: vec!["pkg".into()],
        scratch: Scratch::Tmpfs { bytes: 64 << 20 },
        network: Network::None,
        timeout: None,
        log_limit: 1 << 20,
    };
    Action { spec }
}

impl Action {
    pub(crate) fn with(mut self, change: impl FnOnce(&mut SandboxSpec)) -> Self {
        change(&mut self.spec);
        self
    }

    pub(crate) fn layer(self, layer: Layer) -> Self {
        self.with(|spec| spec.layers.push(layer))
    }

    pub(crate) fn try_run_in(self, sandbox: &Sandbox) -> Result<Finished, SandboxError> {
        block_on(sandbox.run(&self.spec, &CancelToken::new()))
    }

    pub(crate) fn run_in(self, sandbox: &Sandbox) -> Finished {
        self.try_run_in(sandbox).unwrap()
    }

    pub(crate) fn run(self) -> Finished {
        self.run_in(sandbox())
    }

    /// Runs it, and expects that it succeeds; the answer is its stdout.
    #[track_caller]
    pub(crate) fn stdout(self) -> String {
        succeeded(&self.run())
    }
}

/// The stdout of an action that succeeded.
#[track_caller]
pub(crate) fn succeeded(finished: &Finished) -> String {
    assert_eq!(
        finished.exit,
        Exit::Code(0),
        "{}",
        text(&finished.log.merged())
    );
    text(&finished.log.bytes_of(Stream::Stdout))
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            // No test takes as long as this, unless something hangs.
            tokio::time::timeout(Duration::from_secs(60), future)
                .await
                .expect("hangs")
        })
}

pub(crate) fn config() -> SandboxConfig {
    SandboxConfig {
        base: Base::Host,
        host_paths: Vec::new(),
        disk_roots: Vec::new(),
        run_area_bytes: 256 << 20,
        slots: 2,
    }
}

/// The sandbox that most tests share.
pub(crate) fn sandbox() -> &'static Sandbox {
    static SHARED: OnceLock<Sandbox> = OnceLock::new();
    SHARED.get_or_init(|| Sandbox::start(&config()).unwrap())
}

/// A tree of files in the run area of `sandbox`.
pub(crate) fn tree(sandbox: &Sandbox, name: &str, files: &[(&str, &str)]) -> Layer {
    let area = sandbox.run_area();
    let mode = Mode::from_raw_mode(0o755);
    rustix::fs::mkdirat(area, name, mode).unwrap();
    for (path, contents) in files {
        for (index, _) in path.match_indices('/') {
            let _ = rustix::fs::mkdirat(area, format!("{name}/{}", &path[..index]), mode);
        }
        let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC;
        let place = format!("{name}/{path}");
        let mode = Mode::from_raw_mode(0o555);
        let file = rustix::fs::openat(area, place, flags, mode).unwrap();
        rustix::fs::fchmod(&file, mode).unwrap();
        assert_eq!(
            rustix::io::write(&file, contents.as_bytes()),
            Ok(contents.len())
        );
    }
    Layer::RunArea(name.into())
}

/// What the file `path` below `directory` holds; `None` when it is not there.
pub(crate) fn contents(directory: &OwnedFd, path: &str) -> Option<String> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(directory, path, flags, Mode::empty()).ok()?;
    std::io::read_to_string(std::fs::File::from(file)).ok()
}

/// Whether some process of the machine has `mark` in its command line.
pub(crate) fn runs(mark: &str) -> bool {
    let entries = std::fs::read_dir("/proc").unwrap();
    entries.flatten().any(|entry| {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let own = entry.path() == Path::new("/proc").join(std::process::id().to_string());
        !own && text(&line).contains(mark)
    })
}

/// Waits until `condition` holds, for at most `limit`.
pub(crate) fn holds_within(limit: Duration, condition: impl Fn() -> bool) -> bool {
    let start = std::time::Instant::now();
    while start.elapsed() < limit {
        if condition() {
            return true;
        }
        std::thread::yield_now();
    }
    condition()
}

/// Lets other tasks run until a process with `mark` is there.
pub(crate) async fn until_runs(mark: &str) {
    while !runs(mark) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
