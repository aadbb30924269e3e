//! What an action sees is the same everywhere.

use kiln_engine::sandbox::{Base, Network, Sandbox};

use crate::kit::{command, config, contents, sandbox, sh, succeeded, tree};

crate::tests![
    the_environment_is_exactly_the_declared_one,
    ids_name_and_host_name_are_fixed,
    umask_and_limits_are_fixed,
    the_root_holds_nothing_undeclared,
    devices_are_the_harmless_ones,
    standard_input_is_at_its_end,
    inherited_descriptors_are_closed,
    there_is_no_terminal,
    signals_have_their_default_dispositions,
    home_and_temporary_directories_are_private_and_writable,
    directories_made_for_the_action_have_the_constant_time,
    host_paths_appear_read_only_at_their_place,
    host_paths_below_tmp_appear_in_the_private_tmp,
    an_empty_base_shows_nothing_of_the_host,
    only_a_network_action_sees_the_resolver_configuration,
];

fn the_environment_is_exactly_the_declared_one() {
    let env = command(&["/usr/bin/env", "-0"]).stdout();
    assert_eq!(env, "HOME=/kiln/home\0PATH=/usr/bin:/bin\0TMPDIR=/tmp\0");
}

fn ids_name_and_host_name_are_fixed() {
    let script =
        "id -u; id -g; id -G; id -un; id -gn; hostname; cat /proc/sys/kernel/domainname; echo $$";
    let seen = sh(script).stdout();
    assert_eq!(
        seen,
        "1000\n1000\n1000\nbuild\nbuild\nkiln\nlocaldomain\n2\n"
    );
}

fn umask_and_limits_are_fixed() {
    let script = "umask; for l in c n s u l q i; do ulimit -S -$l 2>/dev/null || bash -c \"ulimit -S -$l\"; done";
    assert_eq!(
        sh(script).stdout(),
        "0022\n0\n1024\n8192\n16384\n64\n819200\n8192\n"
    );
}

fn the_root_holds_nothing_undeclared() {
    let listed = sh("ls /; ls /kiln /kiln/tools /kiln/home /tmp /kiln/ws").stdout();
    let (root, kiln) = listed.split_once("\n/kiln:").unwrap();
    for name in root.lines() {
        let known = [
            "bin", "dev", "etc", "kiln", "lib", "lib32", "lib64", "libx32", "proc", "sbin", "tmp",
            "usr", "var",
        ];
        assert!(known.contains(&name), "{name}");
    }
    assert_eq!(
        kiln,
        "\nhome\ntools\nws\n\n/kiln/home:\n\n/kiln/tools:\n\n/kiln/ws:\npkg\n\n/tmp:\n"
    );
    let absent = sh("stat /home /root /work /proc/run /proc/rw /var/lib; true").run();
    assert_eq!(
        crate::kit::text(&absent.log.merged())
            .matches("No such file")
            .count(),
        6
    );
}

fn devices_are_the_harmless_ones() {
    assert_eq!(
        sh("ls /dev").stdout(),
        "fd\nfull\nnull\nrandom\nshm\nstderr\nstdin\nstdout\nurandom\nzero\n"
    );
    assert_eq!(
        sh("head -c 3 /dev/zero | od -An -tx1; echo x > /dev/null").stdout(),
        " 00 00 00\n"
    );
    assert!(!sh("echo x > /dev/full").run().exit.is_success());
}

fn standard_input_is_at_its_end() {
    assert_eq!(sh("cat; echo end").stdout(), "end\n");
}

fn inherited_descriptors_are_closed() {
    // 3 is the directory that `ls` reads.
    assert_eq!(
        command(&["/bin/ls", "/proc/self/fd"]).stdout(),
        "0\n1\n2\n3\n"
    );
}

fn there_is_no_terminal() {
    assert_eq!(sh("test -e /dev/tty; echo $?").stdout(), "1\n");
    // Field 7 of stat is the controlling terminal, 5 and 6 group and session.
    assert_eq!(sh("cut -d' ' -f5-7 /proc/$$/stat").stdout(), "2 2 0\n");
}

fn signals_have_their_default_dispositions() {
    let seen = sh("grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status").stdout();
    assert!(seen.contains("SigBlk:\t0000000000000000"), "{seen}");
    assert!(seen.contains("SigIgn:\t0000000000000000"), "{seen}");
}

fn home_and_temporary_directories_are_private_and_writable() {
    let write = "for d in /tmp /kiln/home; do ls -A $d; touch $d/file; done";
    assert_eq!(sh(write).stdout(), "");
    assert_eq!(
        sh(write).stdout(),
        "",
        "nothing is left of the first action"
    );
    assert_eq!(
        sh("stat -L -c %a /tmp /kiln/home /dev/shm /var/tmp").stdout(),
        "1777\n755\n1777\n1777\n"
    );
    let shared_memory = "from multiprocessing import shared_memory as s; \
                         m = s.SharedMemory(create=True, size=4096); m.close(); m.unlink()";
    command(&["python3", "-c", shared_memory]).stdout();
}

fn directories_made_for_the_action_have_the_constant_time() {
    let action = sh("stat -c '%Y %a' . .. deep deep/er").with(|spec| {
        spec.make_dirs.push("pkg/deep/er/est".into());
    });
    assert_eq!(action.stdout(), "315532800 755\n".repeat(4));
}

fn host_paths_appear_read_only_at_their_place() {
    let mut configuration = config();
    configuration.host_paths = vec!["/etc/hostname".into(), "/usr/bin".into()];
    let sandbox = Sandbox::start(&configuration).unwrap();
    let hostname = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    assert_eq!(
        succeeded(&sh("cat /etc/hostname").run_in(&sandbox)),
        hostname
    );
    assert!(
        !sh("echo x > /etc/hostname")
            .run_in(&sandbox)
            .exit
            .is_success()
    );

    configuration.host_paths = vec!["/not/there".into()];
    let refusal = Sandbox::start(&configuration).unwrap_err().to_string();
    assert!(refusal.contains("/not/there"), "{refusal}");
    assert!(refusal.contains("host_paths"), "{refusal}");
}

fn host_paths_below_tmp_appear_in_the_private_tmp() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    std::fs::write(directory.path().join("file"), "host").unwrap();
    let mut configuration = config();
    let file = directory.path().join("file");
    configuration.host_paths = vec![directory.path().into(), file.clone()];
    let sandbox = Sandbox::start(&configuration).unwrap();
    let script = format!("cat {0}; ls -A /tmp | wc -l; ! touch {0}x", file.display());
    assert_eq!(succeeded(&sh(&script).run_in(&sandbox)), "host1\n");
}

fn an_empty_base_shows_nothing_of_the_host() {
    let mut configuration = config();
    configuration.base = Base::Empty;
    let sandbox = Sandbox::start(&configuration).unwrap();
    let refused = command(&["/bin/sh", "-c", ":"]).run_in(&sandbox);
    assert_eq!(refused.exit.code(), 127);
    // A program with its libraries as declared tools.
    let linked = std::process::Command::new("ldd")
        .arg("/bin/ls")
        .output()
        .unwrap();
    let files = crate::kit::text(&linked.stdout);
    let mut paths: Vec<&str> = files
        .split_whitespace()
        .filter(|word| word.starts_with('/'))
        .collect();
    paths.push("/bin/ls");
    let area = sandbox.run_area();
    let tools = tree(&sandbox, "tools", &[]);
    for path in &paths {
        let name = path.rsplit('/').next().unwrap();
        let place = format!("tools/{name}");
        let flags = rustix::fs::OFlags::CREATE | rustix::fs::OFlags::WRONLY;
        let file = rustix::fs::openat(area, place, flags, 0o555.into()).unwrap();
        let mut file = std::fs::File::from(file);
        std::io::copy(&mut std::fs::File::open(path).unwrap(), &mut file).unwrap();
    }
    let loader = paths.iter().find(|path| path.contains("/ld-")).unwrap();
    let loader = format!("/kiln/tools/{}", loader.rsplit('/').next().unwrap());
    let listed = command(&[
        &loader,
        "--library-path",
        "/kiln/tools",
        "/kiln/tools/ls",
        "/",
    ])
    .with(|spec| spec.tool_layers.push(tools))
    .run_in(&sandbox);
    assert_eq!(succeeded(&listed), "dev\netc\nkiln\nproc\ntmp\nusr\nvar\n");
    assert!(contents(&listed.upper, "nothing").is_none());
}

fn only_a_network_action_sees_the_resolver_configuration() {
    let host = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    assert_eq!(sh("cat /etc/resolv.conf").stdout(), "");
    let seen = sh("cat /etc/resolv.conf; ls -d /etc/ssl >&2")
        .with(|spec| spec.network = Network::Host)
        .run_in(sandbox());
    assert_eq!(
        crate::kit::text(&seen.log.bytes_of(kiln_engine::sandbox::Stream::Stdout)),
        host
    );
}
