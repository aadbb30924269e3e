//! The live view as lines of text: what runs, since when, and how far the
//! build is. Pure state; drawing is done elsewhere.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use kiln_engine::events::{Cached, Event};
use kiln_plugin_abi::Label;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::escape;

/// Most running actions listed.
const MOST_ROWS: usize = 12;

/// What is known of the build so far.
#[derive(Debug)]
pub struct Board {
    started: Instant,
    total: u64,
    hit: u64,
    ran: u64,
    failed: u64,
    running: HashMap<Label, Instant>,
}

/// A line of the view.
#[derive(Debug, PartialEq, Eq)]
pub enum Row {
    /// An action that runs.
    Action(String),
    /// The counts, cut to the width.
    Counts(String),
}

impl Board {
    /// A build that begins at `now`.
    #[must_use]
    pub fn new(now: Instant) -> Board {
        Board {
            started: now,
            total: 0,
            hit: 0,
            ran: 0,
            failed: 0,
            running: HashMap::new(),
        }
    }

    /// Takes note of `event`, which happened at `now`.
    pub fn note(&mut self, event: &Event, now: impl FnOnce() -> Instant) {
        match event {
            Event::TargetsCounted { total } => self.total = *total,
            Event::ActionStarted { label, .. } => {
                self.running.insert(label.clone(), now());
            }
            Event::ActionFinished(finished) => {
                self.running.remove(&finished.label);
                match (finished.cached, finished.exit) {
                    (Cached::Local, _) => self.hit += 1,
                    (Cached::No, 0) => self.ran += 1,
                    (Cached::No, _) => self.failed += 1,
                }
            }
            _ => {}
        }
    }

    /// The view at `now` for a terminal of `rows` and `columns`, the counts last.
    #[must_use]
    pub fn rows(&self, now: Instant, rows: usize, columns: usize) -> Vec<Row> {
        let mut running: Vec<(&Label, Duration)> = self
            .running
            .iter()
            .map(|(label, since)| (label, now.saturating_duration_since(*since)))
            .collect();
        running.sort_by(|(left, left_time), (right, right_time)| {
            right_time.cmp(left_time).then_with(|| left.cmp(right))
        });
        let room = MOST_ROWS.min(rows.saturating_sub(3));
        let mut lines: Vec<Row> = running
            .iter()
            .take(room)
            .map(|(label, time)| Row::Action(action_row(label, *time, columns)))
            .collect();
        if running.len() > room {
            let more = format!("  … and {} more", running.len() - room);
            lines.push(Row::Action(cut(&more, columns)));
        }
        lines.push(Row::Counts(cut(&self.counts(now), columns)));
        lines
    }

    fn counts(&self, now: Instant) -> String {
        let done = self.hit + self.ran + self.failed;
        let total = self.total.max(done);
        let time = now.saturating_duration_since(self.started).as_secs_f64();
        let failed = match self.failed {
            0 => String::new(),
            failed => format!(" · {failed} failed"),
        };
        format!(
            "[{done}/{total}] {time:.1} s{failed} · {} running · {} ran · {} hit",
            self.running.len(),
            self.ran,
            self.hit
        )
    }
}

/// `  label    1.2 s`, the time at a fixed place, the label cut in front: its
/// end says more.
fn action_row(label: &Label, time: Duration, columns: usize) -> String {
    let label = label.to_string();
    let label = escape::line(&label);
    let time = format!("{:.1} s", time.as_secs_f64());
    let room = columns.saturating_sub(time.len() + 5).min(64);
    let label = cut_front(&label, room);
    let padding = room.saturating_sub(label.width());
    cut(&format!("  {label}{:padding$}  {time}", ""), columns)
}

/// The start of `text`, at most one column less than `columns` so that no
/// terminal wraps.
fn cut(text: &str, columns: usize) -> String {
    let room = columns.saturating_sub(1);
    let mut used = 0;
    text.chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= room
        })
        .collect()
}

/// The end of `text` in at most `room` columns, with a mark where it was cut.
fn cut_front(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut used = 1;
    let kept: Vec<char> = text
        .chars()
        .rev()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= room
        })
        .collect();
    std::iter::once('…').chain(kept.into_iter().rev()).collect()
}

#[cfg(test)]
mod tests {
    use kiln_engine::events::{ActionFinished, Usage};
    use kiln_plugin_abi::PackagePath;

    use super::*;

    fn label(text: &str) -> Label {
        Label::parse(text, &PackagePath::root()).unwrap()
    }

    fn start(board: &mut Board, name: &str, at: Instant) {
        let event = Event::ActionStarted {
            label: label(name),
            key: kiln_engine::key::ActionKey([0xab; 32]),
            reason: String::new(),
        };
        board.note(&event, || at);
    }

    fn finish(board: &mut Board, name: &str, cached: Cached, exit: i32) {
        let event = Event::ActionFinished(ActionFinished {
            label: label(name),
            key: kiln_engine::key::ActionKey([0xab; 32]),
            cached,
            exit,
            usage: Usage::default(),
            started: Duration::ZERO,
            finished: Duration::ZERO,
        });
        board.note(&event, Instant::now);
    }

    fn text(rows: Vec<Row>) -> Vec<String> {
        rows.into_iter()
            .map(|row| match row {
                Row::Action(text) | Row::Counts(text) => text,
            })
            .collect()
    }

    #[test]
    fn the_longest_running_action_comes_first_and_the_counts_last() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut board = Board::new(begin);
        board.note(&Event::TargetsCounted { total: 9 }, Instant::now);
        start(&mut board, "//b", at(2));
        start(&mut board, "//a", at(1));
        start(&mut board, "//c", at(1));
        finish(&mut board, "//c", Cached::No, 1);
        finish(&mut board, "//d", Cached::Local, 0);
        assert_eq!(
            text(board.rows(at(4), 24, 40)),
            [
                "  //a:a                           3.0 s",
                "  //b:b                           2.0 s",
                "[2/9] 4.0 s · 1 failed · 2 running · 0 ",
            ]
        );
    }

    #[test]
    fn no_terminal_is_too_small() {
        let begin = Instant::now();
        let mut board = Board::new(begin);
        for index in 0..50 {
            start(
                &mut board,
                &format!("//very/long/package/名前:target_{index}"),
                begin,
            );
        }
        for (rows, columns) in [(0, 0), (1, 1), (2, 5), (5, 17), (24, 80)] {
            let lines = text(board.rows(begin, rows, columns));
            assert!(lines.len() <= rows.max(2), "{rows}: {}", lines.len());
            assert!(
                lines.iter().all(|line| line.width() < columns.max(1)),
                "{columns}: {lines:?}"
            );
        }
    }
}
