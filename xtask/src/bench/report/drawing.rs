//! A report as bars: a panel for every drawn column, a bar for every row, its ends over the rounds as a line across it.
//!
//! The drawing is an SVG that takes its colours from the reader's light or dark page: it is drawn for a light one, and a
//! style sheet of its own replaces each colour where the page is dark.

use std::ops::Range;

use anyhow::{Result, anyhow, ensure};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::Report;
use super::table::{Column, Row, Scale, Table};

const WIDTH: u32 = 900;
const MARGIN: i32 = 24;
/// Height of the heading, of a panel's own heading, of a row, of the numbers below a panel, and of the last lines.
const HEADING: u32 = 54;
const PANEL_HEADING: u32 = 34;
const ROW: u32 = 27;
const AXIS: u32 = 26;
const FOOT: u32 = 34;
/// Room for the names to the left of the bars, and for figures to their right.
const NAMES: u32 = 290;
const FIGURES: u32 = 150;

/// A colour on a light page, and what stands for it on a dark one.
struct Tone {
    light: RGBColor,
    dark: &'static str,
}

const INK: Tone = Tone { light: RGBColor(0x1f, 0x23, 0x28), dark: "#f0f6fc" };
const MUTED: Tone = Tone { light: RGBColor(0x59, 0x63, 0x6e), dark: "#9198a1" };
const GRID: Tone = Tone { light: RGBColor(0xd8, 0xde, 0xe4), dark: "#30363d" };
const OURS: Tone = Tone { light: RGBColor(0x1f, 0x6f, 0xd6), dark: "#4493f8" };
const OTHERS: Tone = Tone { light: RGBColor(0xaf, 0xb8, 0xc1), dark: "#656c76" };
const SPREAD: Tone = Tone { light: RGBColor(0x0b, 0x2f, 0x5e), dark: "#dbe9fb" };

/// The library divides the sizes of letters by this.
const FONT_UNIT: f64 = 1.24;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// The drawing, as the text of an SVG file.
pub(super) fn of(report: &Report) -> Result<String> {
    let panels: Vec<Panel<'_>> = report.tables.iter().flat_map(Panel::of_table).collect();
    ensure!(!panels.is_empty(), "nothing of {} is to be drawn", report.name);
    let heights: Vec<u32> = panels.iter().map(Panel::height).collect();
    let height = HEADING + heights.iter().sum::<u32>() + FOOT;
    let mut drawing = String::new();
    draw(report, &panels, &SVGBackend::with_string(&mut drawing, (WIDTH, height)).into_drawing_area())
        .map_err(|error| anyhow!("{} cannot be drawn: {error}", report.name))?;
    Ok(with_style(&drawing, &report.title))
}

type Drawn = Result<(), Box<dyn std::error::Error>>;

fn draw(report: &Report, panels: &[Panel<'_>], page: &Area<'_>) -> Drawn {
    let (_, height) = page.dim_in_pixel();
    page.draw(&Text::new(report.title.clone(), (MARGIN, 20), bold(19, &INK)))?;
    let foot = format!("{}; bars: medians, lines: least and greatest of the rounds", report.machine.short());
    page.draw(&Text::new(foot, (MARGIN, i32::try_from(height)? - 20), plain(11, &MUTED)))?;
    let (_, mut rest) = page.split_vertically(HEADING);
    for panel in panels {
        let (area, below) = rest.split_vertically(panel.height());
        panel.draw(&area)?;
        rest = below;
    }
    page.present()?;
    Ok(())
}

/// A column of a table.
struct Panel<'a> {
    column: &'a Column,
    scale: Scale,
    bars: Vec<Bar>,
}

struct Bar {
    name: String,
    ours: bool,
    /// It is ours, and others are not.
    stands_out: bool,
    median: f64,
    ends: [f64; 2],
    told: String,
}

impl<'a> Panel<'a> {
    fn of_table(table: &'a Table) -> impl Iterator<Item = Self> {
        let drawn = table.columns.iter().filter_map(|column| Some((column, column.drawn?)));
        drawn.filter_map(move |(column, scale)| {
            let bars: Vec<Bar> = table.rows.iter().filter_map(|row| Bar::of(table, row, column)).collect();
            (!bars.is_empty()).then_some(Self { column, scale, bars })
        })
    }

    fn height(&self) -> u32 {
        PANEL_HEADING + ROW * u32::try_from(self.bars.len()).unwrap_or(u32::MAX / 2 / ROW) + AXIS
    }

    fn heading(&self) -> String {
        let scale = match self.scale {
            Scale::Linear => "",
            Scale::Logarithmic => ", logarithmic",
        };
        format!("{}{scale}", self.column.title)
    }

    fn draw(&self, area: &Area<'_>) -> Drawn {
        area.draw(&Text::new(self.heading(), (MARGIN, 8), bold(13, &INK)))?;
        for (bar, at) in self.bars.iter().zip(0_u32..) {
            let y = i32::try_from(PANEL_HEADING + ROW * at + ROW / 2)?;
            let style = if bar.stands_out { bold(13, &INK) } else { plain(13, &INK) };
            area.draw(&Text::new(
                bar.name.clone(),
                (i32::try_from(NAMES)? - 10, y),
                style.pos(middle(HPos::Right)),
            ))?;
        }
        let (_, chart) = area.split_vertically(PANEL_HEADING);
        let greatest = self.bars.iter().map(|bar| bar.ends[1]).fold(f64::MIN_POSITIVE, f64::max);
        let least = self.bars.iter().map(|bar| bar.ends[0]).fold(greatest, f64::min);
        match self.scale {
            Scale::Linear => self.draw_bars(&chart, 0.0..greatest * 1.05, 0.0),
            Scale::Logarithmic => {
                // A bar on such a scale begins nowhere; a third of the least figure leaves each one visible.
                let from = least.max(greatest / 1e6) / 3.0;
                self.draw_bars(&chart, (from..greatest * 1.2).log_scale(), from)
            }
        }
    }

    fn draw_bars<X>(&self, area: &Area<'_>, across: X, from: f64) -> Drawn
    where
        X: AsRangedCoord<Value = f64>,
        X::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
    {
        let down: Range<f64> = self.bars.len() as f64..0.0;
        let mut chart = ChartBuilder::on(area)
            .margin_right(FIGURES)
            .x_label_area_size(AXIS)
            .margin_left(NAMES)
            .build_cartesian_2d(across, down)?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .x_labels(6)
            .x_label_formatter(&|figure| short(*figure))
            .x_label_style(plain(11, &MUTED))
            .bold_line_style(GRID.light)
            .light_line_style(TRANSPARENT)
            .axis_style(GRID.light)
            .draw()?;
        for (bar, at) in self.bars.iter().zip(0_u32..) {
            let (top, centre) = (f64::from(at) + 0.18, f64::from(at) + 0.5);
            let tone = if bar.ours { &OURS } else { &OTHERS };
            let corners = [(from, top), (bar.median, f64::from(at) + 0.82)];
            chart.draw_series([Rectangle::new(corners, tone.light.filled())])?;
            let [least, greatest] = bar.ends;
            if greatest > least {
                let line = vec![(least.max(from), centre), (greatest, centre)];
                chart.draw_series([PathElement::new(line, SPREAD.light.stroke_width(2))])?;
            }
            let text = Text::new(bar.told.clone(), (8, 0), bold(12, &INK).pos(middle(HPos::Left)));
            chart.plotting_area().draw(&(EmptyElement::at((greatest.max(bar.median), centre)) + text))?;
        }
        Ok(())
    }
}

impl Bar {
    fn of(table: &Table, row: &Row, column: &Column) -> Option<Self> {
        let figures = table.figures(row, column);
        let median = figures.median()?;
        let ratio = table.ratio_of(column).and_then(|ratio| {
            Some(format!("  ({:.1$} x)", table.figures(row, ratio).median()?, ratio.decimals))
        });
        Some(Self {
            name: row.name.clone(),
            ours: table.is_ours(row),
            stands_out: table.is_ours(row) && !table.rows.iter().all(|row| table.is_ours(row)),
            median,
            ends: figures.ends(),
            told: format!("{median:.0$}{1}", column.decimals, ratio.unwrap_or_default()),
        })
    }
}

/// A number of an axis.
fn short(figure: f64) -> String {
    let (divided, unit) = match figure {
        1e6.. => (figure / 1e6, " M"),
        1e4.. => (figure / 1e3, " k"),
        _ => (figure, ""),
    };
    let rounded = format!("{divided:.2}");
    format!("{}{unit}", rounded.trim_end_matches('0').trim_end_matches('.'))
}

fn plain(size: i32, tone: &Tone) -> TextStyle<'static> {
    ("sans-serif", f64::from(size) * FONT_UNIT).into_font().color(&tone.light)
}

fn bold(size: i32, tone: &Tone) -> TextStyle<'static> {
    ("sans-serif", f64::from(size) * FONT_UNIT, FontStyle::Bold).into_font().color(&tone.light)
}

fn middle(horizontal: HPos) -> Pos {
    Pos::new(horizontal, VPos::Center)
}

/// The drawing with its name for those who hear it, and with the colours of a dark page.
fn with_style(drawing: &str, title: &str) -> String {
    let rules = [INK, MUTED, GRID, OURS, OTHERS, SPREAD].map(|tone| {
        let RGBColor(red, green, blue) = tone.light;
        let light = format!("#{red:02X}{green:02X}{blue:02X}");
        format!("[fill=\"{light}\"]{{fill:{0}}}[stroke=\"{light}\"]{{stroke:{0}}}", tone.dark)
    });
    let head_end = drawing.find('>').map_or(0, |at| at + 1);
    let (head, rest) = drawing.split_at(head_end);
    format!(
        "{head}\n<title>{title}</title>\n<style>\ntext{{font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif}}\n\
         @media (prefers-color-scheme:dark){{{}}}\n</style>{rest}",
        rules.concat()
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::example;
    use super::*;

    #[test]
    fn every_colour_has_one_for_dark_pages() {
        let drawing = of(&example()).unwrap();
        let (style, shapes) = drawing.split_once("</style>").unwrap();
        for attribute in ["fill=\"#", "stroke=\"#"] {
            for (at, _) in shapes.match_indices(attribute) {
                let colour = &shapes[at..at + attribute.len() + 7];
                assert!(style.contains(colour), "{colour} is the same on a dark page");
            }
        }
    }

    #[test]
    fn a_bar_tells_its_figure_and_its_ratio() {
        let drawing = of(&example()).unwrap();
        assert!(drawing.contains("40.0  (2.00 x)"), "{drawing}");
    }

    #[test]
    fn numbers_of_an_axis_are_short() {
        assert_eq!(
            [0.5, 20.0, 1500.0, 20_000.0, 3e6].map(short),
            ["0.5", "20", "1500", "20 k", "3 M"].map(str::to_owned)
        );
    }
}
