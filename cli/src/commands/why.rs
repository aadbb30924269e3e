//! `kiln why`: why a target ran, or would run.

use std::sync::Arc;

use serde_json::json;

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
    let answer = wait_for(engine.why(&label))??;
    let mut data = Data::default();
    match session.form {
        OutputForm::Text => {
            data.line(&answer.headline);
            for detail in &answer.details {
                data.line(&format!("  {detail}"));
            }
        }
        OutputForm::Json => data.json(&json!({
            "label": answer.label.to_string(),
            "headline": answer.headline,
            "details": answer.details,
        })),
    }
    data.write()?;
    Ok(Exit::Done)
}
