//! HTTP/2 by the letter: what RFC 9113 and RFC 7541 ask of a server, frame by frame, against the listener as it runs.
//!
//! Each case is a frame sequence, the section that it comes from, and the reaction that is due. Where an endpoint may
//! choose, every choice is right: a stream error may be treated as a connection error, and a connection may close
//! without a word. What is not met is listed with the reason (`shortfalls.rs`), and is a failure as soon as it is met.

mod case;
mod compression;
mod control;
mod format;
mod identifiers;
mod messages;
mod preface;
mod semantics;
mod settings_and_windows;
mod shortfalls;
mod states;
mod wire;

use std::collections::BTreeSet;

use case::Case;

async fn none_fails(cases: Vec<Case>) {
    let mut faults = Vec::new();
    for case in cases {
        faults.extend(case.fault().await);
    }
    assert!(faults.is_empty(), "{} cases:\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn connections_begin() {
    none_fails(preface::cases()).await;
}

#[tokio::test(start_paused = true)]
async fn frames_have_a_format() {
    none_fails(format::cases()).await;
}

#[tokio::test(start_paused = true)]
async fn header_blocks_are_compressed() {
    none_fails(compression::cases()).await;
}

#[tokio::test(start_paused = true)]
async fn streams_have_states() {
    none_fails(states::cases()).await;
}

#[tokio::test(start_paused = true)]
async fn streams_have_numbers() {
    none_fails(identifiers::cases()).await;
}

#[tokio::test(start_paused = true)]
async fn messages_are_headers_and_data() {
    none_fails(messages::cases()).await;
}

#[tokio::test(start_paused = true)]
async fn connections_and_streams_are_controlled() {
    none_fails(control::cases()).await;
}

#[tokio::test(start_paused = true)]
async fn settings_and_windows_are_kept() {
    none_fails(settings_and_windows::cases()).await;
}

#[tokio::test(start_paused = true)]
async fn requests_are_well_formed() {
    none_fails(semantics::cases()).await;
}

fn all() -> Vec<Case> {
    let sections = [
        preface::cases(),
        format::cases(),
        compression::cases(),
        states::cases(),
        identifiers::cases(),
        messages::cases(),
        control::cases(),
        settings_and_windows::cases(),
        semantics::cases(),
    ];
    sections.into_iter().flatten().collect()
}

/// A case that is listed as unmet exists, no two have one name, and the document states the sum.
#[test]
fn the_figures_are_those_of_the_document() {
    let cases = all();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases.len(), "two cases have one name");
    let unmet = shortfalls::UNMET.iter().map(|(name, ..)| *name);
    for name in unmet.chain(shortfalls::IN_GENERAL_TERMS.iter().copied()) {
        assert!(names.contains(name), "{name} is no case");
    }
    let met = cases.len() - shortfalls::UNMET.len();
    let figure = format!("{met} of {} cases", cases.len());
    let in_general = format!("in {} of them", shortfalls::IN_GENERAL_TERMS.len());
    let document = include_str!("../../../../docs/api-design.md");
    assert!(document.contains(&figure) && document.contains(&in_general), "{figure}, {in_general}");
}
