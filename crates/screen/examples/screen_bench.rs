//! What screening costs and what it catches, as JSON: one half of `cargo xtask bench screen`, built for release.
//!
//! `screen_bench BODIES-FILE [CRS-DIRECTORY]`: the built-in rules alone, and beside the rules of the directory. The bodies
//! of the bookings and free texts that were measured are written to the file, one a line, for a peer to measure.

#![expect(clippy::print_stdout, reason = "prints the figures")]
#![expect(clippy::cast_precision_loss, reason = "means of some hundred texts")]
#![expect(clippy::unwrap_used, reason = "a figure that cannot be taken ends the run")]

#[path = "../tests/corpus/lib.rs"]
mod corpus;

use std::path::Path;
use std::time::Duration;

use corpus::{attacks, awkward, honest};
use serde_json::{Value, json};
use skybridge_screen::{Crs, CrsOptions, CrsReport, Exceptions, Field, Mode, Pointer, Profile, Screen, Text};

/// Each text is read this often, and the median taken: other work on the machine then falls out of the figures.
const ROUNDS: usize = 9;
/// Bookings and free texts of which the cost is taken.
const TEXTS: usize = 400;
const FREE_TEXT_BYTES: usize = 2048;

/// One booking as the screen sees it.
type Booking = Vec<(Field, String)>;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, bodies, directory @ ..] = arguments.as_slice() else {
        panic!("screen_bench BODIES-FILE [CRS-DIRECTORY]")
    };
    let bookings = bookings();
    let free: Vec<Booking> = free_texts(FREE_TEXT_BYTES, &remarks()).into_iter().map(remark).collect();
    std::fs::write(bodies, bodies_of(&bookings, &free)).unwrap();
    let empty = resident_kib();
    let own = figures(|profile| Screen::new(profile, None), empty, &bookings, &free);
    let (with_crs, crs) = directory.first().map_or((Value::Null, Value::Null), |directory| {
        let read = || Crs::read_dir(Path::new(directory), CrsOptions::default()).unwrap();
        let make = |profile| Screen::new(profile, Some(read().0));
        (figures(make, resident_kib(), &bookings, &free), summary(&read().1))
    });
    println!("{}", json!({ "own": own, "with_crs": with_crs, "crs": crs }));
}

fn summary(report: &CrsReport) -> Value {
    json!({ "version": report.version, "paranoia": report.paranoia, "honoured": report.honoured.len(),
        "only_counted": report.only_counted.len(), "not_honoured": report.not_honoured.len() })
}

/// The default without a limit of time: a busy machine must not change what is caught.
fn unhurried() -> Profile {
    let mut profile = Profile::default();
    profile.budget.time = Duration::MAX;
    profile
}

fn figures(
    make: impl Fn(Profile) -> Screen,
    before_kib: u64,
    bookings: &[Booking],
    free: &[Booking],
) -> Value {
    let (screen, load) = timed(|| make(unhurried()));
    let ((), warm) = timed(|| screen.warm().unwrap());
    let screen = &screen;
    let hostile: Vec<Booking> = free_texts(FREE_TEXT_BYTES, &payloads()).into_iter().map(remark).collect();
    let costs = json!({
        "booking": cost(screen, bookings),
        "free_text_2k": cost(screen, free),
        "hostile_2k": cost(screen, &hostile),
    });
    let resident_kib = resident_kib().saturating_sub(before_kib);
    // In count mode nothing ends the reading of a hostile text early.
    let counting = make(unhurried().at_most(Mode::Count));
    let sizes = [256, 512, 1024, 2048, 4096, 8192];
    let by_size: Vec<Value> = sizes.into_iter().map(|bytes| by_size(screen, &counting, bytes)).collect();
    json!({ "load_ms": ms(load), "warm_ms": ms(warm), "resident_kib": resident_kib, "cost": costs, "by_size": by_size,
        "caught": caught(screen), "refused": refused(screen) })
}

/// Cost of one text of honest remarks, and of one made of attacks that nothing ends early.
fn by_size(screen: &Screen, counting: &Screen, bytes: usize) -> Value {
    let of = |screen: &Screen, texts: &[String]| {
        let texts: Vec<Booking> = free_texts(bytes, texts).into_iter().take(40).map(remark).collect();
        cost(screen, &texts)["mean_us"].clone()
    };
    json!({ "bytes": bytes, "honest_mean_us": of(screen, &remarks()), "hostile_mean_us": of(counting, &payloads()) })
}

fn cost(screen: &Screen, bookings: &[Booking]) -> Value {
    let mut costs: Vec<f64> = bookings.iter().map(|booking| median_us(screen, booking)).collect();
    costs.sort_by(f64::total_cmp);
    let mean = costs.iter().sum::<f64>() / costs.len() as f64;
    json!({ "texts": costs.len(), "mean_us": round(mean), "p99_us": round(costs[costs.len() * 99 / 100]),
        "worst_us": round(costs[costs.len() - 1]) })
}

fn median_us(screen: &Screen, booking: &Booking) -> f64 {
    let mut times: Vec<Duration> = (0..ROUNDS).map(|_| timed(|| is_refused(screen, booking)).1).collect();
    times.sort();
    times[ROUNDS / 2].as_secs_f64() * 1e6
}

fn is_refused(screen: &Screen, booking: &Booking) -> bool {
    let texts =
        booking.iter().map(|(field, value)| Text { field: *field, pointer: Pointer::Of("/remarks"), value });
    screen.inspect(texts, Exceptions::NONE).is_blocked()
}

/// By family of attack, and by the field that the value stands in.
fn caught(screen: &Screen) -> Value {
    let all = attacks();
    let share = |field: Field, chosen: &dyn Fn(&corpus::Attack) -> bool| {
        let texts: Vec<_> = all.iter().filter(|attack| chosen(attack)).collect();
        let hit =
            texts.iter().filter(|attack| is_refused(screen, &vec![(field, attack.payload.clone())])).count();
        json!({ "of": texts.len(), "caught": hit })
    };
    let families: serde_json::Map<String, Value> = (930..=944)
        .map(|family| (family.to_string(), share(Field::Remarks, &|one| one.rule / 1000 == family)))
        .collect();
    let fields: serde_json::Map<String, Value> =
        [Field::Remarks, Field::FamilyName, Field::Query, Field::Header]
            .map(|field| (field.as_str().to_owned(), share(field, &|_| true)))
            .into_iter()
            .collect();
    json!({
        "all": share(Field::Remarks, &|_| true),
        "without_mere_words": share(Field::Remarks, &|one| !is_word(&one.payload)),
        "families": families,
        "fields": fields,
    })
}

/// `value`, `test`, `foo`: parts of a test that no screen for free text may refuse.
fn is_word(text: &str) -> bool {
    text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn refused(screen: &Screen) -> Value {
    let texts = honest();
    let of_kind = |kind: &str| {
        let numbers: std::collections::BTreeSet<usize> =
            texts.iter().filter(|text| text.kind == kind).map(|text| text.booking).collect();
        let hit: std::collections::BTreeSet<usize> = texts
            .iter()
            .filter(|text| {
                text.kind == kind && is_refused(screen, &vec![(field(text.pointer), text.value.clone())])
            })
            .map(|text| text.booking)
            .collect();
        json!({ "of": numbers.len(), "refused": hit.len() })
    };
    let awkward = awkward();
    let hit = awkward.iter().filter(|text| is_refused(screen, &remark((*text).clone()))).count();
    json!({ "plain": of_kind("plain"), "tricky": of_kind("tricky"),
        "awkward_texts": { "of": awkward.len(), "refused": hit } })
}

fn field(pointer: &str) -> Field {
    Field::named(pointer).unwrap()
}

fn bookings() -> Vec<Booking> {
    let mut bookings: Vec<Booking> = Vec::new();
    for text in honest() {
        if text.booking >= TEXTS {
            break;
        }
        bookings.resize_with(bookings.len().max(text.booking + 1), Vec::new);
        bookings[text.booking].push((field(text.pointer), text.value));
    }
    bookings
}

fn remark(text: String) -> Booking {
    vec![(Field::Remarks, text)]
}

fn remarks() -> Vec<String> {
    honest().into_iter().filter(|text| text.pointer == "remarks").map(|text| text.value).collect()
}

fn payloads() -> Vec<String> {
    attacks().into_iter().map(|attack| attack.payload).collect()
}

/// Texts of this many bytes, put together from `parts` in their order.
fn free_texts(bytes: usize, parts: &[String]) -> Vec<String> {
    let mut texts = vec![String::new()];
    for part in parts.iter().cycle().take(parts.len() * bytes.div_ceil(256)) {
        let last = texts.last_mut().unwrap();
        last.push_str(part);
        last.push(' ');
        if last.len() >= bytes {
            let end = (0..=bytes).rev().find(|at| last.is_char_boundary(*at)).unwrap();
            last.truncate(end);
            texts.push(String::new());
        }
        if texts.len() > TEXTS {
            break;
        }
    }
    texts.pop();
    texts
}

/// The same texts as the bodies of requests.
fn bodies_of(bookings: &[Booking], free: &[Booking]) -> String {
    let body = |booking: &Booking| {
        let of = |wanted: Field| {
            booking.iter().filter(move |(field, _)| *field == wanted).map(|(_, value)| value.clone())
        };
        let passengers: Vec<Value> = of(Field::GivenName)
            .zip(of(Field::FamilyName))
            .map(|(given, family)| json!({ "type": "ADT", "given_name": given, "family_name": family }))
            .collect();
        let body = json!({ "agency_reference": of(Field::AgencyReference).next(), "passengers": passengers,
            "contact": { "email": of(Field::Email).next() }, "remarks": of(Field::Remarks).next() });
        format!("{body}\n")
    };
    bookings.iter().chain(free).map(body).collect()
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = cpu();
    let result = work();
    (result, cpu().saturating_sub(begun))
}

/// CPU time of this thread: other work on the machine is not in it.
fn cpu() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(now.tv_sec).unwrap(), u32::try_from(now.tv_nsec).unwrap())
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

fn ms(duration: Duration) -> f64 {
    round(duration.as_secs_f64() * 1e3)
}

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
