//! Rows of what was measured, a figure per round and column: medians with their spread, and ratios to the first row.

use serde::{Deserialize, Serialize};

/// Who or what is compared, and in which figures.
#[derive(Serialize, Deserialize)]
pub(in crate::bench) struct Table {
    /// What the rows are.
    subject: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
    /// Rows whose names begin like this stand out in drawings.
    ours: String,
}

/// One figure of every row.
#[derive(Serialize, Deserialize)]
pub(in crate::bench) struct Column {
    pub(super) title: String,
    pub(super) decimals: usize,
    /// Drawn on this scale, if at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) drawn: Option<Scale>,
    /// Not measured, but computed from the column of this title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ratio_of: Option<String>,
}

/// How lengths follow from figures.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::bench) enum Scale {
    Linear,
    Logarithmic,
}

/// One row; its cells belong to the measured columns, in their order.
#[derive(Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) name: String,
    cells: Vec<Figures>,
}

/// A figure's value in each round.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(from = "Told", into = "Told")]
pub(super) struct Figures(Vec<f64>);

impl Column {
    /// A measured figure, told with so many decimals.
    pub(in crate::bench) fn new(title: &str, decimals: usize) -> Self {
        Self { title: title.to_owned(), decimals, drawn: None, ratio_of: None }
    }

    /// How many times the first row's figure in the column `of` each row's is.
    pub(in crate::bench) fn ratio(title: &str, decimals: usize, of: &str) -> Self {
        Self { ratio_of: Some(of.to_owned()), ..Self::new(title, decimals) }
    }

    /// The same, and drawn.
    pub(in crate::bench) fn drawn(self, scale: Scale) -> Self {
        Self { drawn: Some(scale), ..self }
    }
}

impl Table {
    /// A table without rows.
    pub(in crate::bench) fn new(subject: &str, columns: impl IntoIterator<Item = Column>) -> Self {
        let columns = columns.into_iter().collect();
        Self { subject: subject.to_owned(), columns, rows: Vec::new(), ours: String::new() }
    }

    /// The same, with all rows but those whose names begin with `ours` drawn as the others.
    pub(in crate::bench) fn ours(self, ours: &str) -> Self {
        Self { ours: ours.to_owned(), ..self }
    }

    /// Adds a round to the row `name`: a figure for each measured column. One that is no number was not measured.
    pub(in crate::bench) fn add(&mut self, name: &str, figures: &[f64]) {
        let measured = self.columns.iter().filter(|column| column.ratio_of.is_none()).count();
        assert_eq!(figures.len(), measured, "a figure for each measured column");
        let at = self.rows.iter().position(|row| row.name == name).unwrap_or_else(|| {
            self.rows.push(Row { name: name.to_owned(), cells: vec![Figures::default(); measured] });
            self.rows.len() - 1
        });
        for (cell, figure) in self.rows[at].cells.iter_mut().zip(figures) {
            cell.0.extend(Some(*figure).filter(|figure| figure.is_finite()));
        }
    }

    /// Was anything measured more than once, or compared?
    pub(super) fn is_of_rounds(&self) -> bool {
        self.rows.iter().any(|row| row.cells.iter().any(|cell| cell.0.len() > 1))
            || self.columns.iter().any(|column| column.ratio_of.is_some())
    }

    pub(super) fn is_ours(&self, row: &Row) -> bool {
        row.name.starts_with(&self.ours)
    }

    /// The column that compares this one's figures, if there is one.
    pub(super) fn ratio_of(&self, column: &Column) -> Option<&Column> {
        self.columns.iter().find(|other| other.ratio_of.as_ref() == Some(&column.title))
    }

    /// What the table says of a row in a column.
    pub(super) fn figures(&self, row: &Row, column: &Column) -> Figures {
        let measured = |row: &Row, title: &str| {
            let mut measured = self.columns.iter().filter(|column| column.ratio_of.is_none());
            let at = measured.position(|column| column.title == title);
            row.cells[at.expect("columns are named after ones that there are")].clone()
        };
        let Some(of) = &column.ratio_of else { return measured(row, &column.title) };
        // Neighbours in time share the machine's mood, so each round is compared with the first row's in its turn.
        let (own, first) = (measured(row, of), measured(&self.rows[0], of));
        Figures(own.0.iter().zip(&first.0).map(|(own, first)| own / first).collect())
    }

    /// The table as lines: names to the left, figures to the right, each column as wide as its widest cell.
    pub(in crate::bench) fn lines(&self) -> Vec<String> {
        let header = [&self.subject].into_iter().chain(self.columns.iter().map(|column| &column.title));
        let mut rows: Vec<Vec<String>> = vec![header.cloned().collect()];
        rows.extend(self.rows.iter().map(|row| {
            let figures = self.columns.iter().map(|column| self.figures(row, column).text(column.decimals));
            [row.name.clone()].into_iter().chain(figures).collect()
        }));
        let width =
            |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
        let line = |row: &Vec<String>| {
            let figures = row.iter().enumerate().skip(1);
            let figures = figures.map(|(column, cell)| format!("  {cell:>0$}", width(column)));
            format!("{:<1$}", row[0], width(0)) + &figures.collect::<String>()
        };
        rows.iter().map(line).collect()
    }
}

impl Figures {
    /// `median (min..max)`, or the figure alone if there is no other.
    pub(super) fn text(&self, decimals: usize) -> String {
        match (self.median(), self.0.len()) {
            (None, _) => "-".to_owned(),
            (Some(only), 1) => format!("{only:.decimals$}"),
            (Some(median), _) => {
                let [min, max] = self.ends();
                format!("{median:.decimals$} ({min:.decimals$}..{max:.decimals$})")
            }
        }
    }

    /// The middle figure, or the mean of the two in the middle.
    pub(super) fn median(&self) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        let upper = *sorted.get(middle)?;
        Some(if sorted.len().is_multiple_of(2) { sorted[middle - 1].midpoint(upper) } else { upper })
    }

    /// The least and the greatest.
    pub(super) fn ends(&self) -> [f64; 2] {
        [self.0.iter().copied().fold(f64::NAN, f64::min), self.0.iter().copied().fold(f64::NAN, f64::max)]
    }
}

/// A figure as JSON has it: with what readers would compute.
#[derive(Serialize, Deserialize)]
struct Told {
    #[serde(default)]
    median: Option<f64>,
    #[serde(default)]
    min: Option<f64>,
    #[serde(default)]
    max: Option<f64>,
    rounds: Vec<f64>,
}

impl From<Figures> for Told {
    fn from(figures: Figures) -> Self {
        let [min, max] = figures.ends().map(|end| Some(end).filter(|end| end.is_finite()));
        Self { median: figures.median(), min, max, rounds: figures.0 }
    }
}

impl From<Told> for Figures {
    fn from(told: Told) -> Self {
        Self(told.rounds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_has_the_median_between_its_ends() {
        assert_eq!(Figures(vec![3.0, 1.0, 2.0]).text(0), "2 (1..3)");
        assert_eq!(Figures(vec![4.0, 1.0, 2.0, 3.0]).text(1), "2.5 (1.0..4.0)");
        assert_eq!(Figures(vec![1.25]).text(2), "1.25");
        assert_eq!(Figures(vec![]).text(2), "-");
    }

    #[test]
    fn what_was_not_measured_is_left_open() {
        let mut table = Table::new("who", [Column::new("a", 0), Column::new("b", 0)]);
        table.add("one", &[1.0, f64::NAN]);
        assert_eq!(table.lines(), ["who  a  b", "one  1  -"]);
    }
}
