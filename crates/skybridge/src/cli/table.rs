//! Aligned columns for people.

use comfy_table::{Table, presets};

/// Rows under their headings, columns aligned, without lines. When there is no row, `nothing` instead.
pub(crate) fn of<const N: usize>(headings: [&str; N], rows: Vec<[String; N]>, nothing: &str) -> String {
    if rows.is_empty() {
        return nothing.to_owned();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(headings);
    table.add_rows(rows);
    trimmed(&table)
}

/// Names and their values, one pair per line.
pub(crate) fn pairs(pairs: impl IntoIterator<Item = (&'static str, String)>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.add_rows(pairs.into_iter().map(|(name, value)| [name.to_owned(), value]));
    trimmed(&table)
}

/// Without the padding around the outer columns, which would end up in what people copy.
fn trimmed(table: &Table) -> String {
    let lines: Vec<String> = table.lines().map(|line| line.trim().to_owned()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_without_padding_at_the_edges() {
        let rows = vec![["Ana".to_owned(), "1".to_owned()], ["Bartholomew".to_owned(), "2".to_owned()]];
        assert_eq!(of(["NAME", "N"], rows, "none"), "NAME         N\nAna          1\nBartholomew  2");
    }

    #[test]
    fn no_rows_say_so() {
        assert_eq!(of(["NAME"], vec![], "There is nothing yet."), "There is nothing yet.");
    }
}
