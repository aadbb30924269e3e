//! `kiln version`.

use serde_json::json;

use crate::arguments::OutputForm;
use crate::exit::{CommandError, Exit};
use crate::session::Session;
use crate::terminal::Data;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const TARGET: &str = env!("KILN_TARGET");

/// Does it.
pub fn execute(session: &Session) -> Result<Exit, CommandError> {
    let mut data = Data::default();
    match session.form {
        OutputForm::Text => data.line(&format!("kiln {VERSION} ({TARGET})")),
        OutputForm::Json => data.json(&json!({ "version": VERSION, "target": TARGET })),
    }
    data.write()?;
    Ok(Exit::Done)
}
