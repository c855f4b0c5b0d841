"""When a still demo stands: apart from the shop, since every start asks for it and reads nothing else of it."""

from __future__ import annotations

from csconsole.clock import parse_rfc3339

STILL_AT = parse_rfc3339("2026-11-27T12:00:00+07:00")
"""The instant the still demo shows, in ms UTC: a Friday lunch peak two days after pay day."""
