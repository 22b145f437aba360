//! Requests: what is read from a body, what is refused, and how.

use proptest::prelude::*;

use crate::booking::*;
use crate::fault::FaultKind;
use crate::json::NotJson;

const WHOLE: &str = r#"{"agency":"PartnerCo","agency_reference":"PO-12345","segments":[{"carrier":"SB","flight_number":"951","origin":"CMH","destination":"JFK","departure_date":"2027-03-14","cabin":"ECONOMY","booking_class":"Y"}],"passengers":[{"type":"ADT","title":"MS","given_name":"Ana","family_name":"O'Neill","date_of_birth":"1990-05-01"}],"contact":{"email":"ops@partner.example","phone":"+16145550100"},"price":{"amount":"199.00","currency":"USD"},"remarks":"wheelchair at gate"}"#;

fn read(body: &str) -> BookingRequest {
    BookingRequest::read(body.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal:?}: {body}"))
}

fn refused(body: &str) -> RequestRefusal {
    BookingRequest::read(body.as_bytes()).expect_err(body)
}

/// Pointer and detail of every fault.
fn faults(body: &str) -> Vec<(String, String)> {
    match refused(body) {
        RequestRefusal::Faults(faults) => {
            faults.into_iter().map(|fault| (fault.pointer, fault.detail)).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn pointers(body: &str) -> Vec<String> {
    faults(body).into_iter().map(|(pointer, _)| pointer).collect()
}

#[test]
fn a_whole_booking_is_read() {
    let request = read(WHOLE);
    let details = &request.details;
    let (segment, passenger) = (&details.segments()[0], &details.passengers()[0]);
    let (contact, price) = (details.contact().unwrap(), details.price().unwrap());
    assert_eq!(request.agency.as_deref(), Some("PartnerCo"));
    assert_eq!(details.agency_reference().unwrap().as_str(), "PO-12345");
    assert_eq!((segment.carrier().as_str(), segment.flight_number().as_str()), ("SB", "951"));
    assert_eq!((segment.origin().as_str(), segment.destination().as_str()), ("CMH", "JFK"));
    assert_eq!(segment.departure_date().to_string(), "2027-03-14");
    assert_eq!((segment.cabin(), segment.booking_class().unwrap().as_str()), (Some(Cabin::Economy), "Y"));
    assert_eq!((passenger.kind(), passenger.title().unwrap().as_str()), (PassengerType::Adult, "MS"));
    assert_eq!(passenger.given_name().unwrap().as_str(), "Ana");
    assert_eq!(passenger.family_name().as_str(), "O'Neill");
    assert_eq!(passenger.date_of_birth().unwrap().to_string(), "1990-05-01");
    assert_eq!(contact.email().unwrap().as_str(), "ops@partner.example");
    assert_eq!(contact.phone().unwrap().as_str(), "+16145550100");
    assert_eq!((price.amount().as_str(), price.currency().as_str()), ("199.00", "USD"));
    assert_eq!(details.remarks().unwrap().as_str(), "wheelchair at gate");
}

#[test]
fn the_document_is_canonical() {
    let document = read(WHOLE).details.document();
    assert_eq!(document.as_str(), WHOLE.replace(r#""agency":"PartnerCo","#, ""));
    assert_eq!(format!("{{{}}}", document.members()), document.as_str());
    assert_eq!(document.agency_reference(), Some("PO-12345"));
    let respelt = r#" { "remarks" : "wheelchair \u0061t gate", "price":{"currency":"USD","amount":"199.00"},
        "contact":{"phone":"+16145550100","email":"ops\u0040partner.example"},
        "passengers":[{"date_of_birth":"1990-05-01","family_name":"O\u0027Neill","given_name":"Ana","title":"MS","type":"ADT"}],
        "segments":[{"booking_class":"Y","cabin":"ECONOMY","departure_date":"2027-03-14","destination":"JFK",
        "origin":"CMH","flight_number":"951","carrier":"SB"}], "agency_reference":"PO-12345"}"#;
    assert_eq!(read(respelt).details.document().fingerprint(), document.fingerprint());
}

#[test]
fn every_difference_changes_the_fingerprint() {
    let original = read(WHOLE).details.document().fingerprint();
    for (from, to) in [
        ("PO-12345", "PO-12346"),
        (r#""951""#, r#""0951""#),
        (r#","booking_class":"Y""#, ""),
        ("O'Neill", "O’Neill"),
        ("199.00", "199.01"),
        (r#","remarks":"wheelchair at gate""#, ""),
        (r#""wheelchair at gate""#, r#""""#),
        (r#""given_name":"Ana","family_name":"O'Neill""#, r#""given_name":"O'Neill","family_name":"Ana""#),
    ] {
        let changed = WHOLE.replacen(from, to, 1);
        assert_ne!(changed, WHOLE);
        assert_ne!(read(&changed).details.document().fingerprint(), original, "{from}");
    }
}

#[test]
fn a_booking_of_nothing_is_a_booking() {
    for body in ["{}", r#"{"segments":[],"passengers":[]}"#, r#"{"agency":"PartnerCo"}"#] {
        assert_eq!(read(body).details, Details::default());
        assert_eq!(read(body).details.document().as_str(), r#"{"segments":[],"passengers":[]}"#);
        assert_eq!(read(body).details.document().agency_reference(), None);
    }
}

#[test]
fn optional_members_may_be_missing_and_remarks_empty() {
    let body = r#"{"segments":[{"carrier":"SB","flight_number":"1","origin":"CMH","destination":"JFK","departure_date":"2027-03-14"}],"passengers":[{"type":"ADT","family_name":"Suharto"}],"contact":{"phone":"+16145550100"},"remarks":"a\"\\\n\tb"}"#;
    assert_eq!(read(body).details.document().as_str(), body);
    assert_eq!(
        read(r#"{"remarks":""}"#).details.document().members(),
        r#""segments":[],"passengers":[],"remarks":"""#
    );
}

#[test]
fn missing_members_are_named_at_their_own_place() {
    let body = r#"{"segments":[{}],"passengers":[{}],"contact":{},"price":{}}"#;
    let told = faults(body);
    let required = "is required".to_owned();
    for pointer in [
        "/segments/0/carrier",
        "/segments/0/flight_number",
        "/segments/0/origin",
        "/segments/0/destination",
        "/segments/0/departure_date",
        "/passengers/0/type",
        "/passengers/0/family_name",
        "/price/amount",
        "/price/currency",
    ] {
        assert!(told.contains(&(pointer.to_owned(), required.clone())), "{pointer}");
    }
    assert!(told.contains(&("/contact".to_owned(), "must have an email, a phone, or both".to_owned())));
    assert_eq!(told.len(), 10);
    assert_eq!(refused(body).class(), RefusalClass::Invalid);
}

#[test]
fn wrong_types_say_what_they_are() {
    let told = faults(
        r#"{"agency":7,"agency_reference":null,"segments":{},"passengers":["ADT"],"contact":[],"price":"199.00 USD","remarks":true}"#,
    );
    let expected = [
        ("/agency", "must be a string, not a number"),
        ("/agency_reference", "must be a string, not null"),
        ("/segments", "must be an array, not an object"),
        ("/passengers/0", "must be an object, not a string"),
        ("/contact", "must be an object, not an array"),
        ("/price", "must be an object, not a string"),
        ("/remarks", "must be a string, not a boolean"),
    ];
    assert_eq!(told, expected.map(|(pointer, detail)| (pointer.to_owned(), detail.to_owned())));
    for body in ["[]", "null", "\"{}\"", "1e999", "true"] {
        let [(pointer, detail)] = &faults(body)[..] else { panic!() };
        assert!(pointer.is_empty() && detail.starts_with("must be an object, not "), "{body}: {detail}");
    }
    for name in ["cabin", "booking_class", "title", "given_name", "date_of_birth"] {
        let body = format!(r#"{{"segments":[{{"{name}":null}}],"passengers":[{{"{name}":null}}]}}"#);
        assert!(faults(&body).iter().any(|(_, detail)| detail == "must be a string, not null"), "{name}");
    }
}

#[test]
fn all_faults_of_a_request_are_told_at_once() {
    let body = r#"{"agency_reference":"","segments":[{"carrier":"99","flight_number":"x","origin":"CMH","destination":"CMH","departure_date":"2027-02-30","cabin":"COACH","booking_class":"y","gate":"B4"},7],
        "passengers":[{"type":"INF","title":" ","given_name":"","family_name":"a<b","date_of_birth":"90-05-01"}],
        "contact":{"email":"ops","phone":"614","fax":"1"},"price":{"amount":"1","currency":"USD","tax":"0"},"remarks":"\u0007","status":"CONFIRMED","note":1}"#;
    assert_eq!(
        pointers(body),
        [
            "/agency_reference",
            "/segments/0/carrier",
            "/segments/0/flight_number",
            "/segments/0/departure_date",
            "/segments/0/cabin",
            "/segments/0/booking_class",
            "/segments/0/gate",
            "/segments/0/destination",
            "/segments/1",
            "/passengers/0/title",
            "/passengers/0/given_name",
            "/passengers/0/family_name",
            "/passengers/0/date_of_birth",
            "/contact/email",
            "/contact/phone",
            "/contact/fax",
            "/price/tax",
            "/price/amount",
            "/remarks",
            "/passengers",
            "/status",
            "/note",
        ]
    );
    assert_eq!(refused(body).class(), RefusalClass::Invalid);
}

#[test]
fn unknown_fields_are_refused_by_name() {
    let segment = r#""carrier":"SB","flight_number":"1","origin":"CMH","destination":"JFK","departure_date":"2027-03-14""#;
    let body = format!(r#"{{"segments":[{{{segment},"seat/row":"1A"}}],"Remarks":"x"}}"#);
    let told = faults(&body);
    assert_eq!(told[0].0, "/segments/0/seat~1row");
    assert_eq!(
        told[0].1,
        "is not a field of a segment, which has carrier, flight_number, origin, destination, departure_date, cabin, \
         booking_class"
    );
    assert_eq!(told[1].0, "/Remarks");
    assert!(told[1].1.starts_with("is not a field of a booking, which has agency, "));
    assert_eq!(refused(&body).class(), RefusalClass::UnknownField);
}

#[test]
fn what_the_server_sets_is_refused_as_such() {
    for name in BookingRequest::SET_BY_SERVER {
        let body = format!(r#"{{"{name}":"x"}}"#);
        let detail = "is set by the server and must not be in a request".to_owned();
        assert_eq!(faults(&body), [(format!("/{name}"), detail)]);
        assert_eq!(refused(&body).class(), RefusalClass::UnknownField);
    }
}

#[test]
fn duplicates_outweigh_everything_but_broken_json() {
    let body = r#"{"passengers":[{"type":"x","type":"ADT"}],"nonsense":1,"price":null}"#;
    assert_eq!(pointers(body), ["/passengers/0/type"]);
    assert_eq!(refused(body).class(), RefusalClass::DuplicateMember);
    assert_eq!(refused(r#"{"a":1,"a":1"#).class(), RefusalClass::NotJson);
    assert!(matches!(refused(&"[".repeat(33)), RequestRefusal::NotJson(NotJson::TooDeep { .. })));
    assert_eq!(refused("").class(), RefusalClass::NotJson);
}

fn passenger(kind: &str) -> String {
    format!(r#"{{"type":"{kind}","family_name":"Li"}}"#)
}

#[test]
fn each_infant_on_a_lap_needs_an_adult() {
    let of = |kinds: &[&str]| {
        let passengers: Vec<_> = kinds.iter().map(|kind| passenger(kind)).collect();
        format!(r#"{{"passengers":[{}]}}"#, passengers.join(","))
    };
    for kinds in
        [&["ADT", "INF"][..], &["INF", "ADT"], &["INS"], &["CHD"], &["ADT", "ADT", "INF", "INF", "INS"]]
    {
        read(&of(kinds));
    }
    for kinds in [&["INF"][..], &["INF", "CHD"], &["ADT", "INF", "INF"], &["INS", "INF"]] {
        assert_eq!(pointers(&of(kinds)), ["/passengers"], "{kinds:?}");
    }
    // An unreadable type might have been an adult's.
    assert_eq!(pointers(&of(&["INF", "ADULT"])), ["/passengers/1/type"]);
}

#[test]
fn nobody_is_born_after_the_first_departure() {
    let body = |born: &str| {
        let segment = |from: &str, to: &str, date: &str| {
            format!(
                r#"{{"carrier":"SB","flight_number":"1","origin":"{from}","destination":"{to}","departure_date":"{date}"}}"#
            )
        };
        let segments = [segment("CMH", "JFK", "2027-03-20"), segment("JFK", "CMH", "2027-03-14")].join(",");
        let born = format!(r#"{{"type":"ADT","family_name":"Li","date_of_birth":"{born}"}}"#);
        format!(r#"{{"segments":[{segments}],"passengers":[{},{born}]}}"#, passenger("ADT"))
    };
    read(&body("2027-03-14"));
    assert_eq!(pointers(&body("2027-03-15")), ["/passengers/1/date_of_birth"]);
    read(r#"{"passengers":[{"type":"ADT","family_name":"Li","date_of_birth":"2199-01-01"}]}"#);
}

#[test]
fn lists_have_bounds() {
    let segment = r#"{"carrier":"SB","flight_number":"1","origin":"CMH","destination":"JFK","departure_date":"2027-03-14"}"#;
    let segments = |count| format!(r#"{{"segments":[{}]}}"#, vec![segment; count].join(","));
    let passengers = |count| format!(r#"{{"passengers":[{}]}}"#, vec![passenger("ADT"); count].join(","));
    assert_eq!(read(&segments(16)).details.segments().len(), 16);
    assert_eq!(read(&passengers(9)).details.passengers().len(), 9);
    let too_many = |pointer: &str, detail: &str| [(pointer.to_owned(), detail.to_owned())];
    assert_eq!(faults(&segments(17)), too_many("/segments", "must have at most 16 items, not 17"));
    assert_eq!(faults(&passengers(10)), too_many("/passengers", "must have at most 9 items, not 10"));
}

#[test]
fn thousands_of_faults_are_told_by_a_hundred() {
    let members: Vec<_> = (0..5_000).map(|number| format!("\"x{number}\":0")).collect();
    let RequestRefusal::Faults(faults) = refused(&format!("{{{}}}", members.join(","))) else { panic!() };
    assert_eq!(faults.len(), 100);
    assert!(faults[99].detail.ends_with(" (and 4900 more faults that are not listed)"));
    assert!(faults.iter().all(|fault| fault.kind == FaultKind::UnknownField));
}

#[test]
fn a_stored_text_must_look_like_a_document() {
    let document = read(WHOLE).details.document();
    assert_eq!(Document::from_stored(document.as_str().to_owned()), Ok(document));
    for text in ["", "{}", "[]", "{", "}", "null", r#"{"segments":["#, r#" {"segments":[],"passengers":[]}"#]
    {
        assert_eq!(Document::from_stored(text.to_owned()), Err(NotADocument), "{text}");
    }
}

/// A body of any booking that must be accepted.
fn any_booking() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::json;
    let date = (1900..2200_u16, 1..13_u8, 1..29_u8).prop_map(|(y, m, d)| format!("{y}-{m:02}-{d:02}"));
    let text = prop::collection::vec(any::<char>().prop_filter("no controls", |c| !c.is_control()), 0..40);
    let remarks = text.prop_map(|chars| chars.into_iter().chain("\n\t\"\\".chars()).collect::<String>());
    let segment = ("[A-Z][A-Z0-9]", "[0-9]{1,4}[A-Z]?", "[A-M]{3}", "[N-Z]{3}", prop::option::of("[A-Z]"));
    let segment = segment.prop_map(|(carrier, number, from, to, class)| {
        let mut segment = json!({ "carrier": carrier, "flight_number": number, "origin": from, "destination": to,
            "departure_date": "2199-12-31", "cabin": "FIRST" });
        if let Some(class) = class {
            segment["booking_class"] = json!(class);
        }
        segment
    });
    let name = "[\\p{Latin}\\p{Han}\\p{Arabic}\\p{Devanagari}]{1,16}[ '.,-][\\p{Thai}\\p{Greek}]{1,16}";
    let passenger = (prop::option::of(name), name, prop::option::of(date));
    let passenger = passenger.prop_map(|(given, family, born)| {
        let mut passenger = json!({ "type": "ADT", "family_name": family });
        for (member, value) in [("given_name", given), ("date_of_birth", born)] {
            if let Some(value) = value {
                passenger[member] = json!(value);
            }
        }
        passenger
    });
    let price = ("0|[1-9][0-9]{0,11}", "[0-9]{2}").prop_map(|(whole, cents)| format!("{whole}.{cents}"));
    let lists = (prop::collection::vec(segment, 0..=16), prop::collection::vec(passenger, 0..=9));
    (lists, remarks, price, "[A-Za-z0-9#:+]{1,64}").prop_map(|((segments, passengers), remarks, price, reference)| {
        json!({ "segments": segments, "passengers": passengers, "remarks": remarks, "agency_reference": reference,
            "price": { "amount": price, "currency": "USD" } })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_field_comes_back_equal(body in any_booking()) {
        let details = read(&body.to_string()).details;
        let document = details.document();
        prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(document.as_str()).unwrap(), &body);
        prop_assert_eq!(&document.details().unwrap(), &details);
        prop_assert_eq!(&document.details().unwrap().document(), &document);
        prop_assert_eq!(document.agency_reference(), body["agency_reference"].as_str());
        let pretty = serde_json::to_string_pretty(&body).unwrap();
        prop_assert_eq!(read(&pretty).details.document().fingerprint(), document.fingerprint());
    }
}
