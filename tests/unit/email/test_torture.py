"""What is read of each mail of the torture set."""

from __future__ import annotations

from typing import Any

import pytest

from csconsole.connectors.email.connector import EmailConnector
from csconsole.domain.events import MessageEvent, ReceiptEvent
from csconsole.text.sanitize import is_safe
from tests.unit.email.build import events, item
from tests.unit.email.torture_set import build, load, pattern

MAILS = load()


def test_the_set_is_large_and_its_names_are_unique() -> None:
    names = [case["name"] for case in MAILS]
    assert len(names) == len(set(names))
    assert len(names) >= 150
    assert all(len(case.keys() - {"name", "raw", "eol", "charset", "meta", "strip"}) >= 1 for case in MAILS)


@pytest.mark.parametrize("case", MAILS, ids=lambda case: case["name"])
def test_torture(case: dict[str, Any]) -> None:
    raw = build(case)
    found = events(raw, **case.get("meta", {}))
    (event,) = [one for one in found if isinstance(one, MessageEvent)]
    remarks = event.extra.get("remarks", [])
    seen = {
        "text": event.body_text,
        "subject": event.subject,
        "from": event.author_name,
        "customer": event.customer.value if event.customer else "",
        "customer_name": event.customer_name,
        "to": event.extra.get("to", []),
        "cc": event.extra.get("cc", []),
        "direction": event.direction,
        "author_kind": event.author_kind,
        "automatic": event.automatic,
        "thread": list(event.thread.reply_to),
        "token": event.thread.token,
        "number": event.thread.number,
        "message_id": event.message_ids[0] if event.message_ids else "",
        "files": [[one.name, one.mime] for one in event.attachments],
        "sizes": [one.bytes for one in event.attachments],
        "remarks": [list(remark) for remark in remarks if isinstance(remarks, list)],
        "codes": [remark[0] for remark in remarks],
        "flags": event.extra.get("flags", []),
        "folded": [[kind, event.body_text[start:end]] for start, end, kind in event.extra.get("folds", [])],
        "visible": _visible(event),
        "failed": [[one.message_id, one.reason] for one in found if isinstance(one, ReceiptEvent)],
        "at": event.at,
    }
    stated = {key: value for key, value in case.items() if key in seen}
    assert {key: seen[key] for key in stated} == stated
    for words in case.get("has", []):
        assert words in event.body_text
    for words in case.get("lacks", []):
        assert words not in event.body_text
    for name, expected in case.get("content", {}).items():
        (info,) = [one for one in event.attachments if one.name == name]
        content = EmailConnector.extract(item(raw), info.locator)
        assert content == (pattern(expected) if isinstance(expected, int) else expected.encode())
    assert is_safe(event.body_text)
    assert len(event.body_text) <= case.get("longest", len(event.body_text))


def _visible(event: MessageEvent) -> str:
    """What is read while quotations and signatures are folded."""
    text, at, kept = event.body_text, 0, []
    for start, end, _ in event.extra.get("folds", []):
        kept.append(text[at:start])
        at = end
    return "".join([*kept, text[at:]]).strip()
