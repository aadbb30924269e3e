//! `kiln inspect`: everything known of a target.

use std::sync::Arc;

use super::facts;
use crate::arguments::OutputForm;
use crate::exit::{CommandError, Exit};
use crate::session::{Session, Silent, wait_for};
use crate::signals::{self, FirstSignal};
use crate::terminal::Data;

/// Does it.
pub fn execute(session: &Session, label: &str) -> Result<Exit, CommandError> {
    let workspace = session.workspace()?;
    let label = workspace.label(label)?;
    let engine = session.engine(&workspace, Arc::new(Silent))?;
    signals::listen(FirstSignal::Exit);
    let inspection = wait_for(engine.inspect(&label))??;
    let mut data = Data::default();
    match session.form {
        OutputForm::Text => {
            for line in facts::lines(&inspection.facts) {
                data.line(&line);
            }
        }
        OutputForm::Json => data.json(&inspection.facts),
    }
    data.write()?;
    Ok(Exit::Done)
}
