"""Two people stay two: an identity's key is never made equal to another's by cleaning it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csconsole.domain.customer import email_key, identity_key
from csconsole.text.sanitize import safe_line

LOOKALIKES = ["\u00ad", "\u200b", "\u200d", "\u2060", "\ufeff", "\u202e", "\x00", "\x1b", "\U000e0041", "\n", "\ufe0f"]


@pytest.mark.parametrize("hidden", LOOKALIKES)
def test_an_invisible_sign_makes_another_address(hidden: str) -> None:
    assert email_key(f"vic{hidden}tim@x.test") != email_key("victim@x.test")
    assert safe_line(email_key(f"vic{hidden}tim@x.test")) == email_key(f"vic{hidden}tim@x.test")


def test_only_ascii_letters_are_folded() -> None:
    assert email_key("Somchai@Shop.Example") == "somchai@shop.example"
    assert email_key("\u212a@x.test") != email_key("k@x.test")
    assert email_key("\u0131@x.test") != email_key("i@x.test")
    assert email_key("สมชาย@ตัวอย่าง.ไทย") == "สมชาย@ตัวอย่าง.ไทย"


@given(st.text(st.characters(codec=None), max_size=300), st.text(st.characters(codec=None), max_size=300))
def test_keys_are_drawn_and_differ_where_values_do(one: str, other: str) -> None:
    assert safe_line(identity_key(one)) == identity_key(one)
    if one != other and "\\u" not in one + other:
        assert identity_key(one) != identity_key(other)


def test_long_values_that_begin_alike_differ() -> None:
    assert identity_key("a" * 500 + "b") != identity_key("a" * 500 + "c")
