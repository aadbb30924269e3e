//! `kiln clean`: removes the outputs from the workspace.

use std::sync::Arc;

use serde_json::json;

use crate::arguments::OutputForm;
use crate::configuration::show_size;
use crate::exit::{CommandError, Exit};
use crate::session::{Session, Silent};
use crate::signals::{self, FirstSignal};
use crate::terminal::Data;

/// Does it.
pub fn execute(session: &Session) -> Result<Exit, CommandError> {
    let workspace = session.workspace()?;
    let engine = session.engine(&workspace, Arc::new(Silent))?;
    signals::listen(FirstSignal::Exit);
    let report = engine.clean()?;
    let mut data = Data::default();
    match session.form {
        OutputForm::Text => {
            let size = show_size(report.bytes);
            data.line(&format!(
                "removed {} files, {size}, from .kiln/out",
                report.files
            ));
        }
        OutputForm::Json => data.json(&json!({ "files": report.files, "bytes": report.bytes })),
    }
    data.write()?;
    Ok(Exit::Done)
}
