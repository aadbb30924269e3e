//! `kiln ls`: a target's output tree.

use kiln_engine::cancel::CancelToken;
use kiln_engine::request::{OutputEntry, OutputEntryKind};
use serde_json::{Value, json};

use super::table::aligned;
use crate::arguments::OutputForm;
use crate::exit::{CommandError, Exit};
use crate::session::{Session, wait_for};
use crate::signals::{self, FirstSignal};
use crate::terminal::Data;

/// Does it.
pub fn execute(session: &Session, reference: &str) -> Result<Exit, CommandError> {
    let workspace = session.workspace()?;
    let reference = workspace.reference(reference)?;
    let reporting = session.reporting(&workspace)?;
    let engine = session.engine(&workspace, reporting.clone())?;
    let cancel = CancelToken::new();
    signals::listen(FirstSignal::Cancel(cancel.clone()));
    let result = wait_for(engine.list_outputs(&reference, &cancel))?;
    reporting.close_screen();
    let entries = match result {
        Ok(entries) => entries,
        Err(failure) => {
            let error = CommandError::from(failure);
            reporting.complain(&error);
            reporting.end(error.exit, None);
            return Ok(error.exit);
        }
    };
    reporting.end(Exit::Done, None);
    let mut data = Data::default();
    match session.form {
        OutputForm::Text => {
            let rows: Vec<[String; 3]> = entries.iter().map(row).collect();
            for line in aligned(&rows) {
                data.line(&line);
            }
        }
        OutputForm::Json => {
            let entries: Vec<Value> = entries.iter().map(json).collect();
            data.json(&json!({ "reference": reference.to_string(), "entries": entries }));
        }
    }
    data.write()?;
    Ok(Exit::Done)
}

/// Kind, size and path; `x` is an executable file.
fn row(entry: &OutputEntry) -> [String; 3] {
    let (kind, size, path) = match &entry.kind {
        OutputEntryKind::File { digest, executable } => {
            let kind = if *executable { "x" } else { "f" };
            (kind, digest.size().to_string(), entry.path.clone())
        }
        OutputEntryKind::Link(target) => ("l", "-".into(), format!("{} -> {target}", entry.path)),
        OutputEntryKind::Directory => ("d", "-".into(), format!("{}/", entry.path)),
    };
    [kind.to_owned(), size, path]
}

fn json(entry: &OutputEntry) -> Value {
    let group = entry.group.as_ref().map(ToString::to_string);
    let mut value = json!({ "group": group, "path": entry.path });
    match &entry.kind {
        OutputEntryKind::File { digest, executable } => {
            value["kind"] = json!("file");
            value["digest"] = json!(digest.hex());
            value["size"] = json!(digest.size());
            value["executable"] = json!(executable);
        }
        OutputEntryKind::Link(target) => {
            value["kind"] = json!("link");
            value["target"] = json!(target);
        }
        OutputEntryKind::Directory => value["kind"] = json!("directory"),
    }
    value
}
