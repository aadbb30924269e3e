//! Text in columns.

use unicode_width::UnicodeWidthStr as _;

/// The rows as lines, each column as wide as its widest cell.
#[must_use]
pub fn aligned<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = usize::max(*width, cell.width());
        }
    }
    rows.iter()
        .map(|row| {
            let mut line = String::new();
            for (width, cell) in widths.iter().zip(row) {
                line.push_str(cell);
                line.push_str(&" ".repeat(width - cell.width() + 2));
            }
            line.trim_end().to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_also_with_wide_characters() {
        let rows = [["a", "bb", "c"], ["名前", "b", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(aligned(&rows), ["a     bb  c", "名前  b"]);
    }
}
