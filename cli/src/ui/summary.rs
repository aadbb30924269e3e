//! The last line of every build.

use kiln_engine::events::Summary;

/// `kiln: N targets: …`, without a line end.
#[must_use]
pub fn summary_line(summary: &Summary) -> String {
    format!(
        "kiln: {} targets: {} cached, {} ran, {} failed, {} skipped in {:.2} s",
        summary.targets(),
        summary.cached,
        summary.ran,
        summary.failed,
        summary.skipped,
        summary.wall.as_secs_f64()
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_line_is_the_contract_s_word_for_word() {
        let summary = Summary {
            cached: 0,
            ran: 1,
            wall: Duration::from_millis(1234),
            ..Summary::default()
        };
        assert_eq!(
            summary_line(&summary),
            "kiln: 1 targets: 0 cached, 1 ran, 0 failed, 0 skipped in 1.23 s"
        );
    }
}
