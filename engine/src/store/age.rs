//! The store's own time: hours in which it was used.
//!
//! Ages decide what is thrown away, and wall clocks jump. So an hour counts only
//! once somebody uses the store in it, a jump ahead counts as a day at most, and
//! one back as an hour. A store that nobody uses does not age.

/// A point of the store's time, in hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct StoreTime(pub u32);

/// The longest step, in hours.
const LONGEST_STEP: u64 = 24;

/// The store's time and the wall clock's when it was last set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct TimeMark {
    pub(super) time: StoreTime,
    /// Seconds since the Unix epoch.
    pub(super) wall: u64,
}

impl TimeMark {
    /// The mark for a run that begins at `wall`; `None` when the last one still
    /// serves.
    pub(super) fn advance(self, wall: u64) -> Option<TimeMark> {
        let step = if wall < self.wall {
            1
        } else {
            ((wall - self.wall) / 3600).min(LONGEST_STEP)
        };
        (step > 0).then(|| TimeMark {
            time: StoreTime(self.time.0.saturating_add(step as u32)),
            wall,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(wall: u64, next: u64) -> u32 {
        let mark = TimeMark {
            time: StoreTime(100),
            wall,
        };
        mark.advance(next).map_or(100, |mark| mark.time.0)
    }

    #[test]
    fn time_goes_by_the_hour_and_jumps_count_little() {
        let day = 24 * 3600;
        let now = 20_000 * day;
        assert_eq!(after(now, now + 3599), 100);
        assert_eq!(after(now, now + 3 * 3600), 103);
        assert_eq!(after(now, now + 3650 * day), 124);
        assert_eq!(after(now, now - 3650 * day), 101);
        assert_eq!(after(0, u64::MAX), 124);
    }
}
