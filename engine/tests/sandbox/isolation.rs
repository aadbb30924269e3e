//! What an action cannot reach or change.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use kiln_engine::cancel::CancelToken;
use kiln_engine::sandbox::{Network, SandboxError};

use crate::kit::{block_on, command, sandbox, sh, succeeded, text, until_runs};

crate::tests![
    nothing_of_one_action_is_seen_by_the_next,
    the_system_is_read_only,
    a_server_on_the_hosts_loopback_is_out_of_reach_without_network,
    the_internet_fails_at_once,
    the_own_loopback_works_and_a_port_is_free_again_at_once,
    two_actions_at_once_use_the_same_port,
    processes_of_the_host_are_invisible,
    an_action_cannot_end_its_own_init,
    ipc_objects_do_not_outlive_their_action,
    capabilities_are_gone_and_stay_gone,
    set_id_bits_are_refused,
    kernel_interfaces_that_no_build_needs_are_refused,
    nested_namespaces_work_and_reveal_nothing,
    kernel_settings_cannot_be_changed,
    the_setup_area_cannot_be_reached,
];

fn nothing_of_one_action_is_seen_by_the_next() {
    sh("touch /tmp/left /dev/shm/left /kiln/home/left left; ls / > listing").stdout();
    let script = "ls -A /tmp /dev/shm /kiln/home /kiln/ws/pkg | grep -c left; true";
    assert_eq!(sh(script).stdout(), "0\n");
}

fn the_system_is_read_only() {
    let script = "for d in / /usr /etc /dev /kiln /usr/bin /kiln/tools /proc; do \
                  touch $d/new 2>/dev/null && echo $d; done; \
                  rm -f /usr/bin/env 2>/dev/null && echo env; \
                  chmod 777 /dev/null 2>/dev/null && echo null; true";
    assert_eq!(sh(script).stdout(), "");
}

/// A script that talks to a port through bash.
fn connect(port: u16) -> String {
    format!("bash -c 'exec 5<>/dev/tcp/127.0.0.1/{port} && echo hello >&5 && cat <&5'")
}

fn a_server_on_the_hosts_loopback_is_out_of_reach_without_network() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let refused = sh(&connect(port)).run();
    assert!(!refused.exit.is_success());
    assert!(text(&refused.log.merged()).contains("refused"));

    let answer = std::thread::spawn(move || {
        let (mut client, _): (TcpStream, _) = listener.accept().unwrap();
        let mut received = [0; 6];
        client.read_exact(&mut received).unwrap();
        client.write_all(b"world").unwrap();
    });
    let reached = sh(&connect(port)).with(|spec| spec.network = Network::Host);
    assert_eq!(reached.stdout(), "world");
    answer.join().unwrap();
}

fn the_internet_fails_at_once() {
    let finished = sh("bash -c 'exec 5<>/dev/tcp/192.0.2.1/80'").run();
    assert!(!finished.exit.is_success());
    assert!(text(&finished.log.merged()).contains("unreachable"));
}

/// A server that closes first, so that its port would wait, and its client.
const SERVE: &str = r#"
import socket, threading
server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind(("0.0.0.0", 8080))
server.listen()
def serve():
    connection, _ = server.accept()
    connection.sendall(b"pong")
    connection.close()
thread = threading.Thread(target=serve)
thread.start()
print(socket.create_connection(("127.0.0.1", 8080)).recv(4).decode())
thread.join()
"#;

fn the_own_loopback_works_and_a_port_is_free_again_at_once() {
    // More than the pool holds, so that namespaces are used again.
    for _ in 0..6 {
        let action = command(&["python3", "-c", SERVE]);
        assert_eq!(action.stdout(), "pong\n");
    }
}

fn two_actions_at_once_use_the_same_port() {
    // The first one holds the port until it is cancelled.
    let hold = "import os, socket; s = socket.socket(); s.bind(('', 8080)); s.listen(); \
                s.set_inheritable(True); os.execv('/bin/sleep', ['sleep', '86409'])";
    let holder = command(&["python3", "-c", hold]);
    let cancel = CancelToken::new();
    block_on(async {
        let (held, ()) = tokio::join!(sandbox().run(&holder.spec, &cancel), async {
            until_runs("sleep\x0086409").await;
            let second = command(&["python3", "-c", SERVE]);
            let finished = sandbox().run(&second.spec, &CancelToken::new()).await;
            assert_eq!(succeeded(&finished.unwrap()), "pong\n");
            cancel.cancel();
        });
        assert!(matches!(held, Err(SandboxError::Cancelled)), "{held:?}");
    });
}

fn processes_of_the_host_are_invisible() {
    let pids = sh("ls /proc | grep -E '^[0-9]+$' | sort -n | head -1; kill -0 $PPID; echo $?");
    // The init is there, but not to be signalled away.
    let seen = pids.stdout();
    assert!(seen.starts_with("1\n"), "{seen}");
    let own = std::process::id();
    assert_eq!(sh(&format!("test -e /proc/{own}; echo $?")).stdout(), "1\n");
}

fn an_action_cannot_end_its_own_init() {
    let script = "kill -9 1; kill -15 1; kill -STOP 1; kill -9 -1 & wait; \
                  cat /proc/1/environ 2>/dev/null; ls /proc/1/root /proc/1/cwd 2>/dev/null; readlink /proc/1/fd/*; echo on";
    assert_eq!(sh(script).run().exit.code(), 137);
    let script = script.replace("kill -9 -1 & wait;", "");
    assert_eq!(sh(&script).stdout(), "on\n");
}

fn ipc_objects_do_not_outlive_their_action() {
    assert!(
        sh("ipcmk -M 4096 && ipcmk -Q && ipcmk -S 1")
            .run()
            .exit
            .is_success()
    );
    assert_eq!(
        sh("cat /proc/sysvipc/shm /proc/sysvipc/msg /proc/sysvipc/sem | grep -c 1000; true")
            .stdout(),
        "0\n"
    );
}

fn capabilities_are_gone_and_stay_gone() {
    let seen = sh("grep -E '^(Cap|NoNewPrivs)' /proc/self/status").stdout();
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert!(
            seen.contains(&format!("{set}:\t0000000000000000")),
            "{seen}"
        );
    }
    assert!(seen.contains("NoNewPrivs:\t1"), "{seen}");
    assert!(!sh("mount -t tmpfs none /tmp").run().exit.is_success());
    assert!(!sh("hostname other").run().exit.is_success());
}

fn set_id_bits_are_refused() {
    let script = "touch f; for m in u+s g+s 4755 2755 6755; do chmod $m f 2>/dev/null && echo $m; done; \
                  chmod 755 f; stat -c %a f";
    assert_eq!(sh(script).stdout(), "755\n");
}

fn kernel_interfaces_that_no_build_needs_are_refused() {
    // keyctl, bpf, perf_event_open, userfaultfd, io_uring_setup, and keyctl in
    // the other ABI of the same architecture; EPERM is 1.
    let script = r#"
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for number in 250, 321, 298, 323, 425, 0x40000000 | 250:
    result = libc.syscall(number, 0, 0, 0, 0, 0)
    print(result, ctypes.get_errno())
"#;
    if cfg!(target_arch = "x86_64") {
        let action = command(&["python3", "-c", script]);
        assert_eq!(action.stdout(), "-1 1\n".repeat(6));
    }
}

fn nested_namespaces_work_and_reveal_nothing() {
    let script = "unshare -Urm sh -c '\
                  id -u; mount -t tmpfs none /tmp && echo mounted; \
                  umount /proc 2>/dev/null && echo revealed; \
                  umount -l /kiln/ws 2>/dev/null && echo revealed; \
                  mount -o remount,rw /usr 2>/dev/null && echo writable; \
                  mount -o remount,rw,bind / 2>/dev/null && echo writable; \
                  touch /usr/x 2>/dev/null && echo written; true'";
    assert_eq!(sh(script).stdout(), "0\nmounted\n");
}

fn kernel_settings_cannot_be_changed() {
    // As the host's root, an action's id owns these files. The last pid is that of
    // its own PID namespace.
    let script = "find /proc/sys /proc/sysrq-trigger /proc/irq /proc/bus /proc/fs /proc/acpi \
                  -writable -type f ! -name ns_last_pid 2>/dev/null; true";
    assert_eq!(sh(script).stdout(), "");
}

fn the_setup_area_cannot_be_reached() {
    let script = "ls -d /proc/run /proc/host /proc/scratch /proc/1/cwd/run 2>/dev/null; \
                  unshare -Ur ls -d /proc/run /proc/1/cwd/run /proc/1/root/proc/run 2>/dev/null; \
                  true";
    assert_eq!(sh(script).stdout(), "");
}
