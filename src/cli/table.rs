//! Tables for the terminal, with columns as wide as their widest cell.

use std::fmt;

use unicode_width::UnicodeWidthStr;

use crate::telemetry::Printable;

/// Rows of cells, in which control characters are escaped.
pub(super) struct Table<const N: usize>(Vec<[String; N]>);

impl<const N: usize> Table<N> {
    pub(super) fn new(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> Self {
        let header = header.map(str::to_owned);
        Self::without_header([header].into_iter().chain(rows))
    }

    pub(super) fn without_header(rows: impl IntoIterator<Item = [String; N]>) -> Self {
        let printable = |row: [String; N]| row.map(|cell| Printable(&cell).to_string());
        Self(rows.into_iter().map(printable).collect())
    }

    /// Returns each row as a line, with two spaces between the columns.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut widths = [0; N];
        for row in &self.0 {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        self.0.iter().map(|row| aligned(row, &widths)).collect()
    }
}

impl<const N: usize> fmt::Display for Table<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines()
            .iter()
            .try_for_each(|line| writeln!(f, "{line}"))
    }
}

fn aligned(row: &[String], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths);
    let cells = cells.map(|(cell, width)| cell.clone() + &" ".repeat(width - cell.width()));
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_in_every_script() {
        let rows = [["Händi 📱", "1"], ["手機", "2"]];
        let table = Table::new(["NAME", "X"], rows.map(|row| row.map(str::to_owned)));
        let lines = ["NAME      X", "Händi 📱  1", "手機      2"];
        assert_eq!(table.lines(), lines);
        let escape = Table::without_header([["\u{1b}[2J".to_owned()]]);
        assert_eq!(escape.lines(), [r"\u{1b}[2J"]);
    }
}
