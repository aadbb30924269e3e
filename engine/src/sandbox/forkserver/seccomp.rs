//! The system calls that no action may make.
//!
//! The list's version is in every key ([`SECCOMP_VERSION`]). What is denied
//! answers EPERM. A program of another architecture (32-bit x86) is killed.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

/// Raised with every change of what the filter denies.
pub const SECCOMP_VERSION: u32 = 1;

/// Denied whatever the arguments: they reach kernel state that namespaces do
/// not separate, or widen the kernel's surface for no build's benefit.
const DENIED: &[i64] = &[
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
];

/// Calls that set a file's mode, with the position of the mode.
const MODE_CHANGES: &[(i64, u8)] = &[
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_chmod, 1),
    (libc::SYS_fchmod, 1),
    (libc::SYS_fchmodat, 2),
    (SYS_FCHMODAT2, 2),
];

/// The same number on every architecture.
const SYS_FCHMODAT2: i64 = 452;
const MODE_SET_USER_ID: u64 = 0o4000;
const MODE_SET_GROUP_ID: u64 = 0o2000;

/// System calls of the x32 ABI carry this bit and the architecture of x86_64.
#[cfg(target_arch = "x86_64")]
const OTHER_ABI_BIT: Option<i64> = Some(0x4000_0000);
#[cfg(not(target_arch = "x86_64"))]
const OTHER_ABI_BIT: Option<i64> = None;

/// Installs the filter for this process and all that it starts.
///
/// With `hide_groups`, asking for supplementary groups yields none: an ordinary
/// user cannot drop its own when it enters a user namespace.
pub(super) fn install(hide_groups: bool) -> Result<(), seccompiler::Error> {
    if hide_groups {
        let rules = BTreeMap::from([(libc::SYS_getgroups, Vec::new())]);
        seccompiler::apply_filter(&compile(rules, 0)?)?;
    }
    seccompiler::apply_filter(&compile(deny_rules()?, libc::EPERM.unsigned_abs())?)
}

fn compile(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    errno: u32,
) -> Result<BpfProgram, seccompiler::Error> {
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(errno),
        TargetArch::try_from(std::env::consts::ARCH)?,
    )?;
    Ok(filter.try_into()?)
}

fn deny_rules() -> Result<BTreeMap<i64, Vec<SeccompRule>>, seccompiler::Error> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        DENIED.iter().map(|&call| (call, Vec::new())).collect();
    for &(call, position) in MODE_CHANGES {
        let bits = [MODE_SET_USER_ID, MODE_SET_GROUP_ID];
        let conditions = bits
            .into_iter()
            .map(|bit| sets_bit(position, bit))
            .collect::<Result<_, _>>()?;
        rules.insert(call, conditions);
    }
    if let Some(bit) = OTHER_ABI_BIT {
        let other: Vec<_> = rules
            .iter()
            .map(|(call, conditions)| (call | bit, conditions.clone()))
            .collect();
        rules.extend(other);
    }
    Ok(rules)
}

fn sets_bit(position: u8, bit: u64) -> Result<SeccompRule, seccompiler::Error> {
    let condition = SeccompCondition::new(
        position,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::MaskedEq(bit),
        bit,
    )?;
    Ok(SeccompRule::new(vec![condition])?)
}
