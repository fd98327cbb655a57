"""Appointments (iCalendar, RFC 5545), as invitations and calendar files hold them: what, when, where, with whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ingest.parse.text import heading, paragraphs, prose
from storage.records import Element, Parsed

_LINE = re.compile(r"([A-Za-z-]+)((?:;[^\";:]*(?:\"[^\"]*\"[^\";:]*)*)*):(.*)")  # name, parameters, value
_ESCAPED = re.compile(r"\\([\\;,nN])")
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d{0,2}(Z?))?$")
_KINDS = ("VEVENT", "VTODO")


class _Said(NamedTuple):
    """One property of an appointment."""

    name: str
    parameters: dict[str, str]
    value: str


def parse_appointments(source: str) -> Parsed:
    """A calendar file."""
    return Parsed(elements=tuple(element for said in _each(source) for element in _elements(said, named=True)))


def invitation(source: str) -> list[Element]:
    """The appointments of a mail, whose subject says what they are called."""
    return [element for said in _each(source) for element in _elements(said, named=False)]


def _each(source: str) -> Iterator[list[_Said]]:
    """The properties of each appointment, without those of its alarms."""
    inside: list[str] = []
    said: list[_Said] = []
    for line in re.sub(r"\r?\n[ \t]", "", source).splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        name, value = found[1].upper(), found[3].strip()
        if name == "BEGIN":
            inside.append(value.upper())
            said = [] if value.upper() in _KINDS else said
        elif name == "END":
            if inside and inside.pop() in _KINDS:
                yield said
        elif inside and inside[-1] in _KINDS:
            parts = (part.partition("=") for part in found[2].split(";") if part)
            said.append(_Said(name, {key.upper(): text.strip('"') for key, _, text in parts}, value))


def _elements(said: list[_Said], *, named: bool) -> list[Element]:
    first = {item.name: item for item in reversed(said)}

    def text(name: str) -> str:
        return _ESCAPED.sub(_meant, first[name].value) if name in first else ""

    def people(name: str) -> str:
        return ", ".join(_person(item) for item in said if item.name == name)

    ends = first.get("DTEND") or first.get("DUE")
    when = " to ".join(_moment(item) for item in (first.get("DTSTART"), ends) if item)
    lines = {
        "When": when,
        "Repeated": text("RRULE"),
        "Where": text("LOCATION"),
        "Organizer": people("ORGANIZER"),
        "Attendees": people("ATTENDEE"),
        "Status": text("STATUS"),
    }
    return [
        *(heading(text("SUMMARY"), 1) if named else ()),
        *prose("\n".join(f"{name}: {value}" for name, value in lines.items() if value)),
        *paragraphs(text("DESCRIPTION")),
    ]


def _meant(escaped: re.Match[str]) -> str:
    return "\n" if escaped[1] in "nN" else escaped[1]


def _person(item: _Said) -> str:
    address = re.sub(r"^mailto:", "", item.value, flags=re.IGNORECASE)
    name = item.parameters.get("CN", "")
    return f"{name} <{address}>" if name and name != address else address


def _moment(item: _Said) -> str:
    found = _MOMENT.match(item.value)
    if found is None:
        return item.value
    day = "-".join(found.groups()[:3])
    zone = "UTC" if found[6] else item.parameters.get("TZID", "")
    return day if found[4] is None else f"{day} {found[4]}:{found[5]}{f' ({zone})' if zone else ''}"
