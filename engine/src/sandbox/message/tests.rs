//! Tests of `message`.

use proptest::prelude::*;

use super::*;

fn strings() -> impl Strategy<Value = Vec<Vec<u8>>> {
    proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..5)
}

prop_compose! {
    fn order()(
        argv in strings(),
        env in strings(),
        layers in strings(),
        tool_layers in strings(),
        make_dirs in strings(),
        cwd in proptest::collection::vec(any::<u8>(), 0..20),
        disk in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..20)),
        bytes in any::<u64>(),
        host_network in any::<bool>(),
    ) -> Order {
        let scratch = disk.map_or(ScratchPlace::Tmpfs(bytes), ScratchPlace::Disk);
        Order { argv, env, cwd, layers, tool_layers, make_dirs, scratch, host_network }
    }
}

proptest! {
    #[test]
    fn an_order_survives_its_journey(order in order()) {
        prop_assert_eq!(Order::decode(&order.encode()), Ok(order));
    }

    #[test]
    fn an_order_with_an_end_missing_is_refused(order in order(), cut in 1..50_usize) {
        let mut bytes = order.encode();
        bytes.truncate(bytes.len().saturating_sub(cut));
        prop_assert!(Order::decode(&bytes).is_err());
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Configuration::decode(&bytes);
        let _ = Startup::decode(&bytes);
        let _ = Order::decode(&bytes);
        let _ = Reply::decode(&bytes);
    }
}

#[test]
fn replies_survive_their_journey() {
    let failed = Reply::Failed(SetupError::on(
        Step::Overlay,
        "a b",
        rustix::io::Errno::PERM,
    ));
    let report = |ending| {
        Reply::Finished(Report {
            ending,
            user_micros: 1,
            system_micros: 2,
            max_rss_kib: 3,
            scratch_full: true,
            leftovers: vec![b"sleep".to_vec()],
        })
    };
    for reply in [
        Reply::Ready,
        failed,
        report(Ending::Exited(255)),
        report(Ending::Signaled(64)),
        report(Ending::NotExecuted(2)),
    ] {
        assert_eq!(Reply::decode(&reply.encode()), Ok(reply));
    }
}

#[test]
fn another_version_is_refused() {
    let mut bytes = Startup::Ready.encode();
    bytes[0] += 1;
    assert_eq!(Startup::decode(&bytes), Err(WireError::Version));
}

#[test]
fn a_claimed_count_allocates_nothing() {
    let mut encoder = Encoder::default();
    encoder.byte(VERSION);
    encoder.number(u64::MAX);
    assert_eq!(Order::decode(&encoder.finish()), Err(WireError::Truncated));
}

#[test]
fn every_step_has_its_byte() {
    for byte in 0..=u8::MAX {
        if let Some(step) = Step::from_byte(byte) {
            assert_eq!(step as u8, byte);
        }
    }
    assert_eq!(
        Step::from_byte(Step::WorkingDirectory as u8),
        Some(Step::WorkingDirectory)
    );
}
