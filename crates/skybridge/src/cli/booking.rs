//! `skybridge booking`: what the agencies have booked.

use clap::Subcommand;
use serde_json::Value;
use skybridge_domain::booking::can_be_shown;

use super::client::{Client, segment, with_query};
use super::failure::Failure;
use super::fields::Fields as _;
use super::output;
use super::session::Session;
use super::table;

/// Bookings: what the agencies have booked
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    List(ListArgs),
    /// Show one booking
    Show {
        /// The booking's id
        id: String,
    },
    Export(ExportArgs),
}

/// List the newest bookings
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    filter: Filter,

    /// How many, at most 100
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,

    /// Where an earlier list ended
    #[arg(long)]
    cursor: Option<String>,
}

/// Print all bookings, one JSON object per line
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  skybridge booking export --agency PartnerCo > bookings.ndjson")]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    filter: Filter,
}

#[derive(Debug, clap::Args)]
struct Filter {
    /// Only this agency's
    #[arg(long, value_name = "NAME")]
    agency: Option<String>,

    /// Only those that are CREATED, CONFIRMED or CANCELLED now
    #[arg(long, value_name = "STATUS", value_parser = capitals)]
    status: Option<String>,
}

fn capitals(text: &str) -> Result<String, std::convert::Infallible> {
    Ok(text.to_ascii_uppercase())
}

impl Command {
    pub(crate) fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::List(args) => list(&args, session),
            Self::Show { id } => show(&id, session),
            Self::Export(args) => export(&args.filter, session),
        }
    }
}

fn page(client: &Client, filter: &Filter, limit: u32, cursor: Option<String>) -> Result<Value, Failure> {
    client.get(&with_query(
        "/admin/v1/bookings",
        &[
            ("agency", filter.agency.clone()),
            ("status", filter.status.clone()),
            ("limit", Some(limit.to_string())),
            ("cursor", cursor),
        ],
    ))
}

fn list(args: &ListArgs, session: &Session) -> Result<(), Failure> {
    let answer = page(&session.client()?, &args.filter, args.limit, args.cursor.clone())?;
    session.show(&answer, |answer| {
        let rows = answer.list("bookings").iter().map(|booking| {
            [
                booking.text("booking_id"),
                booking.text("status"),
                booking.text("agency"),
                booking.text("agency_reference"),
                itinerary(booking),
                booking.list("passengers").len().to_string(),
                booking.moment("created_at"),
            ]
        });
        let headings =
            ["BOOKING ID", "STATUS", "AGENCY", "REFERENCE", "ITINERARY", "PASSENGERS", "CREATED (UTC)"];
        let mut text = table::of(headings, rows.collect(), "There is no such booking.");
        if answer["next_cursor"].is_string() {
            text.push_str(&format!("\n\nThere are more:  --cursor {}", answer.text("next_cursor")));
        }
        text
    })
}

/// `CMH-JFK-LHR`; a break in the journey shows as a comma.
fn itinerary(booking: &Value) -> String {
    let mut text = String::new();
    let mut at = None;
    for segment in booking.list("segments") {
        let (origin, destination) = (segment.text("origin"), segment.text("destination"));
        if at.as_ref() != Some(&origin) {
            if at.is_some() {
                text.push_str(", ");
            }
            text.push_str(&origin);
        }
        text.push_str(&format!("-{destination}"));
        at = Some(destination);
    }
    if text.is_empty() { "-".to_owned() } else { text }
}

fn show(id: &str, session: &Session) -> Result<(), Failure> {
    let booking = session.client()?.get(&format!("/admin/v1/bookings/{}", segment(id)))?;
    session.show(&booking, |booking| {
        let mut parts = vec![details(booking)];
        if !booking.list("segments").is_empty() {
            parts.push(segments(booking));
        }
        if !booking.list("passengers").is_empty() {
            parts.push(passengers(booking));
        }
        parts.join("\n\n")
    })
}

fn details(booking: &Value) -> String {
    let price = &booking["price"];
    let contact = &booking["contact"];
    let mut pairs = vec![
        ("booking", booking.text("booking_id")),
        ("status", booking.text("status")),
        ("agency", booking.text("agency")),
        ("reference", booking.text("agency_reference")),
        ("version", booking.text("version")),
        ("created", booking.moment("created_at")),
        ("updated", booking.moment("updated_at")),
    ];
    if price.is_object() {
        pairs.push(("price", format!("{} {}", price.text("amount"), price.text("currency"))));
    }
    if contact.is_object() {
        pairs.push(("contact", format!("{}  {}", contact.text("email"), contact.text("phone"))));
    }
    if booking["remarks"].is_string() {
        pairs.push(("remarks", printable(&booking.text("remarks"))));
    }
    table::pairs(pairs)
}

/// Text of a caller without what would steer the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|char| if can_be_shown(char) { char } else { ' ' }).collect()
}

fn segments(booking: &Value) -> String {
    let rows = booking.list("segments").iter().map(|segment| {
        let flight = format!("{}{}", segment.text("carrier"), segment.text("flight_number"));
        let route = format!("{}-{}", segment.text("origin"), segment.text("destination"));
        [flight, route, segment.text("departure_date"), segment.text("cabin"), segment.text("booking_class")]
    });
    table::of(["FLIGHT", "ROUTE", "DEPARTURE", "CABIN", "CLASS"], rows.collect(), "")
}

fn passengers(booking: &Value) -> String {
    let rows = booking.list("passengers").iter().map(|passenger| {
        let name = format!("{} {}", passenger.text("given_name"), passenger.text("family_name"));
        [passenger.text("type"), passenger.text("title"), printable(&name), passenger.text("date_of_birth")]
    });
    table::of(["TYPE", "TITLE", "NAME", "BORN"], rows.collect(), "")
}

fn export(filter: &Filter, session: &Session) -> Result<(), Failure> {
    let client = session.client()?;
    let mut cursor = None;
    loop {
        let answer = page(&client, filter, 100, cursor)?;
        let mut lines = String::new();
        for booking in answer.list("bookings") {
            lines.push_str(&booking.to_string());
            lines.push('\n');
        }
        output::print_bytes(lines.as_bytes())?;
        match answer["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_itinerary_joins_what_connects() {
        let leg = |origin: &str, destination: &str| json!({"origin": origin, "destination": destination});
        let booking = json!({"segments": [leg("CMH", "JFK"), leg("JFK", "LHR"), leg("CDG", "JFK")]});
        assert_eq!(itinerary(&booking), "CMH-JFK-LHR, CDG-JFK");
        assert_eq!(itinerary(&json!({})), "-");
    }

    #[test]
    fn a_callers_text_cannot_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\nc"), "a [31mb c");
    }
}
