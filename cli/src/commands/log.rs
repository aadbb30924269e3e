//! `kiln log`: the stored log of a target's last action.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use serde_json::json;

use crate::arguments::OutputForm;
use crate::escape;
use crate::exit::{CommandError, Exit};
use crate::session::{Session, Silent, wait_for};
use crate::signals::{self, FirstSignal};
use crate::terminal::{self, Data};

/// Does it. On a terminal the log is made safe, elsewhere its bytes are kept.
pub fn execute(session: &Session, label: &str) -> Result<Exit, CommandError> {
    let workspace = session.workspace()?;
    let label = workspace.label(label)?;
    let engine = session.engine(&workspace, Arc::new(Silent))?;
    signals::listen(FirstSignal::Exit);
    let log = wait_for(engine.log(&label))??;
    match session.form {
        OutputForm::Json => {
            let mut data = Data::default();
            let text = String::from_utf8_lossy(&log);
            data.json(&json!({ "label": label.to_string(), "log": text }));
            data.write()?;
        }
        OutputForm::Text if io::stdout().is_terminal() => {
            terminal::write_bytes(escape::bytes(&log).as_bytes())?;
        }
        OutputForm::Text => {
            terminal::write_bytes(&log)?;
        }
    }
    Ok(Exit::Done)
}
