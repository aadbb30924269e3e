//! `kiln doctor`: whether this machine offers what Kiln needs.

use kiln_engine::engine::{DoctorFinding, DoctorState};
use serde_json::{Value, json};

use super::table::aligned;
use crate::arguments::OutputForm;
use crate::exit::{CommandError, Exit};
use crate::session::{Session, wait_for};
use crate::signals::{self, FirstSignal};
use crate::terminal::Data;

/// Does it. Exit 36 when something essential is missing.
pub fn execute(session: &Session) -> Result<Exit, CommandError> {
    let engine = session.storekeeper()?;
    signals::listen(FirstSignal::Exit);
    let findings = wait_for(engine.doctor())?;
    let mut data = Data::default();
    match session.form {
        OutputForm::Text => {
            for line in lines(&findings) {
                data.line(&line);
            }
        }
        OutputForm::Json => {
            let findings: Vec<Value> = findings.iter().map(json).collect();
            data.json(&json!({ "findings": findings }));
        }
    }
    data.write()?;
    let missing = |finding: &DoctorFinding| matches!(finding.state, DoctorState::Missing);
    Ok(if findings.iter().any(missing) {
        Exit::Environment
    } else {
        Exit::Done
    })
}

/// A row for each finding, below it what cures it.
fn lines(findings: &[DoctorFinding]) -> Vec<String> {
    let rows: Vec<[String; 3]> = findings
        .iter()
        .map(|finding| {
            [
                word(finding).to_owned(),
                finding.name.to_owned(),
                finding.detail.clone(),
            ]
        })
        .collect();
    let rows = aligned(&rows);
    findings
        .iter()
        .zip(rows)
        .flat_map(|(finding, row)| {
            let cure = finding
                .cure
                .as_ref()
                .map(|cure| format!("          cure: {cure}"));
            std::iter::once(row).chain(cure)
        })
        .collect()
}

fn word(finding: &DoctorFinding) -> &'static str {
    match finding.state {
        DoctorState::Good => "ok",
        DoctorState::Degraded => "degraded",
        DoctorState::Missing => "missing",
    }
}

fn json(finding: &DoctorFinding) -> Value {
    json!({
        "name": finding.name,
        "state": word(finding),
        "detail": finding.detail,
        "cure": finding.cure,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cure_stands_below_what_it_cures() {
        let finding = |name, state, cure: Option<&str>| DoctorFinding {
            name,
            state,
            detail: "detail".to_owned(),
            cure: cure.map(str::to_owned),
        };
        let findings = [
            finding("overlay", DoctorState::Degraded, Some("modprobe overlay")),
            finding("pid", DoctorState::Good, None),
        ];
        assert_eq!(
            lines(&findings),
            [
                "degraded  overlay  detail",
                "          cure: modprobe overlay",
                "ok        pid      detail",
            ]
        );
    }
}
