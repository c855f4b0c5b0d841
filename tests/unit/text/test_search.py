"""The index proposes every text that matches, and the text decides."""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from csconsole.store import driver
from csconsole.text import search
from csconsole.text.search import fold, fts_expression, index_terms, parse_query

TEXT = st.text(
    st.one_of(
        st.sampled_from(
            'กขเแ\u0e31\u0e33\u0e32\u0e35\u0e39\u0e3a\u0e48\u0e49\u0e4c\u0e4d๑a1Zß-_ \n"*'
            "界ひ\U0001f600éệ\u0301\u200b\ue000\ue001\x00"
        ),
        st.characters(codec=None),
    ),
    max_size=30,
)


class Index:
    """The product's table over some texts, in memory."""

    def __init__(self, texts: list[str]) -> None:
        self.folded = [fold(text) for text in texts]
        self.terms = [index_terms(text) for text in self.folded]
        self.frequency = Counter(term for terms in self.terms for term in terms.split(" "))
        self.database = driver.connect(":memory:")
        self.database.execute(
            "create virtual table f using fts5(t, content='', columnsize=0, detail=none, tokenize='ascii')"
        )
        self.database.executemany("insert into f(rowid, t) values(?, ?)", list(enumerate(self.terms)))

    def find(self, query: str) -> set[int]:
        """Rows found by way of the index, or by looking through all where it cannot help."""
        needle = parse_query(query)
        terms = needle.candidate_terms(self.frequency)
        rows = set(range(len(self.folded)))
        if terms:
            found = self.database.execute("select rowid from f where f match ?", (fts_expression(terms),))
            rows = {row for (row,) in found}
        return {row for row in rows if needle.matches(self.folded[row])}

    def scan(self, query: str) -> set[int]:
        needle = parse_query(query)
        return {row for row, text in enumerate(self.folded) if needle.matches(text)}


@pytest.fixture(scope="module")
def index(thai_lines: list[str]) -> Index:
    extra = [
        "ส่ง KJ69110342 แล้ว (OPS-306) C++ & C#",
        "ซื้อiPhone15สีดำ AND NOT or",
        "Reorder orders ORDERING user_name",
        "việt nam ĐẶT hàng 日本語テスト 한국어 مرحبا",
        "line one\nrefund  request 😀👍🏽",
        "ก",
        "น้ำ น้ํา นํ้า นำ้",
        "a" * 200 + " tail",
    ]
    return Index(thai_lines[::12] + extra)


def test_thai_substrings_are_found_exactly(index: Index) -> None:
    chance = random.Random(7)
    hits = by_index = 0
    for _ in range(1500):
        text = chance.choice(index.folded)
        size = chance.randint(1, 8)
        start = chance.randrange(max(1, len(text) - size))
        part = text[start : start + size].replace('"', " ").strip()
        if not part or not re.search("[ก-๛]", part[0]):
            continue
        query = f'"{part}"'
        expected = {row for row, body in enumerate(index.folded) if fold(part) in body}
        assert index.find(query) == expected, ascii(part)
        hits += len(expected)
        by_index += bool(parse_query(query).candidate_terms(index.frequency))
    assert hits > 5000
    assert by_index > 700


def test_english_words_and_their_beginnings_are_found_exactly(index: Index) -> None:
    chance = random.Random(8)
    words = sorted({word for text in index.folded for word in re.findall("[a-z]+", text)})
    assert len(words) > 400
    for word in chance.sample(words, 400):
        part = word[: chance.randint(1, len(word))]
        expected = {row for row, body in enumerate(index.folded) if re.search(f"(?<![a-zß-ɏḀ-ỹ]){part}", body)}
        assert index.find(part) == expected, part


@given(TEXT, st.integers(0, 29), st.integers(1, 8), st.booleans())
@example("ab12ก界", 1, 4, True)
def test_every_needed_term_is_in_the_index_of_a_match(text: str, start: int, size: int, quoted: bool) -> None:
    folded = fold(text)
    part = folded[start : start + size].replace('"', " ")
    needle = parse_query(f'"{part}"' if quoted else part)
    if not needle.matches(folded):
        return
    terms = set(index_terms(folded).split(" "))
    for term in needle.candidate_terms({}):
        if term.endswith("*"):
            assert any(other.startswith(term[:-1]) for other in terms)
        else:
            assert term in terms


def folded_in_full(text: str) -> str:
    """The fold as its rule says it, without looking for what can be left out."""
    tidy = re.sub(r"\s+", " ", re.sub(f"[{search._DROPPED}]", "", text))
    tidy = tidy.translate(str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")).replace("เเ", "แ")
    folded = normalize("NFC", normalize("NFD", tidy).casefold())
    while search._DISORDER.search(folded):
        folded = search._SIGN_RUN.sub(search._in_order, folded).replace("\u0e4d\u0e32", "\u0e33")
    return folded


THAI_AND_SPACE = st.text(st.sampled_from("กิีุู่้์ําำแเ๙ๆะ\u0e3a\u0e4e aB\n\t\u200b\u00a0é"), max_size=24)


@given(st.one_of(TEXT, THAI_AND_SPACE))
@settings(max_examples=600)
def test_what_folding_leaves_out_changes_nothing(text: str) -> None:
    assert fold(text) == folded_in_full(text)


def test_what_folding_leaves_out_changes_nothing_in_real_messages(thai_lines: list[str]) -> None:
    assert all(fold(text) == folded_in_full(text) for text in thai_lines)


@given(TEXT)
@example("\u0e33\u0e4d\u0e32\u0e4d")
@example("\u0390\u0345\u0301")
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(TEXT)
def test_terms_are_words_for_the_ascii_tokeniser(text: str) -> None:
    for term in index_terms(fold(text)).split(" "):
        assert all(char.isalnum() or not char.isascii() for char in term)
        assert not any(0xD800 <= ord(char) <= 0xDFFF for char in term)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("ก\u0e4d\u0e32ลัง น\u0e4d\u0e49\u0e32 เเพง", "กำลัง น้ำ แพง"),
        ("น\u0e49\u0e4d\u0e32", "น้ำ"),
        ("น\u0e33\u0e49", "น้ำ"),
        ("น\u0e4d\u0e32\u0e49", "น้ำ"),
        ("ท\u0e48\u0e35", "ที่"),
        ("พันธ\u0e4c\u0e38", "พันธุ์"),
        ("๐๘๑-๒๓๔", "081-234"),
        ("รหัส\u200bผ่าน", "รหัสผ่าน"),
        ("Straße CAFE\u0301 ÉCLAIR", "strasse café éclair"),
        ("a\ue000b\ue001c", "abc"),
        ("two \n\t words", "two words"),
        ("\u2764\ufe0f", "\u2764"),
    ],
)
def test_folded_forms(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_hostile_strings_that_must_be_found_by_their_plain_spelling(hostile: list[dict[str, Any]]) -> None:
    checked = 0
    for row in hostile:
        wanted = (row.get("check") or {}).get("search_equals")
        if wanted:
            assert fold(row["payload"]) == fold(wanted)
            checked += 1
    assert checked == 2


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("OPS-306", True),
        ("c++", True),
        ("C#", True),
        ("6911", True),
        ("69110342", True),
        ("kj691103", True),
        ('"ส่ง kj"', True),
        ("ส่ง แล้ว", True),
        ("แล้ว ops", True),
        ("9110", False),
        ("ส่ง ยังไม่", False),
        ("perations", False),
    ],
)
def test_queries_of_an_order_line(query: str, found: bool) -> None:
    index = Index(["ส่ง KJ69110342 แล้ว (OPS-306) C++ & C#", "อื่นๆ operations"])
    assert (0 in index.find(query)) == found
    assert index.find(query) == index.scan(query)


def test_latin_is_found_at_word_starts_only() -> None:
    needle = parse_query("order")
    assert needle.matches("orders") and needle.matches("x ordering") and needle.matches("ซื้อorder")
    assert not needle.matches("reorder")
    assert parse_query("-order").matches("re-order")
    assert parse_query("เงิน").matches("คืนเงินแล้ว")
    assert parse_query("order").places("reorder order") == [(8, 13)]


def test_endless_words_are_found_by_their_beginning(index: Index) -> None:
    assert max(map(len, index_terms("a" * 200).split(" "))) == 64
    for size in (63, 64, 65, 200):
        assert len(index.find("a" * size)) == 1
    assert not index.find("a" * 201)
    assert len(index.find(f'"{"a" * 200} tail"')) == 1


def test_borders_between_scripts_narrow_the_search(index: Index) -> None:
    terms = parse_query("ซื้อiPhone15สี").candidate_terms({})
    assert any(term.startswith("\ue001") for term in terms)
    assert len(index.find("ซื้อiPhone15สี")) == 1


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", ()),
        ("  \x00 \u200b\u200b ", ()),
        ('"', ()),
        ('""', ()),
        ('a "b c" d', ("a", "b c", "d")),
        ("“รอ ของ” x", ("รอ ของ", "x")),
        ('open "phrase here', ("open", "phrase here")),
        ("AND NOT OR", ("and", "not", "or")),
        ("same SAME", ("same",)),
        ("a\x00b", ("ab",)),
    ],
)
def test_queries(query: str, words: tuple[str, ...]) -> None:
    assert parse_query(query).words == words


def test_how_many_terms_are_asked_for() -> None:
    common = Counter({"กา": 9, "าร": 9, "การ": 1, "รส": 3})
    assert parse_query("การส่ง").candidate_terms(common)[-1] != "กา"
    assert len(parse_query("การส่งของ").candidate_terms({})) == 4
    assert len(parse_query("การส่งของ พัสดุใหม่").candidate_terms({})) == 4
    assert "การ" in parse_query("การ").candidate_terms(common)
    assert parse_query("ก").candidate_terms({}) == ()
    assert parse_query("o").candidate_terms({}) == ()
    assert parse_query("++").candidate_terms({}) == ()
    assert parse_query("ฎ").candidate_terms({}) == ("\ue000ฎ",)
    assert parse_query("😀").candidate_terms({}) == ("\ue000😀",)
    assert "123456*" in parse_query("123456").candidate_terms({})


@given(st.text(st.characters(codec=None), max_size=80))
@example('OPS-306 C++ AND ( " \x00 * ^ NEAR(')
def test_no_query_raises(query: str) -> None:
    index = Index(["ส่งของ OPS-306", query])
    assert index.find(query) == index.scan(query)


def test_hostile_queries_do_not_raise(hostile: list[dict[str, Any]], index: Index) -> None:
    queries = [row["payload"] for row in hostile if row["class"] == "search-sql"]
    assert len(queries) > 20
    for query in queries:
        assert index.find(query) == index.scan(query)


def test_the_same_terms_erase_every_trace(index: Index) -> None:
    database = driver.connect(":memory:")
    database.execute("create virtual table f using fts5(t, content='', columnsize=0, detail=none, tokenize='ascii')")
    database.execute("insert into f(f, rank) values('secure-delete', 1)")
    rows = list(enumerate(index.terms[:300], 1))
    database.executemany("insert into f(rowid, t) values(?, ?)", rows)
    erased = next(terms for _, terms in rows if len(terms.split(" ")) > len(set(terms.split(" "))) > 20)
    row = next(number for number, terms in rows if terms is erased)
    database.execute("insert into f(f, rowid, t) values('delete', ?, ?)", (row, index_terms(index.folded[row - 1])))
    for term in erased.split(" "):
        found = database.execute("select rowid from f where f match ?", (fts_expression((term,)),)).fetchall()
        assert (row,) not in found
    assert database.execute("select count(*) from f where f match ?", ('"กา"',)).fetchone()[0] > 0
