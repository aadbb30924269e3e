//! `kiln gc`: drops old results from the store.

use serde_json::json;

use super::table::aligned;
use crate::arguments::{Gc, OutputForm};
use crate::configuration::show_size;
use crate::exit::{CommandError, Exit};
use crate::session::Session;
use crate::signals::{self, FirstSignal};
use crate::terminal::Data;

/// Does it.
pub fn execute(session: &Session, gc: Gc) -> Result<Exit, CommandError> {
    let engine = session.storekeeper()?;
    signals::listen(FirstSignal::Exit);
    let report = engine.gc(gc.max_size, gc.max_age)?;
    let mut data = Data::default();
    match session.form {
        OutputForm::Text => {
            let row = |name: &str, value| [name.to_owned(), value];
            let rows = [
                row("results removed", report.removed_results.to_string()),
                row("space freed", show_size(report.removed_bytes)),
                row("space in use", show_size(report.kept_bytes)),
            ];
            for line in aligned(&rows) {
                data.line(&line);
            }
        }
        OutputForm::Json => data.json(&json!({
            "removed_results": report.removed_results,
            "removed_bytes": report.removed_bytes,
            "kept_bytes": report.kept_bytes,
        })),
    }
    data.write()?;
    Ok(Exit::Done)
}
