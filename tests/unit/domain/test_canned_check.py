"""What is said about a text before it goes out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csconsole.domain.canned import CannedReply, Wording
from csconsole.domain.canned_check import Finding, apply_fixes, blocked, check
from csconsole.domain.message_length import Segments, TextLimit, measure, sms_segments

NOON = 1795755600000  # 2026-11-27T12:00+07:00
ANN = {"call_name": "แอน", "display_names": ["Ann ♡ แม่น้องพอดี", "พอดี"]}
LINE = TextLimit(5_000, "utf16")


def found(text: str, reply: CannedReply | None = None, limit: TextLimit = LINE, **more: int) -> list[Finding]:
    return check(text, "line", limit, ANN, reply, NOON, **more)


def codes(findings: list[Finding]) -> list[str]:
    return [one.code for one in findings]


def test_a_good_text_is_left_alone() -> None:
    assert found("ได้ค่ะ คุณแอน ไปรับที่บ้านวันเสาร์ 28 พ.ย. 2569 หลัง 18.00 น. นะคะ สะดวกไหมคะ [1] (ok?)") == []


def test_the_screen_of_a_stopped_answer() -> None:
    text = "ได้นะค่ะ คุณ Ann ♡ แม่น้องพอดี ไปรับที่บ้านวัน[วันที่ไปรับ?]"
    findings = found(text)
    assert [(one.level, one.code) for one in findings] == [
        ("block", "unfilled"),
        ("warn", "particle"),
        ("warn", "display_name"),
    ]
    assert blocked(findings)
    assert not blocked(findings[1:])
    assert [text[slice(*one.span)] for one in findings] == ["[วันที่ไปรับ?]", "นะค่ะ", "คุณ Ann ♡ แม่น้องพอดี"]
    assert findings[0].message("th") == "ยังขาด: วันที่ไปรับ"
    assert findings[1].message("th") == "'นะค่ะ' ควรเป็น 'นะคะ'"
    assert findings[2].message("en") == "That is the LINE display name; write 'คุณแอน'"
    assert apply_fixes(text, findings) == "ได้นะคะ คุณแอน ไปรับที่บ้านวัน[วันที่ไปรับ?]"


@pytest.mark.parametrize("text", ["{{ order.total }}", "ยอด {{", "{% if x %}", "x }}", "%}"])
def test_template_signs_stop_a_text(text: str) -> None:
    findings = found(text)
    assert "leftover" in codes(findings)
    assert blocked(findings)


@pytest.mark.parametrize("text", ["", "  \n ", "\u00a0"])
def test_nothing_is_not_sent(text: str) -> None:
    assert codes(found(text)) == ["empty"]
    assert found(text, attachments=1) == []


@pytest.mark.parametrize(
    ("text", "limit", "stops"),
    [
        ("ก" * 5_000, LINE, False),
        ("ก" * 5_001, LINE, True),
        ("😀" * 2_501, LINE, True),
        ("😀" * 2_501, TextLimit(5_000, "chars"), False),
        ("ก" * 333, TextLimit(1_000, "bytes"), False),
        ("ก" * 334, TextLimit(1_000, "bytes"), True),
        ("ก" * 135, TextLimit(2, "sms"), True),
        ("ก" * 134, TextLimit(2, "sms"), False),
        ("x" * 99_999, TextLimit(), False),
    ],
)
def test_each_channel_counts_in_its_own_unit(text: str, limit: TextLimit, stops: bool) -> None:
    assert ("too_long" in codes(found(text, limit=limit))) is stops


def test_how_long_is_too_long_is_told() -> None:
    (finding,) = found("ก" * 12, limit=TextLimit(10, "chars"))
    assert finding.message("th") == "ยาวเกินสำหรับไลน์: 12 จาก 10"


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("รอสักครู่นะค่ะ", "รอสักครู่นะคะ"),
        ("ได้รับแล้วนะค่ะคุณแอน", "ได้รับแล้วนะคะคุณแอน"),
        ("สะดวกไหมค่ะ", "สะดวกไหมคะ"),
        ("ใช่มั้ยค่ะ", "ใช่มั้ยคะ"),
        ("ได้ของหรือยังค่ะ", "ได้ของหรือยังคะ"),
        ("มีใบเสร็จหรือเปล่าค่ะ", "มีใบเสร็จหรือเปล่าคะ"),
        ("จริงเหรอค่ะ", "จริงเหรอคะ"),
        ("ขอบคุณคะ", "ขอบคุณค่ะ"),
        ("ขอบคุณมากคะ", "ขอบคุณมากค่ะ"),
        ("สวัสดีคะ คุณแอน", "สวัสดีค่ะ คุณแอน"),
        ("รบกวนหน่อยนะค๊ะ", "รบกวนหน่อยนะคะ"),
    ],
)
def test_particles_are_mended(text: str, mended: str) -> None:
    findings = found(text)
    assert codes(findings) == ["particle"]
    assert apply_fixes(text, findings) == mended
    assert found(mended) == []


@pytest.mark.parametrize(
    "text",
    [
        "ผ้าไหมค่ะ",
        "เส้นไหมค่ะ",
        "ไม่หรอกค่ะ",
        "ขอบคุณคะแนนเต็มที่ให้มา",
        "ไม่มีอะไรค่ะ",
        "คุณแอนคะ รบกวนรอสักครู่",
        "ได้ค่ะ",
        "น่ะค่ะ",
        "สบายดีนะคะ",
        "ขอบคุณครับ",
    ],
)
def test_right_particles_are_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("names", "text", "warned"),
    [
        (["NAT."], "สวัสดีค่ะ NAT. นกดูแลให้นะคะ", True),
        (["Nat"], "Natural soap is back", False),
        (["พอดี"], "ใส่ได้พอดีค่ะ", False),
        (["แอน"], "คุณแอนคะ", False),
        (["คุณแอน"], "คุณแอนคะ", False),
        (["x"], "x", False),
        ([], "Ann", False),
        (["a+b(c"], "สวัสดี a+b(c", True),
    ],
)
def test_display_names(names: list[str], text: str, warned: bool) -> None:
    findings = check(text, "line", LINE, {"call_name": "แอน", "display_names": names}, None, NOON)
    assert ("display_name" in codes(findings)) is warned


def test_the_longer_of_two_display_names_is_named_once() -> None:
    text = "สวัสดี Ann Lee"
    findings = check(text, "line", LINE, {"call_name": "แอน", "display_names": ["Ann", "Ann Lee"]}, None, NOON)
    assert [text[slice(*one.span)] for one in findings] == ["Ann Lee"]


def reply(**settings: object) -> CannedReply:
    return CannedReply(name="promo", body=Wording("x"), **settings)  # type: ignore[arg-type]


def test_what_the_reply_itself_asks_for() -> None:
    (finding,) = found("โปร", reply(expires="2026-11-27T11:59+07:00"))
    assert (finding.level, finding.code) == ("block", "expired")
    assert "11:59" in finding.message("en")
    assert found("โปร", reply(expires="2026-11-27T12:01+07:00")) == []
    assert found("โปร", reply(expires="2026-11-27")) == []
    assert codes(found("แนบแล้ว", reply(attach="required"))) == ["attachment"]
    assert found("แนบแล้ว", reply(attach="required"), attachments=1) == []


def test_parts_of_an_sms() -> None:
    long = "ก" * 140
    wordy = reply(max_segments=2)
    findings = check(long, "sms", TextLimit(10, "sms"), ANN, wordy, NOON)
    assert [(one.level, one.code) for one in findings] == [("warn", "segments")]
    assert findings[0].message("en") == "3 SMS parts; this reply wants at most 2"
    assert check(long, "line", LINE, ANN, wordy, NOON) == []


def test_no_emoji_in_complaints() -> None:
    text = "รับเรื่องแล้วค่ะ 🙏🏽 ขอบคุณค่ะ❤️"
    findings = found(text, reply(emoji=False))
    assert codes(findings) == ["emoji", "emoji"]
    assert apply_fixes(text, findings) == "รับเรื่องแล้วค่ะ  ขอบคุณค่ะ"
    assert found(text, reply()) == []


PIECES = st.sampled_from(["นะค่ะ", "ไหมค่ะ", "ขอบคุณคะ", "Ann ♡ แม่น้องพอดี", "คุณ", " ", "ผ้า", "[x?]", "{{", "ค่ะ", "คะแนน"])


@given(st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=8).map("".join)))
def test_mending_mends_all_it_warned_of_and_nothing_else(text: str) -> None:
    findings = found(text)
    fixable = [one for one in findings if one.fix is not None]
    mended = apply_fixes(text, findings)
    assert (mended == text) is not bool(fixable)
    assert [one for one in found(mended) if one.code == "particle"] == []
    left = text
    for one in sorted(fixable, key=lambda finding: finding.span, reverse=True):
        left = left[: one.span[0]] + (one.fix or "") + left[one.span[1] :]
    assert mended == left


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", Segments(0, "gsm7", 0, 160)),
        ("a" * 160, Segments(1, "gsm7", 160, 160)),
        ("a" * 161, Segments(2, "gsm7", 8, 153)),
        ("€" * 80, Segments(1, "gsm7", 160, 160)),
        ("a" * 152 + "€" * 5, Segments(2, "gsm7", 10, 153)),
        ("ก" * 70, Segments(1, "ucs2", 70, 70)),
        ("ก" * 71, Segments(2, "ucs2", 4, 67)),
        ("ก" * 66 + "😀" * 3, Segments(2, "ucs2", 6, 67)),
        ("é", Segments(1, "gsm7", 1, 160)),
        ("ê", Segments(1, "ucs2", 1, 70)),
    ],
)
def test_sms_parts(text: str, wanted: Segments) -> None:
    assert sms_segments(text) == wanted


def test_lengths() -> None:
    assert (measure("ก😀", "chars"), measure("ก😀", "utf16"), measure("ก😀", "bytes")) == (2, 3, 7)
    assert measure("ก😀", "sms") == 1
    assert measure("\ud800", "bytes") == 3
