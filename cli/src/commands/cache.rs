//! `kiln cache`: facts about the store.

use serde_json::json;

use super::facts;
use crate::arguments::OutputForm;
use crate::exit::{CommandError, Exit};
use crate::session::Session;
use crate::signals::{self, FirstSignal};
use crate::terminal::Data;

/// `kiln cache stats`.
pub fn stats(session: &Session) -> Result<Exit, CommandError> {
    let engine = session.storekeeper()?;
    signals::listen(FirstSignal::Exit);
    let stats = engine.cache_stats()?;
    let mut data = Data::default();
    match session.form {
        OutputForm::Text => {
            for line in facts::lines(&stats) {
                data.line(&line);
            }
        }
        OutputForm::Json => data.json(&stats),
    }
    data.write()?;
    Ok(Exit::Done)
}

/// `kiln cache path`.
pub fn path(session: &Session) -> Result<Exit, CommandError> {
    let root = session.store_root()?;
    let mut data = Data::default();
    match session.form {
        OutputForm::Text => data.line(&root.display().to_string()),
        OutputForm::Json => data.json(&json!({ "path": root.display().to_string() })),
    }
    data.write()?;
    Ok(Exit::Done)
}
