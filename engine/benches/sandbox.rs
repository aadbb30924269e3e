//! Sandboxed `true` next to a plain spawn of `true`, in one run.
//!
//! `cargo bench -p kiln-engine --bench sandbox [-- COUNT [JOBS]]` prints medians
//! and ratios; nothing is asserted, machines differ.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::unwrap_used,
    unsafe_code,
    reason = "a benchmark prints, reads the clock and compares with a plain spawn"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use kiln_engine::cancel::CancelToken;
use kiln_engine::sandbox::{
    Base, Layer, Network, Sandbox, SandboxConfig, SandboxSpec, Scratch, forkserver,
};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|a| a == forkserver::ARGUMENT) {
        forkserver::main();
    }
    let mut numbers = arguments.iter().filter_map(|a| a.parse::<usize>().ok());
    let count = numbers.next().unwrap_or(1000);
    let jobs = numbers.next().unwrap_or(2);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(jobs)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(measure(count, jobs));
}

async fn measure(count: usize, jobs: usize) {
    let tree = || vec![Layer::RunArea("tree".into())];
    // Each with a sandbox of its own, so that its processor time is known.
    let mut cases = [
        Case::new("plain true", None, jobs),
        Case::new(
            "sandboxed true",
            Some(spec(&["/usr/bin/true"], Vec::new())),
            jobs,
        ),
        Case::new(
            "  with inputs",
            Some(spec(&["/usr/bin/true"], tree())),
            jobs,
        ),
        Case::new(
            "  sh -c",
            Some(spec(&["/bin/sh", "-c", "echo x > out"], tree())),
            jobs,
        ),
    ];
    const ROUNDS: usize = 10;
    // In turns, so that what else the machine does hits all alike.
    for _ in 0..ROUNDS {
        for case in &mut cases {
            round(case, count / ROUNDS, jobs).await;
        }
    }
    let mut base = None;
    for mut case in cases {
        let wall = median(&mut case.walls);
        let before = processor_time(libc::RUSAGE_CHILDREN);
        drop(case.sandbox);
        case.processor += processor_time(libc::RUSAGE_CHILDREN) - before;
        let processor = case.processor / u32::try_from(count).unwrap();
        let (base_wall, base_processor) = *base.get_or_insert((wall, processor));
        case.latencies.sort();
        println!(
            "{:16} wall {wall:>8.1?} {:.2}x   processor {processor:>8.1?} {:.2}x   latency median {:.1?} p95 {:.1?}",
            case.name,
            wall.as_secs_f64() / base_wall.as_secs_f64(),
            processor.as_secs_f64() / base_processor.as_secs_f64(),
            case.latencies[case.latencies.len() / 2],
            case.latencies[case.latencies.len() * 95 / 100],
        );
    }
}

struct Case {
    name: &'static str,
    sandbox: Option<(Arc<Sandbox>, SandboxSpec)>,
    /// Per action, of each round.
    walls: Vec<Duration>,
    latencies: Vec<Duration>,
    processor: Duration,
}

impl Case {
    fn new(name: &'static str, spec: Option<SandboxSpec>, jobs: usize) -> Case {
        let config = SandboxConfig {
            base: Base::Host,
            host_paths: Vec::new(),
            disk_roots: Vec::new(),
            run_area_bytes: 1 << 30,
            slots: jobs,
        };
        let sandbox = spec.map(|spec| {
            let sandbox = Sandbox::start(&config).unwrap();
            rustix::fs::mkdirat(sandbox.run_area(), "tree", 0o755.into()).unwrap();
            (Arc::new(sandbox), spec)
        });
        Case {
            name,
            sandbox,
            walls: Vec::new(),
            latencies: Vec::new(),
            processor: Duration::ZERO,
        }
    }
}

/// User and system time of this process, or of its reaped children.
fn processor_time(who: libc::c_int) -> Duration {
    // SAFETY: an all-zero rusage is a valid value, and getrusage only writes to it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(who, &raw mut usage);
        usage
    };
    [usage.ru_utime, usage.ru_stime]
        .map(|time| {
            Duration::new(
                time.tv_sec.unsigned_abs(),
                u32::try_from(time.tv_usec).unwrap() * 1000,
            )
        })
        .into_iter()
        .sum()
}

/// `count` actions, `jobs` at a time.
async fn round(case: &mut Case, count: usize, jobs: usize) {
    let own = processor_time(libc::RUSAGE_SELF);
    let children = processor_time(libc::RUSAGE_CHILDREN);
    let started = Instant::now();
    let workers: Vec<_> = (0..jobs)
        .map(|_| tokio::spawn(several(case.sandbox.clone(), count / jobs)))
        .collect();
    for worker in workers {
        case.latencies.extend(worker.await.unwrap());
    }
    case.walls
        .push(started.elapsed() / u32::try_from(count).unwrap());
    case.processor += processor_time(libc::RUSAGE_SELF) - own;
    case.processor += processor_time(libc::RUSAGE_CHILDREN) - children;
}

async fn several(sandbox: Option<(Arc<Sandbox>, SandboxSpec)>, count: usize) -> Vec<Duration> {
    let mut latencies = Vec::new();
    for _ in 0..count {
        let started = Instant::now();
        if let Some((sandbox, spec)) = &sandbox {
            let finished = sandbox.run(spec, &CancelToken::new()).await.unwrap();
            assert!(finished.exit.is_success(), "{finished:?}");
        } else {
            let status = std::process::Command::new("/usr/bin/true")
                .env_clear()
                .status();
            assert!(status.unwrap().success());
        }
        latencies.push(started.elapsed());
    }
    latencies
}

fn spec(argv: &[&str], layers: Vec<Layer>) -> SandboxSpec {
    SandboxSpec {
        argv: argv.iter().map(Into::into).collect(),
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        cwd: "pkg".into(),
        layers,
        tool_layers: Vec::new(),
        make_dirs: vec!["pkg".into()],
        scratch: Scratch::Tmpfs { bytes: 1 << 30 },
        network: Network::None,
        timeout: None,
        log_limit: 1 << 20,
    }
}

fn median(values: &mut [Duration]) -> Duration {
    values.sort();
    values[values.len() / 2]
}
