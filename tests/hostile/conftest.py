"""A shop filled by strangers, once for all tests of this part."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from csconsole.clock import SystemClock
from tests.hostile import corpus, shop
from tests.hostile.corpus import Entry


class Filled(NamedTuple):
    """A data directory and the texts strangers filled it with; as mail came the first ``mails`` of them."""

    data: Path
    texts: list[Entry]
    mails: int


@pytest.fixture(scope="session")
def hostile_data(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """Every drawn text in every place of a channel's messages and of mails; tests copy what they change."""
    folder = tmp_path_factory.mktemp("hostile")
    place = shop.place_for(folder / "data")
    texts = sorted(corpus.drawn(), key=lambda entry: not _for_mail(entry))
    written = [entry for entry in texts if _for_mail(entry)]
    (summary,) = shop.sync(place, shop.chats(texts, SystemClock().now()))
    assert (summary.new, summary.quarantined, summary.error) == (2 * len(texts), 0, "")
    counts = shop.import_mails(place, shop.mails(written), folder / "mails")
    assert (counts["new"], counts["quarantined"]) == (len(written), 0)
    return Filled(place.root, texts, len(written))


def _for_mail(entry: Entry) -> bool:
    """What is aimed at headers and names, and everything that would be a command to the terminal."""
    places = ("subject", "name", "header", "filename", "html body")
    return entry.kind in ("terminal-escape", "bidi", "invisible") or entry.where in places
