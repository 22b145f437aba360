"""A booking API as a careful team writes it with FastAPI and SQLite.

nginx in front knows the keys and paces the agencies, and says in X-Agency who calls. Here: the booking is checked by
pydantic models, made exactly once per agency and Idempotency-Key, and on disk before the answer (WAL, synchronous
FULL: one fsync per commit). One connection per worker process; statements are cached by sqlite3 itself.
"""

import hashlib
import os
import sqlite3
import uuid
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import FastAPI, Header, Response
from pydantic import BaseModel, ConfigDict, EmailStr, Field, StringConstraints

Name = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Airport = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Segment(Strict):
    carrier: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2}$")]
    flight_number: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,4}[A-Z]?$")]
    origin: Airport
    destination: Airport
    departure_date: date
    cabin: Literal["ECONOMY", "PREMIUM_ECONOMY", "BUSINESS", "FIRST"] | None = None
    booking_class: Annotated[str, StringConstraints(pattern=r"^[A-Z]$")] | None = None


class Passenger(Strict):
    type: Literal["ADT", "CHD", "INF", "INS"]
    title: str | None = Field(None, max_length=16)
    given_name: Name
    family_name: Name
    date_of_birth: date | None = None


class Contact(Strict):
    email: EmailStr | None = None
    phone: Annotated[str, StringConstraints(pattern=r"^\+[0-9]{7,15}$")] | None = None


class Price(Strict):
    amount: Decimal
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class BookingRequest(Strict):
    agency: str | None = None
    agency_reference: Name | None = None
    segments: list[Segment] = Field(default=[], max_length=16)
    passengers: list[Passenger] = Field(default=[], max_length=9)
    contact: Contact | None = None
    price: Price | None = None
    remarks: str | None = Field(None, max_length=2000)


class Booking(BookingRequest):
    booking_id: str
    status: str
    agency: str
    created_at: datetime


def connect():
    connection = sqlite3.connect(os.environ["BOOKINGS"], isolation_level=None, timeout=30, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS bookings (booking_id TEXT PRIMARY KEY, agency TEXT NOT NULL, created_at TEXT NOT NULL, "
        "idempotency_key TEXT NOT NULL, fingerprint TEXT NOT NULL, document TEXT NOT NULL, UNIQUE (agency, idempotency_key))"
    )
    connection.execute("CREATE INDEX IF NOT EXISTS newest ON bookings (agency, created_at)")
    return connection


app = FastAPI()
store = connect()


def answer(document: str, booking_id: str) -> Response:
    headers = {"Location": f"/v1/bookings/{booking_id}"}
    return Response(document, status_code=201, media_type="application/json", headers=headers)


@app.post("/v1/bookings", status_code=201)
async def create_booking(
    request: BookingRequest,
    x_agency: Annotated[str, Header()],
    idempotency_key: Annotated[str, Header(max_length=257)],
):
    fingerprint = hashlib.sha256(request.model_dump_json().encode()).hexdigest()
    booking = Booking(
        **request.model_dump(exclude={"agency"}),
        booking_id=str(uuid.uuid4()),
        status="CREATED",
        agency=x_agency,
        created_at=datetime.now(timezone.utc),
    )
    document = booking.model_dump_json(exclude_none=True)
    # Waits for the disk here, in the event loop: on a thread of a pool each call took half as much again, and one
    # connection can only write one booking at a time either way.
    made = store.execute(
        "INSERT INTO bookings VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (agency, idempotency_key) DO NOTHING",
        (booking.booking_id, x_agency, booking.created_at.isoformat(), idempotency_key, fingerprint, document),
    )
    if made.rowcount == 1:
        return answer(document, booking.booking_id)
    there = store.execute(
        "SELECT booking_id, fingerprint, document FROM bookings WHERE agency = ? AND idempotency_key = ?",
        (x_agency, idempotency_key),
    ).fetchone()
    if there[1] != fingerprint:
        return Response('{"detail":"this Idempotency-Key was used for another booking"}', 422, media_type="application/json")
    return answer(there[2], there[0])
