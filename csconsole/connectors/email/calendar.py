"""Calendar invitations (RFC 5545, RFC 5546) as a few plain facts."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_ICS = 200_000
_LINE = re.compile(r"([A-Za-z-]{1,40})((?:;[^:\"]*(?:\"[^\"]*\")?)*):(.*)")
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d{0,2}(Z?))?")
_METHODS = frozenset({"request", "cancel", "reply", "publish", "counter", "add", "refresh", "declinecounter"})


@dataclass(slots=True)
class Invitation:
    """The first event of a calendar.

    Attributes:
        method: what is asked (RFC 5546): ``request``, ``cancel``, ``reply`` ...; ``publish`` when nothing is.
        title: SUMMARY.
        when: ``2026-11-20 10:00 - 11:00 Asia/Bangkok`` as it stands there; UTC is said.
        where: LOCATION.
        organizer: name or address.
        answer: of a reply: ``accepted``, ``declined``, ``tentative``.
    """

    method: str = "publish"
    title: str = ""
    when: str = ""
    where: str = ""
    organizer: str = ""
    answer: str = ""

    def lines(self) -> list[str]:
        """What can be read of it, a line each."""
        return [one for one in (self.title, self.when, self.where, self.organizer) if one]


def read_invitation(text: str, method: str = "") -> Invitation | None:
    """Reads the first event; None when there is none.

    Args:
        text: the calendar, decoded.
        method: parameter of the Content-Type, where the calendar names none.
    """
    found = Invitation(method=method.lower() if method.lower() in _METHODS else "publish")
    start = end = ""
    inside, deep = False, 0
    for name, params, value in _lines(text[:MAX_ICS]):
        if name == "BEGIN":
            deep += inside
            inside = inside or value.strip().upper() in ("VEVENT", "VTODO")
        elif name == "END" and inside:
            if not deep:
                break
            deep -= 1
        elif name == "METHOD" and not inside and value.strip().lower() in _METHODS:
            found.method = value.strip().lower()
        elif inside and not deep:
            if name == "DTSTART":
                start = _moment(value, params)
            elif name in ("DTEND", "DUE"):
                end = _moment(value, params)
            else:
                _take(found, name, params, value)
    if not inside:
        return None
    date, _, rest = end.partition(" ")
    found.when = f"{start} - {rest if rest and start.startswith(date) else end}" if end and end != start else start
    if " - " in found.when and (zone := _zone(start)) and zone == _zone(end):
        found.when = found.when.replace(f" {zone} - ", " - ")
    return found


def _lines(text: str) -> list[tuple[str, str, str]]:
    """Content lines, unfolded (RFC 5545 section 3.1)."""
    unfolded = re.sub(r"\r?\n[ \t]", "", text)
    found = []
    for line in unfolded.splitlines()[:5000]:
        match = _LINE.match(line[:8000])
        if match:
            found.append((match[1].upper(), match[2], match[3]))
    return found


def _take(found: Invitation, name: str, params: str, value: str) -> None:
    plain = re.sub(r"\\([,;\\nN])", lambda match: " " if match[1] in "nN" else match[1], value).strip()[:300]
    if name == "SUMMARY":
        found.title = found.title or plain
    elif name == "LOCATION":
        found.where = found.where or plain
    elif name == "ORGANIZER" and not found.organizer:
        address = plain.removeprefix("mailto:").removeprefix("MAILTO:")
        named = _param(params, "CN")
        found.organizer = f"{named} <{address}>" if named and named != address else address
    elif name == "ATTENDEE" and found.method == "reply" and not found.answer:
        found.answer = _param(params, "PARTSTAT").lower()
    elif name == "STATUS" and plain.upper() == "CANCELLED":
        found.method = "cancel"


def _param(params: str, name: str) -> str:
    match = re.search(rf';{name}=(?:"([^"]*)"|([^;:]*))', params, re.IGNORECASE)
    return (match[1] or match[2] or "").strip() if match else ""


def _moment(value: str, params: str) -> str:
    match = _MOMENT.match(value.strip())
    if match is None:
        return value.strip()[:40]
    day = f"{match[1]}-{match[2]}-{match[3]}"
    if match[4] is None:
        return day
    zone = "UTC" if match[6] else _param(params, "TZID")[:60]
    return f"{day} {match[4]}:{match[5]}" + (f" {zone}" if zone else "")


def _zone(moment: str) -> str:
    return moment.partition(" ")[2].partition(" ")[2]
