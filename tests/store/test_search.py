"""Search through the real index: everything is found, nothing else is, what was erased is gone from the bytes."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csconsole.domain.events import EditEvent, RedactEvent
from csconsole.services import finding
from csconsole.store import drafts, messages, search
from csconsole.text.search import fold, parse_query
from tests.store.support import NOW, Shop, said

HIDDEN_WORDS = ("กขฃคฅฆงจฉชซฌ", "zyxwvunique")


@pytest.fixture(scope="module")
def corpus(repository: Path) -> list[str]:
    """A sample of public Thai messages."""
    shared = Path(os.environ.get("CSCONSOLE_SHARED", repository.parent / "shared")) / "data" / "thai"
    files = sorted(shared.glob("*.txt"))
    if not files:
        if os.environ.get("CI") == "true":
            pytest.fail(f"the Thai corpus is missing in {shared}")
        pytest.skip("the Thai corpus is not on this machine")
    lines = [line for file in files for line in file.read_text("utf-8").splitlines() if line.strip()]
    return random.Random(3).sample(lines, 2_500)


@pytest.fixture(scope="module")
def thai(tmp_path_factory: pytest.TempPathFactory, corpus: list[str]) -> Iterator[Shop]:
    shop = Shop(tmp_path_factory.mktemp("thai"))
    for start in range(0, len(corpus), 200):
        page = [
            said(text, thread=f"t{(start + i) % 400}", who=f"U{(start + i) % 400}", at=NOW - 10_000 + start + i)
            for i, text in enumerate(corpus[start : start + 200])
        ]
        shop.apply(page)
        if start < 2_000:  # the rest stays unindexed and must be found all the same
            shop.index()
    yield shop
    shop.store.close()


def bodies(shop: Shop) -> dict[int, str]:
    return {n: fold(f"{s}\n{b}") for n, s, b in shop.store.read("select n, subject, body_text from message")}


def queries(corpus: list[str], rng: random.Random) -> list[str]:
    """Pieces of any length of the texts, their English words and beginnings, and words that are nowhere."""
    found = ["สมชายชาตรี", "อรวรรณ", "krajib", "กกกกกก", "qzx", "ข", "a", "7", "😀", "ๆ", "ฯ"]
    for _ in range(150):
        line = fold(rng.choice(corpus)).strip()
        start = rng.randrange(len(line))
        found.append(line[start : start + rng.choice([1, 2, 3, 4, 6, 10, 20])])
    latin = [w for line in corpus for w in line.split() if w.isascii() and w.isalpha()]
    found += rng.sample(latin, 30) + [w[:3] for w in rng.sample(latin, 20)]
    return [q for q in found if q.strip()]


def test_recall_and_precision_are_one_over_thai_and_english(thai: Shop, corpus: list[str]) -> None:
    texts = bodies(thai)
    wrong: dict[str, tuple[int, int]] = {}
    hits_in_all = 0
    for query in queries(corpus, random.Random(5)):
        needle = parse_query(f'"{query}"')
        expected = {n for n, text in texts.items() if needle.matches(text)} if needle else set()
        found = {hit.n for hit in search.search(thai.store, f'"{query}"', limit=10_000)}
        hits_in_all += len(expected)
        if found != expected:
            wrong[query] = (len(found - expected), len(expected - found))
    assert wrong == {}
    assert hits_in_all > 1_000


def test_hits_are_the_newest_by_their_instant(thai: Shop) -> None:
    hits = search.search(thai.store, "ไม่", limit=30)
    assert len(hits) == 30
    assert [h.at for h in hits] == sorted((h.at for h in hits), reverse=True)
    texts = bodies(thai)
    newest = sorted((n for n, text in texts.items() if "ไม่" in text), reverse=True)[:30]
    assert {h.n for h in hits} == set(newest)


@given(text=st.text(max_size=40) | st.text(alphabet='"*()-^:{}+\\ ANDORNEAกขé\x00\ud800\ue000', max_size=30))
def test_no_string_is_a_wrong_query(thai: Shop, text: str) -> None:
    search.search(thai.store, text, limit=5)
    finding.search_messages(thai.desk(), text, limit=5)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "data")
    yield made
    made.store.close()


def found(shop: Shop, text: str) -> list[str]:
    return [hit.snippet for hit in finding.search_messages(shop.desk(), text)]


def test_a_message_is_found_before_it_is_indexed_and_once_after(shop: Shop) -> None:
    shop.apply([said("พัดลมเสียงดัง")])
    assert search.waiting_count(shop.store) == 1
    assert found(shop, "เสียง") == ["พัดลมเสียงดัง"]
    shop.index()
    assert search.waiting_count(shop.store) == 0
    assert found(shop, "เสียง") == ["พัดลมเสียงดัง"]


@pytest.mark.parametrize("indexed", [True, False])
def test_an_edit_moves_what_is_found(shop: Shop, indexed: bool) -> None:
    first = said("old words")
    shop.apply([first])
    if indexed:
        shop.index()
    shop.apply([EditEvent(event_id="e1", message_id=first.remote_id, at=NOW, body_text="new words")])
    for _ in range(2):
        assert (found(shop, "old"), found(shop, "new")) == ([], ["new words"])
        shop.index()


def test_filters_narrow_a_search_whichever_side_drives(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.account("line2")
    shop.apply([said(f"fan {i}", thread=f"a{i}", who=f"A{i}", at=NOW - i) for i in range(30)])
    shop.apply([said(f"fan {i}", thread=f"b{i}", who=f"B{i}", at=NOW - i) for i in range(5)], account="line2")
    shop.index()
    expected = {f"fan {i}" for i in range(5)}
    assert set(found(shop, "fan account:line2")) == expected
    monkeypatch.setattr(finding, "FEW", 2)
    assert set(found(shop, "fan account:line2")) == expected
    assert found(shop, "fan account:nowhere") == []
    assert len(found(shop, "fan -account:line2")) == 30


def test_a_cancelled_message_is_not_found_and_does_not_crowd_others_out(shop: Shop) -> None:
    shop.apply([said("fan one", at=NOW - 5)])
    with shop.store.transaction(NOW) as tx:
        for _ in range(120):
            new = messages.NewMessage(
                conversation_id=1, at=NOW, direction="out", visibility="public", author_kind="agent",
                body_text="fan taken back", delivery="cancelled",
            )  # fmt: skip
            messages.insert(tx, shop.store.root, new)
    for _ in range(2):
        assert found(shop, "fan") == ["fan one"]
        assert search.conversations_with(shop.store, "taken") == []
        shop.index()


def test_the_snippet_shows_the_place_whatever_stands_before_it(shop: Shop) -> None:
    before = "น้ำ\u200bๆๆ ๐๑๒ ﬁne " * 40
    shop.apply([said(f"{before} พัดลมเสีย {'ท้าย ' * 50}", subject="Fan")])
    (snippet,) = found(shop, "พัดลม")
    assert "พัดลมเสีย" in snippet
    assert snippet.startswith("…")
    assert found(shop, "fan")[0].startswith("Fan")


def secret_bytes(shop: Shop) -> list[str]:
    """Which of the hidden words are readable in any file of the directory."""
    shop.store.checkpoint(truncate=True)
    content = b"".join(p.read_bytes() for p in shop.store.root.rglob("*") if p.is_file())
    return [word for word in HIDDEN_WORDS for part in (word, word[:3]) if part.encode() in content]


@pytest.mark.parametrize("times", ["edit", "redact", "edit, then redact"])
def test_erased_words_are_gone_from_the_bytes_of_the_file(shop: Shop, times: str) -> None:
    thai_word, english = HIDDEN_WORDS
    secret = said(f"x {thai_word} and {english}", subject=f"{english} {thai_word}", thread="s", who="S")
    shop.apply([said("kept before", at=NOW - 2), secret, said("kept after"), *(said(f"more {i}") for i in range(60))])
    shop.index()
    for part in (thai_word, english):
        assert search.search(shop.store, part)
    assert len(secret_bytes(shop)) == 4  # the probe sees them while they are there
    if "edit" in times:
        edit = EditEvent(event_id="e1", message_id=secret.remote_id, at=NOW, body_text=f"{english} {thai_word} again")
        shop.apply([edit])
        shop.index()
    if times != "edit":
        shop.apply([RedactEvent(event_id="e2", message_id=secret.remote_id, at=NOW)])
        shop.apply([RedactEvent(event_id="e3", message_id=secret.remote_id, at=NOW)])
        shop.index()
        for part in (thai_word, english):
            assert search.search(shop.store, part) == []
        assert secret_bytes(shop) == []
    with shop.store.transaction(NOW) as tx:
        tx.execute("insert into message_fts (message_fts) values ('optimize')")
    assert len(search.search(shop.store, "kept")) == 2
    assert len(search.search(shop.store, "more", limit=100)) == 60


def test_an_edit_after_a_redaction_brings_nothing_back(shop: Shop) -> None:
    first = said("private")
    shop.apply([first])
    shop.index()
    shop.apply([RedactEvent(event_id="r", message_id=first.remote_id, at=NOW)])
    shop.apply([EditEvent(event_id="e", message_id=first.remote_id, at=NOW, body_text="private again")])
    shop.index()
    assert found(shop, "private") == []
    assert shop.store.read_one("select body_text, edit_rev from message") == ("", 0)


def test_the_sample_of_frequencies_forgets_the_words_of_an_erased_message(shop: Shop) -> None:
    first = said("zyxwvunique common")
    shop.apply([first, said("common")])
    shop.index()
    assert shop.count("gram_frequency", "gram like '%zyxwvunique%'") == 1
    shop.apply([RedactEvent(event_id="r", message_id=first.remote_id, at=NOW)])
    assert shop.count("gram_frequency", "gram like '%zyx%'") == 0
    assert shop.store.read_one("select n from gram_frequency where gram = 'common'") == (1,)


def test_customers_are_found_by_every_name_and_no_longer_by_the_old(shop: Shop) -> None:
    shop.apply([said("hi", customer_name="Anna Müller", customer_call="อันนา")])
    desk: Any = shop.desk()
    for text in ("anna", "müller", "อัน", "u1"):
        assert search.customers_with(desk.store, text) == [1], text
        assert search.conversations_with(desk.store, text) == [1], text
    assert search.customers_with(desk.store, "") == []
    assert search.customers_with(desk.store, "nna") == []
    with shop.store.transaction(NOW) as tx:
        drafts.save(tx, desk.actor.id, 1, "reply", "x", 0)
        from csconsole.store import customers

        customers.update(tx, 1, name="Berta")
    assert search.customers_with(desk.store, "anna") == []
    assert search.customers_with(desk.store, "berta") == [1]
