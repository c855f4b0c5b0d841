"""JSON and TOML that act on no terminal and still say the same."""

from __future__ import annotations

import json
import tomllib

from hypothesis import given
from hypothesis import strategies as st

from csconsole.domain.canned import CannedReply, Wording
from csconsole.domain.canned_file import dump_toml, load_toml
from csconsole.text.escape import escape_json, escape_toml
from csconsole.text.sanitize import is_safe

WITH_SURROGATES = st.text(st.characters(codec=None), max_size=80)


@given(WITH_SURROGATES)
def test_json_keeps_its_value_and_draws_as_text(text: str) -> None:
    encoded = escape_json(json.dumps({text: [text]}, ensure_ascii=False))
    # A lone high surrogate next to a low one is one character in JSON, written out or not.
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    assert json.loads(encoded) == {joined: [joined]}
    assert is_drawable(encoded)


@given(st.text(st.characters(codec="utf-8"), max_size=80))
def test_toml_keeps_its_value_and_draws_as_text(text: str) -> None:
    reply = CannedReply(name="a", body=Wording(en=f"x{text}"))
    dumped = dump_toml([reply])
    (again,) = load_toml(dumped, "x.toml")
    assert again.body.en.replace("\r\n", "\n") == reply.body.en.replace("\r\n", "\n")
    assert is_drawable(dumped)


def test_what_is_drawn_stays_readable() -> None:
    text = "สวัสดี\u200bค่ะ 👩\u200d👧 ❤️ é"
    assert escape_json(text) == text
    assert escape_toml(text) == text
    assert tomllib.loads(f'a = "{escape_toml(chr(0xE0041))}"') == {"a": "\U000e0041"}


def is_drawable(text: str) -> bool:
    """No control, bidirectional or unassigned sign that would act; marks and joiners may stand oddly."""
    kept = (
        text.replace("\t", "").replace("\u200b", "").replace("\u200d", "").replace("\ufe0e", "").replace("\ufe0f", "")
    )
    return all(is_safe(f"x{char}") for char in kept if not "\U0001f3fb" <= char <= "\U0001f3ff")
