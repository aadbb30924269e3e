//! The last line that run, build and test write to stderr.

/// `kiln: N targets: H cached, R ran, F failed, S skipped in T s`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Targets with an action in the requested closure.
    pub total: u64,
    /// Found in the store.
    pub cached: u64,
    /// Executed with success.
    pub ran: u64,
    /// Executed without success.
    pub failed: u64,
    /// Not reached.
    pub skipped: u64,
}

impl Summary {
    /// Reads the line; `None` when it is not exactly of this form.
    pub fn parse(line: &str) -> Option<Self> {
        let (total, rest) = line.strip_prefix("kiln: ")?.split_once(" targets: ")?;
        let (counts, time) = rest.rsplit_once(" in ")?;
        time.strip_suffix(" s")?.parse::<f64>().ok()?;
        let mut counts = counts.split(", ");
        let mut count = |name: &str| {
            counts
                .next()?
                .strip_suffix(name)?
                .strip_suffix(' ')?
                .parse()
                .ok()
        };
        let summary = Self {
            total: total.parse().ok()?,
            cached: count("cached")?,
            ran: count("ran")?,
            failed: count("failed")?,
            skipped: count("skipped")?,
        };
        Some(summary)
    }

    /// Whether every target is counted once.
    pub fn adds_up(&self) -> bool {
        self.total == self.cached + self.ran + self.failed + self.skipped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_line_of_the_contract() {
        let summary =
            Summary::parse("kiln: 10 targets: 4 cached, 3 ran, 2 failed, 1 skipped in 0.25 s")
                .unwrap();
        assert_eq!(
            summary,
            Summary {
                total: 10,
                cached: 4,
                ran: 3,
                failed: 2,
                skipped: 1
            }
        );
        assert!(summary.adds_up());
    }

    #[test]
    fn refuses_another_order_and_another_word() {
        assert!(
            Summary::parse("kiln: 1 targets: 1 ran, 0 cached, 0 failed, 0 skipped in 0.1 s")
                .is_none()
        );
        assert!(Summary::parse("kiln: 1 targets: 1 cached, 0 ran, 0 failed, 0 skipped").is_none());
    }
}
