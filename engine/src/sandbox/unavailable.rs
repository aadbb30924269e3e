//! Why this machine does not isolate actions, and what to do about it.
//!
//! The kernel's answer is almost always EPERM; the cause is found by looking.

use std::fmt;
use std::path::Path;

use super::error::{SandboxError, SetupError, Step};
use crate::sys::fs;

/// The machine, or the container around the engine, refuses what isolation
/// needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxUnavailable {
    /// What stands in the way.
    pub cause: Cause,
    /// The step that failed, and the kernel's answer.
    pub error: SetupError,
}

/// What stands in the way of isolation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// AppArmor takes the capabilities of unprivileged user namespaces away.
    AppArmor,
    /// `user.max_user_namespaces` is 0.
    NoUserNamespaces,
    /// `kernel.unprivileged_userns_clone` is 0.
    UnprivilegedOff,
    /// The limit of some kind of namespace is reached.
    NamespaceLimit,
    /// A container's seccomp filter or security module refuses namespaces.
    Container,
    /// A container hides parts of `/proc`, so no new one may be mounted.
    MaskedProc,
    /// The kernel is older than 5.12 or built without a needed part.
    Kernel,
    /// A configured path of the host cannot be taken into the sandbox.
    HostPath,
    /// None of those that are known.
    Unknown,
}

impl Cause {
    /// The one command, or change, that cures it.
    #[must_use]
    pub fn cure(self) -> &'static str {
        match self {
            Cause::AppArmor => "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
            Cause::NoUserNamespaces | Cause::NamespaceLimit => {
                "sudo sysctl -w user.max_user_namespaces=15000"
            }
            Cause::UnprivilegedOff => "sudo sysctl -w kernel.unprivileged_userns_clone=1",
            Cause::Container => {
                "docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined \
                 --security-opt systempaths=unconfined …"
            }
            Cause::MaskedProc => "docker run --security-opt systempaths=unconfined …",
            Cause::Kernel => "boot Linux 5.12 or newer with CONFIG_USER_NS and CONFIG_OVERLAY_FS",
            Cause::HostPath => "correct or remove the path in `[sandbox] host_paths`",
            Cause::Unknown => "kiln doctor",
        }
    }

    /// The cause in words.
    fn describe(self) -> &'static str {
        match self {
            Cause::AppArmor => {
                "AppArmor restricts unprivileged user namespaces \
                 (kernel.apparmor_restrict_unprivileged_userns = 1)"
            }
            Cause::NoUserNamespaces => {
                "user namespaces are switched off (user.max_user_namespaces = 0)"
            }
            Cause::UnprivilegedOff => {
                "user namespaces are for root only (kernel.unprivileged_userns_clone = 0)"
            }
            Cause::NamespaceLimit => "the limit of namespaces (user.max_*_namespaces) is reached",
            Cause::Container => "the container that Kiln runs in refuses new namespaces",
            Cause::MaskedProc => "the container that Kiln runs in hides parts of /proc",
            Cause::Kernel => "the kernel lacks what isolation needs",
            Cause::HostPath => "a path of the host cannot be shown to actions",
            Cause::Unknown => "the kernel refuses what isolation needs",
        }
    }
}

impl SandboxUnavailable {
    /// Looks for the cause of `error`.
    pub(super) fn new(error: SetupError) -> Self {
        let cause = find_cause(&error, &|setting| read_setting(setting));
        SandboxUnavailable { cause, error }
    }

    /// The one command, or change, that cures it.
    #[must_use]
    pub fn cure(&self) -> &'static str {
        self.cause.cure()
    }
}

impl fmt::Display for SandboxUnavailable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "actions cannot be isolated: {} ({}); cure: {}",
            self.cause.describe(),
            self.error,
            self.cure()
        )
    }
}

impl std::error::Error for SandboxUnavailable {}

/// A failed step of one action: the machine's fault where a cause is found, the
/// action's otherwise.
pub(super) fn explain(error: SetupError) -> SandboxError {
    let refused = matches!(
        error.step,
        Step::Namespaces | Step::Proc | Step::Network | Step::Overlay
    );
    let unavailable = SandboxUnavailable::new(error);
    if refused && unavailable.cause != Cause::Unknown {
        SandboxError::Unavailable(unavailable)
    } else {
        SandboxError::Setup(unavailable.error)
    }
}

/// `setting` answers with the value of a kernel setting, if there is one.
fn find_cause(error: &SetupError, setting: &dyn Fn(&str) -> Option<String>) -> Cause {
    let is = |name: &str, value: &str| setting(name).is_some_and(|found| found == value);
    let refused = matches!(error.errno, libc::EPERM | libc::EACCES);
    match error.step {
        Step::HostPath => return Cause::HostPath,
        Step::Order | Step::Configuration | Step::WorkingDirectory => return Cause::Unknown,
        _ => {}
    }
    if matches!(error.errno, libc::ENOSYS | libc::ENODEV) {
        return Cause::Kernel;
    }
    if is("user/max_user_namespaces", "0") {
        return Cause::NoUserNamespaces;
    }
    if matches!(error.errno, libc::ENOSPC | libc::EUSERS)
        && matches!(error.step, Step::UserNamespace | Step::Namespaces)
    {
        return Cause::NamespaceLimit;
    }
    if !refused {
        return match error.step {
            Step::UserNamespace if error.errno == libc::EINVAL => Cause::Kernel,
            _ => Cause::Unknown,
        };
    }
    if is("kernel/unprivileged_userns_clone", "0") {
        return Cause::UnprivilegedOff;
    }
    if is("kernel/apparmor_restrict_unprivileged_userns", "1") {
        return Cause::AppArmor;
    }
    match error.step {
        Step::Proc => Cause::MaskedProc,
        _ => Cause::Container,
    }
}

fn read_setting(name: &str) -> Option<String> {
    let bytes = fs::read(&Path::new("/proc/sys").join(name)).ok()?;
    Some(String::from_utf8_lossy(&bytes).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Cause, SandboxUnavailable, find_cause};
    use crate::sandbox::error::{SetupError, Step};
    use rustix::io::Errno;

    fn cause(step: Step, errno: Errno, settings: &[(&str, &str)]) -> Cause {
        find_cause(&SetupError::new(step, errno), &|name| {
            let found = settings.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn names_the_setting_that_refuses_namespaces() {
        let max = [("user/max_user_namespaces", "0")];
        let step = Step::UserNamespace;
        assert_eq!(cause(step, Errno::NOSPC, &max), Cause::NoUserNamespaces);
        let clone = [("kernel/unprivileged_userns_clone", "0")];
        assert_eq!(cause(step, Errno::PERM, &clone), Cause::UnprivilegedOff);
        let armor = [("kernel/apparmor_restrict_unprivileged_userns", "1")];
        assert_eq!(cause(Step::Attach, Errno::ACCESS, &armor), Cause::AppArmor);
    }

    #[test]
    fn tells_a_container_from_an_old_kernel_and_a_wrong_path() {
        assert_eq!(
            cause(Step::UserNamespace, Errno::PERM, &[]),
            Cause::Container
        );
        assert_eq!(cause(Step::Proc, Errno::PERM, &[]), Cause::MaskedProc);
        assert_eq!(cause(Step::Attach, Errno::NOSYS, &[]), Cause::Kernel);
        assert_eq!(cause(Step::HostPath, Errno::NOENT, &[]), Cause::HostPath);
        assert_eq!(
            cause(Step::Namespaces, Errno::NOSPC, &[]),
            Cause::NamespaceLimit
        );
        assert_eq!(cause(Step::Scratch, Errno::IO, &[]), Cause::Unknown);
    }

    #[test]
    fn the_message_holds_cause_step_and_cure() {
        let unavailable = SandboxUnavailable {
            cause: Cause::AppArmor,
            error: SetupError::on(Step::IdMap, "/proc/self/uid_map", Errno::PERM),
        };
        let text = unavailable.to_string();
        assert!(text.contains("AppArmor"), "{text}");
        assert!(text.contains("/proc/self/uid_map"), "{text}");
        assert!(text.contains("sudo sysctl -w kernel.apparmor_"), "{text}");
    }
}
