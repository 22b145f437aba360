//! The report as lines.

use serde_json::Value;

use crate::bench::report::{Column, Scale, Table};

/// What screening a text costs, side by side.
pub(super) fn costs(report: &Value) -> Table {
    let (own, crs, peer) = parts(report);
    let columns = [
        Column::new("CPU us, mean", 1).drawn(Scale::Logarithmic),
        Column::new("p99", 1),
        Column::new("worst", 1),
    ];
    let mut table = Table::new("text", columns).ours("ours");
    for (text, name) in
        [("booking", "booking"), ("free_text_2k", "2 KiB, honest"), ("hostile_2k", "2 KiB, hostile")]
    {
        for (who, figures) in
            [("ours", &own["cost"]), ("ours and CRS", &crs["cost"]), ("libmodsecurity and CRS", peer)]
        {
            let cost = &figures[text];
            if !cost.is_null() {
                let figures =
                    ["mean_us", "p99_us", "worst_us"].map(|one| cost[one].as_f64().unwrap_or(f64::NAN));
                table.add(&format!("{who}: {name}"), &figures);
            }
        }
    }
    table
}

/// How many times ours the peer takes, what was caught and what was refused.
pub(super) fn notes(report: &Value) -> Vec<String> {
    let (own, crs, peer) = parts(report);
    let mut lines = Vec::new();
    for text in ["booking", "free_text_2k"] {
        let ratio =
            |ours: &Value| Some(peer[text]["mean_us"].as_f64()? / ours["cost"][text]["mean_us"].as_f64()?);
        if let Some(own) = ratio(own) {
            let with = ratio(crs).map(|with| format!(", {with:.0} times ours with CRS")).unwrap_or_default();
            lines.push(format!("{text}: the peer takes {own:.0} times what ours does{with}"));
        }
    }
    for (name, figures) in [("ours", own), ("ours and CRS", crs)] {
        if !figures.is_null() {
            lines.extend(summary(name, figures));
        }
    }
    if let Some(version) = report["ours"]["crs"]["version"].as_str() {
        let of = |what: &str| number(&report["ours"]["crs"][what]);
        lines.push(format!(
            "rules     {version}: {} honoured, {} of them only count, {} not honoured",
            of("honoured"),
            of("only_counted"),
            of("not_honoured")
        ));
    }
    lines
}

/// Ours alone, ours with CRS, and the peer.
fn parts(report: &Value) -> (&Value, &Value, &Value) {
    (&report["ours"]["own"], &report["ours"]["with_crs"], &report["libmodsecurity"])
}

fn summary(name: &str, figures: &Value) -> Vec<String> {
    let mut lines = vec![
        String::new(),
        format!(
            "{name}: read in {} ms, warmed in {} ms, {} KiB more in memory",
            number(&figures["load_ms"]),
            number(&figures["warm_ms"]),
            number(&figures["resident_kib"])
        ),
    ];
    for size in figures["by_size"].as_array().into_iter().flatten() {
        lines.push(format!(
            "  {:>5} bytes: honest {} us, hostile {} us",
            number(&size["bytes"]),
            number(&size["honest_mean_us"]),
            number(&size["hostile_mean_us"])
        ));
    }
    let caught = &figures["caught"];
    let named = ["all", "without_mere_words"];
    lines.extend(named.map(|name| format!("  caught {name}: {}", share(&caught[name], "caught"))));
    for part in ["families", "fields"] {
        let all = caught[part].as_object().into_iter().flatten().filter(|(_, one)| one["of"] != 0);
        lines.extend(all.map(|(name, one)| format!("  caught {name}: {}", share(one, "caught"))));
    }
    let refused = figures["refused"].as_object().into_iter().flatten();
    lines.extend(refused.map(|(name, one)| format!("  refused {name}: {}", share(one, "refused"))));
    lines
}

fn share(figures: &Value, what: &str) -> String {
    let (part, of) = (figures[what].as_f64().unwrap_or(0.0), figures["of"].as_f64().unwrap_or(0.0));
    format!("{part} of {of} ({:.1} %)", 100.0 * part / of.max(1.0))
}

fn number(value: &Value) -> String {
    value.as_f64().map_or_else(|| "-".to_owned(), |number| number.to_string())
}
