//! `kiln clean`, `kiln gc`, `kiln cache stats` and `kiln doctor`.

use std::path::Path;
use std::time::Duration;

use kiln_plugin_abi::Diagnostic;
use serde_json::{Value, json};

use super::session::{StateDirectory, open_store};
use super::{CleanReport, DoctorFinding, DoctorState, Engine, GcReport};
use crate::failure::{Failure, FailureKind, Outcome};
use crate::sandbox::probe;
use crate::sys::fs;

impl Engine {
    /// Removes the outputs in the workspace, and nothing of the store.
    pub fn clean(&self) -> Outcome<CleanReport> {
        let state = StateDirectory::of(&self.config.workspace);
        let outputs = state.outputs();
        let report = measure(&outputs)?;
        fs::remove_dir_all(&outputs)?;
        Ok(report)
    }

    /// Facts about the store.
    pub fn cache_stats(&self) -> Outcome<Value> {
        let store = open_store(self);
        let stats = store.stats();
        let found: u64 = stats.runs.iter().map(|run| run.found).sum();
        let ran: u64 = stats.runs.iter().map(|run| run.ran).sum();
        let percent = (100 * found).checked_div(found + ran);
        let runs = stats.runs.iter().map(|run| {
            json!({ "cached": run.found, "ran": run.ran, "failed": run.failed, "wall_ms": run.wall_ms })
        });
        Ok(json!({
            "path": self.config.store.display().to_string(),
            "max_bytes": self.config.cache.max_size,
            "total_bytes": stats.total_bytes,
            "results": stats.results,
            "small_contents": stats.small_contents,
            "small_bytes": stats.small_bytes,
            "hit_percent": percent,
            "runs": runs.collect::<Vec<Value>>(),
        }))
    }

    /// Throws away what the store holds beyond the limits; those of the
    /// configuration where none is given.
    pub fn gc(&self, max_size: Option<u64>, max_age: Option<Duration>) -> Outcome<GcReport> {
        let mut settings = self.config.cache;
        settings.max_size = max_size.unwrap_or(settings.max_size);
        settings.max_age = max_age.unwrap_or(settings.max_age);
        let store = open_store(self);
        if store.scratch()?.is_none() {
            let diagnostic =
                Diagnostic::error("the store cannot be written, so nothing was removed");
            return Err(Failure::new(FailureKind::Environment, diagnostic));
        }
        let collected = store.collect(settings.limits())?;
        Ok(GcReport {
            removed_results: collected.results,
            removed_bytes: collected.bytes,
            kept_bytes: collected.bytes_left,
        })
    }

    /// Looks at everything that Kiln needs of the machine.
    pub async fn doctor(&self) -> Vec<DoctorFinding> {
        let probe = probe().await;
        let unavailable = probe.user_namespaces.as_ref().err();
        let cure = || unavailable.map(|unavailable| unavailable.cure().to_owned());
        let essential = |name, good: &str, result: Result<(), String>| match result {
            Ok(()) => finding(name, DoctorState::Good, good),
            Err(detail) => DoctorFinding {
                name,
                state: DoctorState::Missing,
                detail,
                cure: cure(),
            },
        };
        let user = probe
            .user_namespaces
            .as_ref()
            .copied()
            .map_err(ToString::to_string);
        let store = open_store(self);
        let written = matches!(store.scratch(), Ok(Some(_)));
        vec![
            essential(
                "sandbox: user namespaces",
                "actions are isolated without privileges",
                user,
            ),
            essential(
                "sandbox: namespaces",
                "processes, network and IPC are private",
                probe.namespaces,
            ),
            essential(
                "sandbox: overlay",
                "inputs are mounted, not copied",
                probe.overlay,
            ),
            if written {
                finding(
                    "store",
                    DoctorState::Good,
                    &self.config.store.display().to_string(),
                )
            } else {
                DoctorFinding {
                    name: "store",
                    state: DoctorState::Degraded,
                    detail: format!("{} cannot be written", self.config.store.display()),
                    cure: Some("make it writable, or set KILN_CACHE_DIR".to_owned()),
                }
            },
        ]
    }
}

fn finding(name: &'static str, state: DoctorState, detail: &str) -> DoctorFinding {
    DoctorFinding {
        name,
        state,
        detail: detail.to_owned(),
        cure: None,
    }
}

fn measure(directory: &Path) -> Outcome<CleanReport> {
    let mut report = CleanReport::default();
    let mut pending = vec![directory.to_path_buf()];
    while let Some(next) = pending.pop() {
        match fs::symlink_metadata(&next)? {
            None => {}
            Some(status) if status.is_dir() => {
                pending.extend(fs::read_dir(&next)?.into_iter().map(|entry| entry.path()));
            }
            Some(status) => {
                report.files += 1;
                report.bytes += status.len();
            }
        }
    }
    Ok(report)
}
