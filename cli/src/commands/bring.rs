//! `kiln run` and `kiln build`: brings targets up to date, prints where their
//! outputs are, and ends with the summary.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use kiln_engine::cancel::CancelToken;
use kiln_engine::events::Summary;
use kiln_engine::request::{BuildReport, BuildRequest, Execution, Placement};
use serde_json::{Value, json};

use super::program::{self, Program};
use crate::arguments::{Bring, OutputForm};
use crate::exit::{CommandError, Exit};
use crate::reporting::Reporting;
use crate::session::{Session, wait_for};
use crate::signals::{self, FirstSignal};
use crate::terminal::{self, Data};
use crate::ui::summary_line;
use crate::workspace::Workspace;

/// Does it.
pub fn execute(session: &Session, bring: Bring) -> Result<Exit, CommandError> {
    let started = Instant::now();
    let workspace = session.workspace()?;
    let request = BuildRequest {
        patterns: workspace.patterns(&bring.patterns)?,
        on_failure: bring.on_failure,
        reuse: bring.reuse,
        execution: bring.execution,
        placement: match bring.program {
            Some(_) => Placement::WithRuntime,
            None => Placement::Outputs,
        },
    };
    let reporting = session.reporting(&workspace)?;
    let ended = build(session, &workspace, &request, &reporting);
    reporting.close_screen();
    let report = match ended {
        Ok(report) => report,
        Err(error) => {
            reporting.complain(&error);
            let summary = Summary {
                wall: started.elapsed(),
                ..Summary::default()
            };
            return Ok(conclude(&reporting, &summary, error.exit));
        }
    };
    let exit = match report.failure.clone().map(CommandError::from) {
        None => Exit::Done,
        Some(error) => {
            reporting.complain(&error);
            error.exit
        }
    };
    match bring.program {
        Some(arguments) if exit == Exit::Done => run_program(&reporting, &report, arguments),
        Some(_) => Ok(conclude(&reporting, &report.summary, exit)),
        None => {
            let written = match session.form {
                OutputForm::Text => text(&report, &request, &session.current),
                OutputForm::Json => {
                    let mut data = Data::default();
                    data.json(&json(&report, exit));
                    data
                }
            }
            .write();
            let exit = match written {
                Ok(_) => exit,
                Err(error) => {
                    reporting.complain(&error);
                    if exit == Exit::Done { error.exit } else { exit }
                }
            };
            Ok(conclude(&reporting, &report.summary, exit))
        }
    }
}

fn build(
    session: &Session,
    workspace: &Workspace,
    request: &BuildRequest,
    reporting: &Arc<Reporting>,
) -> Result<BuildReport, CommandError> {
    let engine = session.engine(workspace, reporting.clone())?;
    let cancel = CancelToken::new();
    signals::listen(FirstSignal::Cancel(cancel.clone()));
    wait_for(engine.build(request, &cancel))
}

/// Becomes the program that was built; returns only when that is impossible.
fn run_program(
    reporting: &Reporting,
    report: &BuildReport,
    arguments: Vec<std::ffi::OsString>,
) -> Result<Exit, CommandError> {
    match Program::of(&report.built) {
        Ok(program) => {
            conclude(reporting, &report.summary, Exit::Done);
            Err(program::become_it(&program, arguments))
        }
        Err(error) => {
            reporting.complain(&error);
            Ok(conclude(reporting, &report.summary, error.exit))
        }
    }
}

/// Completes the records and says the last line.
fn conclude(reporting: &Reporting, summary: &Summary, exit: Exit) -> Exit {
    reporting.end(exit, Some(summary));
    terminal::say(&format!("{}\n", summary_line(summary)));
    exit
}

/// One line for each output; in a dry run, for each target that would run.
fn text(report: &BuildReport, request: &BuildRequest, current: &Path) -> Data {
    let mut data = Data::default();
    if request.execution == Execution::DryRun {
        for (label, reason) in &report.would_run {
            data.line(&format!("{label}\t{reason}"));
        }
        return data;
    }
    for output in report.built.iter().flat_map(|target| &target.outputs) {
        data.line(&relative(output, current));
    }
    data
}

fn json(report: &BuildReport, exit: Exit) -> Value {
    let targets: Vec<Value> = report
        .built
        .iter()
        .map(|target| {
            json!({
                "label": target.label.to_string(),
                "outputs": names(&target.outputs),
                "executables": names(&target.executables),
            })
        })
        .collect();
    let would_run: Vec<Value> = report
        .would_run
        .iter()
        .map(|(label, reason)| json!({ "label": label.to_string(), "reason": reason }))
        .collect();
    let messages: Vec<String> = report
        .failure
        .iter()
        .flat_map(|failure| &failure.diagnostics)
        .map(ToString::to_string)
        .collect();
    let summary = &report.summary;
    json!({
        "exit": exit.code(),
        "targets": targets,
        "would_run": would_run,
        "errors": messages,
        "summary": {
            "targets": summary.targets(),
            "cached": summary.cached,
            "ran": summary.ran,
            "failed": summary.failed,
            "skipped": summary.skipped,
            "seconds": summary.wall.as_secs_f64(),
        },
    })
}

fn names(paths: &[PathBuf]) -> Vec<String> {
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect()
}

/// `path` as it is named from `current`; both absolute.
fn relative(path: &Path, current: &Path) -> String {
    let relative = pathdiff::diff_paths(path, current);
    relative.as_deref().unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_named_from_where_the_caller_is() {
        let output = Path::new("/w/.kiln/out/a/b");
        for (current, named) in [
            ("/w", ".kiln/out/a/b"),
            ("/w/a/c", "../../.kiln/out/a/b"),
            ("/else", "../w/.kiln/out/a/b"),
        ] {
            assert_eq!(relative(output, Path::new(current)), named);
        }
    }
}
