//! A booking as a record, and back.
//!
//! `booking_id` (the key), `agency` and `status` stand as the lesson's table has them. An event's place and the
//! hash of the one before follow from the events themselves, so they are not kept twice; nor is the digest that
//! the creation recorded, which is the booking's `fingerprint`.

use skybridge_domain::agency::AgencyName;
use skybridge_domain::booking::{BookingParts, CreateOperation, Document, Origin, Status};
use skybridge_domain::event::{Actor, CancelReason, Event, EventParts, Fact, Hash};
use skybridge_domain::id::BookingId;
use skybridge_domain::idempotency::IdempotencyKey;
use skybridge_domain::key::Mode;
use skybridge_store::{Attributes, Listing, Record, Value};

use super::{key_of, partition_of};
use crate::attribute::{self, Unreadable};

/// The record of the booking that `parts` make.
pub(super) fn record(parts: BookingParts, listing_sort: String) -> Record {
    let listing = Listing { partition: partition_of(&parts.agency, parts.mode), sort: listing_sort };
    let mut attributes = Attributes::with_capacity(9)
        .with("agency", parts.agency.as_str())
        .with("answer_format", parts.origin.answer_format)
        .with("details", parts.document.into_string())
        .with("events", parts.events.into_iter().map(event_value).collect::<Vec<_>>())
        .with("fingerprint", parts.origin.fingerprint.to_vec());
    if let Some(key) = &parts.origin.idempotency_key {
        attributes.set("idempotency_key", key.as_str());
    }
    let attributes = attributes
        .with("mode", parts.mode.as_str())
        .with("operation", parts.origin.operation.as_str())
        .with("status", parts.status.as_str());
    Record { key: key_of(parts.id), version: parts.version, listing: Some(listing), attributes }
}

/// What `record` says of its booking.
pub(super) fn parts(record: &Record) -> Result<BookingParts, Unreadable> {
    let attributes = &record.attributes;
    let fingerprint = hash(attributes, "fingerprint")?;
    let details = attribute::text(attributes, "details")?.to_owned();
    Ok(BookingParts {
        id: BookingId::parse(&record.key.id).ok_or(Unreadable("booking_id"))?,
        agency: attribute::parsed(attributes, "agency", |text| AgencyName::new(text).ok())?,
        mode: attribute::parsed(attributes, "mode", Mode::parse)?,
        document: Document::from_stored(details).map_err(|_| Unreadable("details"))?,
        status: attribute::parsed(attributes, "status", Status::parse)?,
        version: record.version,
        events: events(attributes, fingerprint)?,
        origin: Origin {
            operation: attribute::parsed(attributes, "operation", CreateOperation::parse)?,
            answer_format: attribute::number(attributes, "answer_format")?,
            fingerprint,
            idempotency_key: attribute::parsed_if_any(attributes, "idempotency_key", |text| {
                IdempotencyKey::new(text).ok()
            })?,
        },
    })
}

fn event_value(event: Event) -> Value {
    let parts = event.into_parts();
    let mut attributes = Attributes::with_capacity(5)
        .with("actor", parts.actor.as_str())
        .with("at", parts.occurred_at.as_millis())
        .with("hash", parts.hash.to_vec());
    if let Fact::Cancelled { reason: Some(reason) } = &parts.fact {
        attributes.set("reason", reason.as_str());
    }
    attributes.with("type", parts.fact.name()).into()
}

fn events(attributes: &Attributes, fingerprint: Hash) -> Result<Vec<Event>, Unreadable> {
    let mut previous_hash = Event::NO_HASH;
    let mut events = Vec::new();
    for (sequence, value) in (1..).zip(attributes.list("events").ok_or(Unreadable("events"))?) {
        let Value::M(event) = value else { return Err(Unreadable("events")) };
        let hash = hash(event, "hash")?;
        events.push(Event::from_parts(EventParts {
            sequence,
            occurred_at: attribute::moment(event, "at")?,
            actor: attribute::parsed(event, "actor", |text| Actor::parse(text).ok())?,
            fact: fact(event, fingerprint)?,
            previous_hash,
            hash,
        }));
        previous_hash = hash;
    }
    Ok(events)
}

fn fact(event: &Attributes, fingerprint: Hash) -> Result<Fact, Unreadable> {
    let reason = attribute::parsed_if_any(event, "reason", |text| CancelReason::new(text).ok())?;
    attribute::parsed(event, "type", |name| {
        let document = (name == "booking.created").then_some(fingerprint);
        Fact::from_stored(name, document, reason)
    })
}

fn hash(attributes: &Attributes, name: &'static str) -> Result<Hash, Unreadable> {
    attributes.bytes(name).and_then(|bytes| bytes.try_into().ok()).ok_or(Unreadable(name))
}
