//! Figures for hashing, listings and the local store, on real files below the
//! target directory. Arguments name the sections to run.
//!
//! Each line is one measurement; compare lines of one run only.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::unwrap_used,
    reason = "a benchmark is a program of its own: it prints, times and may fail"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kiln_engine::artifact::{Entry, Listing};
use kiln_engine::content::FingerprintCache;
use kiln_engine::events::Usage;
use kiln_engine::key::ActionKey;
use kiln_engine::store::{ActionResult, Content, Limits, RunSummary, Store, StoreOptions, Verify};
use kiln_plugin_abi::{Digest, WorkspacePath};

const COUNT: u32 = 10_000;

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let wanted =
        |section: &str| arguments.is_empty() || arguments.iter().any(|word| word == section);
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let at = |name: &str| directory.path().join(name);
    if wanted("fingerprints") {
        fingerprints(&at("sources"));
    }
    if wanted("listings") {
        listings();
    }
    if wanted("results") {
        results(&at("results"));
    }
    if wanted("contents") {
        for size in [1_000, 4_000, 16_000, 17_000, 64_000] {
            contents(&at(&format!("contents-{size}")), size);
        }
    }
    if wanted("large") {
        large(&at("large"));
    }
}

fn fingerprints(root: &Path) {
    let paths: Vec<WorkspacePath> = (0..COUNT)
        .map(|number| WorkspacePath::from_normalised(&format!("p{}/src/{number}.c", number % 100)))
        .map(Option::unwrap)
        .collect();
    for path in &paths {
        let file = root.join(path.as_str());
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, format!("int {};", path.as_str()).repeat(20)).unwrap();
    }
    // Files settle after two seconds.
    std::thread::sleep(Duration::from_millis(2100));
    let state = root.join(".kiln/fingerprints");
    for what in [
        "fingerprint 10,000 new files",
        "fingerprint 10,000 unchanged files",
    ] {
        time(what, || {
            let cache = FingerprintCache::load(&state);
            let answers = cache.fingerprints(root, &paths).unwrap();
            assert!(answers.iter().all(Result::is_ok));
            cache.save().unwrap();
        });
    }
}

fn listing(number: u32, size: u64) -> Listing {
    let path = WorkspacePath::from_normalised(&format!("p{}/q/out{number}", number % 100));
    let digest = Digest::new(*Digest::of(&number.to_le_bytes()).sha256(), size);
    Listing::of_file(path.unwrap(), digest, false).unwrap()
}

fn listings() {
    let mut all = Vec::new();
    time("make 10,000 listings of one file", || {
        all = (0..COUNT).map(|number| listing(number, 10)).collect();
    });
    let mut records = Vec::new();
    time("encode them", || {
        records = all.iter().map(Listing::encode).collect::<Vec<_>>();
    });
    time("decode them", || {
        for record in &records {
            Listing::decode(record).unwrap();
        }
    });
    let flat: Vec<Bytes> = all
        .iter()
        .map(|listing| listing.encode_flat().into())
        .collect();
    time("decode them from flat records", || {
        for (listing, record) in all.iter().zip(flat) {
            Listing::decode_flat(record, listing.digest()).unwrap();
        }
    });
    let entries: Vec<(WorkspacePath, Entry)> = (0..100_000)
        .map(|number| {
            let path = format!("d{}/e{}/{number}", number % 100, number % 1000);
            let digest = Digest::new([7; 32], 10);
            let path = WorkspacePath::from_normalised(&path).unwrap();
            (
                path,
                Entry::File {
                    digest,
                    executable: false,
                },
            )
        })
        .collect();
    time("make one listing of 100,000 files", || {
        Listing::new(entries.clone()).unwrap();
    });
}

fn open(root: &Path) -> Store {
    let limits = Limits {
        max_size: 1 << 40,
        max_age: 1000,
    };
    let options = StoreOptions {
        root: root.to_owned(),
        limits,
        verify: Verify::Size,
    };
    Store::open(&options)
}

fn results(root: &Path) {
    let key = |number: u32| ActionKey(*Digest::of(&number.to_le_bytes()).sha256());
    let all: Vec<ActionResult> = (0..COUNT)
        .map(|number| ActionResult {
            outputs: vec![(None, Arc::new(listing(number, 10)))],
            log: None,
            usage: Usage::default(),
            exit_code: 0,
            created: 1,
        })
        .collect();
    let manifest = [7; 600];
    time("open a new store", || drop(open(root)));
    time("publish 10,000 results and manifests, to the disk", || {
        let store = open(root);
        for (number, result) in all.iter().enumerate() {
            store.publish(key(number as u32), result, &manifest);
        }
        store.flush();
    });
    let keys: Vec<ActionKey> = (0..COUNT).map(key).collect();
    let store = time("open a store", || open(root));
    for what in [
        "look 10,000 results up, first time",
        "look them up again",
        "and again",
    ] {
        time(what, || {
            assert!(store.results(&keys).iter().all(Option::is_some));
        });
    }
    let absent: Vec<ActionKey> = (COUNT..2 * COUNT).map(key).collect();
    time("look 10,000 unknown keys up", || {
        assert!(store.results(&absent).iter().all(Option::is_none));
    });
    time("finish a run that used them", || {
        store.finish(RunSummary::default()).unwrap();
    });
}

fn contents(root: &Path, size: usize) {
    let count = 2000u32;
    let bytes = |number: u32| -> Bytes {
        number
            .to_le_bytes()
            .iter()
            .copied()
            .cycle()
            .take(size)
            .collect()
    };
    let store = open(root);
    let all: Vec<Bytes> = (0..count).map(bytes).collect();
    let digests: Vec<Digest> = all.iter().map(|bytes| Digest::of(bytes)).collect();
    time(&format!("put {count} contents of {size} bytes"), || {
        for bytes in all {
            store.put_bytes(bytes, false).unwrap();
        }
        store.flush();
    });
    drop(store);
    let store = open(root);
    let mut sum = 0;
    time(&format!("get {count} contents of {size} bytes"), || {
        for digest in &digests {
            let content = store.open_content(digest, false).unwrap();
            let mut bytes = Vec::with_capacity(size);
            sum += std::io::copy(&mut content.reader(), &mut bytes).unwrap();
        }
    });
    assert_eq!(sum, u64::from(count) * size as u64);
    let used = disk_use(root);
    println!(
        "{:>12.3}  disk bytes per byte of content of {size} bytes",
        used as f64 / sum as f64
    );
}

fn large(root: &Path) {
    let store = open(root);
    let scratch = store.scratch().unwrap().unwrap();
    let mut files = Vec::new();
    for number in 0..20u8 {
        let bytes: Vec<u8> = (0..50_000_000u32)
            .map(|index| (index >> 9) as u8 ^ number)
            .collect();
        let path = scratch.join(number.to_string());
        std::fs::write(&path, bytes).unwrap();
        files.push(path);
    }
    time("copy 20 files of 50 MB", || {
        for path in &files {
            std::fs::copy(path, path.with_extension("copy")).unwrap();
        }
    });
    let mut digests = Vec::new();
    time("put 20 files of 50 MB", || {
        for path in &files {
            let file = std::fs::File::open(path).unwrap();
            digests.push(store.put_file(&file, 50_000_000, false).unwrap());
        }
        store.flush();
    });
    time("get them as copies", || {
        for (path, digest) in files.iter().zip(&digests) {
            let Ok(Content::Blob { path: blob, .. }) = store.open_content(digest, false) else {
                panic!("not a blob");
            };
            std::fs::copy(blob, path.with_extension("got")).unwrap();
        }
    });
}

/// Prints how long `run` took: on the clock, and on all processors together.
fn time<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let worked = processor_time();
    let answer = run();
    let worked = (processor_time() - worked).as_secs_f64() * 1000.0;
    let elapsed = began.elapsed().as_secs_f64() * 1000.0;
    println!("{elapsed:>9.2} ms {worked:>9.2} ms cpu  {what}");
    answer
}

fn processor_time() -> Duration {
    let clock = rustix::time::ClockId::ProcessCPUTime;
    rustix::time::clock_gettime(clock).try_into().unwrap()
}

/// Bytes that a directory takes on the disk.
fn disk_use(directory: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let entries = std::fs::read_dir(directory).unwrap().map(Result::unwrap);
    entries
        .map(|entry| match entry.metadata().unwrap() {
            status if status.is_dir() => disk_use(&entry.path()) + status.blocks() * 512,
            status => status.blocks() * 512,
        })
        .sum()
}
