//! The store against a model that is a map, under random use.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    /// Publish a result whose file has these bytes and this length.
    Publish(u8, u8, usize),
    Forget(u8),
    Reopen,
    /// Open a second handle and keep it.
    Share,
    /// Collect down to so many bytes.
    Collect(u64),
    /// Cut or remove the content of a result.
    Damage(u8, bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let length = prop_oneof![Just(0), Just(10), Just(16_384), Just(16_385), Just(60_000)];
    let step = prop_oneof![
        6 => (0u8..8, 0u8..4, length).prop_map(|(key, byte, size)| Step::Publish(key, byte, size)),
        1 => (0u8..8).prop_map(Step::Forget),
        2 => Just(Step::Reopen),
        1 => Just(Step::Share),
        1 => (0u64..200_000).prop_map(Step::Collect),
        1 => (0u8..8, any::<bool>()).prop_map(|(key, remove)| Step::Damage(key, remove)),
    ];
    proptest::collection::vec(step, 1..25)
}

/// What a handle says about a key: never wrong bytes, and nothing lost that
/// nobody threw away.
fn agrees(store: &Store, number: u8, expected: Option<&Vec<u8>>, may_be_lost: bool) {
    let Some(result) = found(store, key(number)) else {
        assert!(expected.is_none() || may_be_lost, "result {number} is lost");
        return;
    };
    let expected = expected.expect("a result that was never published, or was forgotten");
    match read(store, &result.outputs[0].1) {
        Ok(bytes) => assert!(bytes == *expected, "wrong bytes for {number}"),
        Err(_) => assert!(may_be_lost, "the content of {number} is lost"),
    }
}

fn damage(store: &Store, bytes: &[u8], remove: bool) {
    let path = store.layout().blob(&Digest::of(bytes), false);
    if fs::symlink_metadata(&path).unwrap().is_some() {
        fs::remove_file(&path).unwrap();
        if !remove {
            fs::write(&path, b"short").unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_store_never_lies_and_loses_only_what_was_thrown_away(steps in steps()) {
        let fixture = Fixture::new();
        let mut store = fixture.open();
        let mut shared = Vec::new();
        let mut model: HashMap<u8, Vec<u8>> = HashMap::new();
        let mut may_be_lost = false;
        for step in steps {
            match step {
                Step::Publish(number, byte, size) => {
                    let bytes = vec![byte; size];
                    publish(&store, key(number), &bytes);
                    model.insert(number, bytes);
                }
                Step::Forget(number) => {
                    store.forget(key(number));
                    model.remove(&number);
                }
                Step::Reopen => {
                    drop(store);
                    store = fixture.open();
                }
                Step::Share => shared.push(fixture.open()),
                Step::Collect(max_size) => {
                    store.collect(Limits { max_size, ..ROOMY }).unwrap();
                    may_be_lost = true;
                }
                Step::Damage(number, remove) => {
                    if let Some(bytes) = model.get(&number) {
                        damage(&store, bytes, remove);
                        may_be_lost = true;
                    }
                }
            }
            for number in 0..8 {
                agrees(&store, number, model.get(&number), may_be_lost);
            }
        }
        store.flush();
        for other in shared.iter().chain([&fixture.open()]) {
            for number in 0..8 {
                agrees(other, number, model.get(&number), may_be_lost);
            }
        }
    }
}
