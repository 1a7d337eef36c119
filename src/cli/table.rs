//! Tables in the terminal: columns as wide as their widest cell.

use unicode_width::UnicodeWidthStr;

use crate::telemetry::Printable;

/// The rows as lines, two spaces between the columns.
///
/// Cells come from files of other users too: a terminal must not obey them.
pub(super) fn lines<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let printable = |row: &[String; N]| row.each_ref().map(|cell| Printable(cell).to_string());
    let rows: Vec<_> = rows.iter().map(printable).collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    rows.iter().map(|row| line(row, &widths)).collect()
}

fn line(row: &[String], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths);
    let cells = cells.map(|(cell, width)| cell.clone() + &" ".repeat(width - cell.width()));
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_whatever_the_script() {
        let rows = [["NAME", "X"], ["Händi 📱", "1"], ["手機", "2"]];
        let rows = rows.map(|row| row.map(str::to_owned));
        assert_eq!(lines(&[["\u{1b}[2J".to_owned()]]), [r"\u{1b}[2J"]);
        assert_eq!(lines(&rows), ["NAME      X", "Händi 📱  1", "手機      2"]);
    }
}
