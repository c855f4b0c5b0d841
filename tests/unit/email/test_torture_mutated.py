"""Mails of the torture set, damaged at random: nothing raises, nothing hangs, nothing unsafe comes out."""

from __future__ import annotations

import random
import time

import pytest

from csconsole.connectors.email.connector import EmailConnector
from csconsole.connectors.email.normalise import read_events
from csconsole.domain.events import MessageEvent
from csconsole.errors import PayloadError
from csconsole.text.sanitize import is_safe, safe_line
from tests.unit.email.build import ACCOUNT, item
from tests.unit.email.mutate import mutate
from tests.unit.email.torture_set import build, load

MOST_CPU = 2.0
"""Seconds for one damaged mail of at most 200 kB; they take milliseconds."""

SMALL = [raw for raw in map(build, load()) if len(raw) < 20_000]


@pytest.mark.parametrize("seed", range(12))
def test_damaged_mails_are_read_or_refused(seed: int) -> None:
    chance = random.Random(seed)
    for number in range(250):
        raw = mutate(chance.choice(SMALL), chance)
        begun = time.process_time()
        try:
            # Below the last line of defence, which would turn a bug into a refusal.
            found = read_events(item(raw), ACCOUNT)
        except PayloadError:
            assert not raw.strip(), (seed, number)
            continue
        assert time.process_time() - begun < MOST_CPU, (seed, number, raw[:2000])
        for event in found:
            if isinstance(event, MessageEvent):
                _check(event, raw)


def _check(event: MessageEvent, raw: bytes) -> None:
    assert is_safe(event.body_text)
    for line in (event.subject, event.author_name, event.customer_name):
        assert safe_line(line) == line
    at = 0
    for start, end, kind in event.extra.get("folds", []):
        assert at <= start < end <= len(event.body_text)
        assert kind in ("quote", "signature")
        at = end
    for info in event.attachments[:3]:
        assert safe_line(info.name) == info.name and "/" not in info.name
        assert EmailConnector.extract(item(raw), info.locator) is not None


def test_the_same_mail_is_always_read_the_same() -> None:
    for raw in SMALL[:60]:
        assert read_events(item(raw), ACCOUNT) == read_events(item(raw), ACCOUNT)
