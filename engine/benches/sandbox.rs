//! Sandboxed `true` next to a plain spawn of `true`, in one run.
//!
//! `cargo bench -p kiln-engine --bench sandbox [-- COUNT [JOBS]]` prints medians
//! and ratios; nothing is asserted, machines differ.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::unwrap_used,
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
    let started = Instant::now();
    let config = SandboxConfig {
        base: Base::Host,
        host_paths: Vec::new(),
        disk_roots: Vec::new(),
        run_area_bytes: 1 << 30,
        network_pool: jobs,
    };
    let sandbox = Arc::new(Sandbox::start(&config).unwrap());
    println!("start of the forkserver: {:?}", started.elapsed());
    rustix::fs::mkdirat(sandbox.run_area(), "tree", 0o755.into()).unwrap();

    let plain = Case::Plain;
    let bare = Case::Sandboxed(sandbox.clone(), spec(&["/usr/bin/true"], Vec::new()));
    let tree = vec![Layer::RunArea("tree".into())];
    let inputs = Case::Sandboxed(sandbox.clone(), spec(&["/usr/bin/true"], tree.clone()));
    let shell = Case::Sandboxed(sandbox, spec(&["/bin/sh", "-c", "echo x > out"], tree));
    // In turns, so that what else the machine does hits all alike.
    let cases = [
        ("plain true", plain),
        ("sandboxed true", bare),
        ("  with inputs", inputs),
        ("  sh -c", shell),
    ];
    let mut totals = vec![Vec::new(); cases.len()];
    let mut latencies = vec![Vec::new(); cases.len()];
    for _ in 0..10 {
        for (index, (_, case)) in cases.iter().enumerate() {
            let (total, each) = round(case, count / 10, jobs).await;
            totals[index].push(total / u32::try_from(count / 10).unwrap());
            latencies[index].extend(each);
        }
    }
    let base = median(&mut totals[0].clone());
    for (index, (name, _)) in cases.iter().enumerate() {
        let per_action = median(&mut totals[index]);
        let each = &mut latencies[index];
        each.sort();
        println!(
            "{name:16} {per_action:>9.1?} wall per action ({:.2}x), latency median {:.1?} p95 {:.1?}",
            per_action.as_secs_f64() / base.as_secs_f64(),
            each[each.len() / 2],
            each[each.len() * 95 / 100],
        );
    }
}

#[derive(Clone)]
enum Case {
    Plain,
    Sandboxed(Arc<Sandbox>, SandboxSpec),
}

/// `count` actions, `jobs` at a time: the time of all and of each.
async fn round(case: &Case, count: usize, jobs: usize) -> (Duration, Vec<Duration>) {
    let started = Instant::now();
    let workers: Vec<_> = (0..jobs)
        .map(|_| {
            let case = case.clone();
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                for _ in 0..count / jobs {
                    let started = Instant::now();
                    one(&case).await;
                    latencies.push(started.elapsed());
                }
                latencies
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for worker in workers {
        latencies.extend(worker.await.unwrap());
    }
    (started.elapsed(), latencies)
}

async fn one(case: &Case) {
    match case {
        Case::Plain => {
            let status = std::process::Command::new("/usr/bin/true")
                .env_clear()
                .status();
            assert!(status.unwrap().success());
        }
        Case::Sandboxed(sandbox, spec) => {
            let finished = sandbox.run(spec, &CancelToken::new()).await.unwrap();
            assert!(finished.exit.is_success(), "{finished:?}");
        }
    }
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
