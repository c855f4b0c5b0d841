"""Thai and other texts as mailers really write them."""

from __future__ import annotations

import quopri
from base64 import b64encode

import pytest

from csconsole.connectors.email.charsets import decode
from csconsole.connectors.email.headers import decode_words, parameters
from csconsole.connectors.email.parse import unflow
from tests.unit.email.build import mail, message

THAI = "สวัสดีค่ะ ขอสอบถามเรื่องการจัดส่งสินค้า “ด่วน” ค่ะ"
PLAIN_THAI = "สวัสดีค่ะ ขอสอบถามเรื่องการจัดส่งสินค้า"


@pytest.mark.parametrize(
    "name", ["windows-874", "x-windows-874", "WINDOWS_874", "cp874", "tis-620", "TIS620", "iso-8859-11", "ms874"]
)
@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
def test_every_name_of_the_thai_charset_in_every_transfer_encoding(name: str, encoding: str) -> None:
    data = THAI.encode("cp874")
    if encoding == "base64":
        data = b64encode(data)
    elif encoding == "quoted-printable":
        data = quopri.encodestring(data)
    head = f"From: a@x.test\nContent-Type: text/plain; charset={name}\nContent-Transfer-Encoding: {encoding}"
    assert message(mail(head, data)).body_text.strip() == THAI


@pytest.mark.parametrize(
    "declared", ["", "us-ascii", "iso-8859-1", "unknown-8bit", "no-such", "rot13", "idna", "undefined"]
)
@pytest.mark.parametrize("real", ["utf-8", "cp874"])
def test_thai_under_a_wrong_or_no_charset_is_still_thai(declared: str, real: str) -> None:
    assert decode(PLAIN_THAI.encode(real), declared) == PLAIN_THAI


def test_latin_text_is_not_taken_for_thai() -> None:
    text = "Größe und Maße für das Café, schöne Grüße"
    assert decode(text.encode("cp1252"), "iso-8859-1") == text


def test_damaged_utf8_stays_readable() -> None:
    data = (PLAIN_THAI * 20).encode()[:-1]
    assert decode(data, "utf-8").startswith(PLAIN_THAI)


@pytest.mark.parametrize(
    "written",
    [
        "=?utf-8?B?" + b64encode(PLAIN_THAI.encode()).decode() + "?=",
        "=?windows-874?B?" + b64encode(PLAIN_THAI.encode("cp874")).decode() + "?=",
        "=?tis-620?Q?" + "".join(f"={byte:02X}" for byte in PLAIN_THAI.encode("cp874")) + "?=",
    ],
)
def test_encoded_subject(written: str) -> None:
    assert message(mail(f"From: a@x.test\nSubject: {written}")).subject == PLAIN_THAI


def test_encoded_words_cut_inside_a_character_are_joined() -> None:
    data = "ก้".encode()
    words = " ".join(f"=?utf-8?b?{b64encode(bytes([byte])).decode()}?=" for byte in data)
    assert decode_words(words.encode()) == "ก้"


def test_spaces_between_plain_and_encoded_words_stay() -> None:
    assert decode_words(b"Re: =?utf-8?q?caf=C3=A9?= now =?utf-8?q?=C3=A9?= =?utf-8?q?t=C3=A9?=") == "Re: café now été"


@pytest.mark.parametrize("charset", ["utf-8", "cp874"])
def test_raw_eight_bit_subject(charset: str) -> None:
    raw = mail(f"From: สมชาย <a@x.test>\nSubject: {PLAIN_THAI}", charset=charset)
    assert message(raw).subject == PLAIN_THAI
    assert message(raw).customer_name == "สมชาย"


def test_line_breaks_hidden_in_an_encoded_subject_become_spaces() -> None:
    assert message(mail("Subject: =?utf-8?q?hi=0D=0ABcc:_v@x.test?=")).subject == "hi Bcc: v@x.test"


def test_a_bare_carriage_return_starts_no_header() -> None:
    event = message(b"From: a@x.test\r\nSubject: a\rTo: support@shop.test\r\n\r\nx")
    assert event.subject == "a To: support@shop.test"
    assert "to" not in event.extra


def test_parameters_with_continuations_and_charset() -> None:
    value = b"attachment; filename*0*=utf-8''%E0%B9%83%E0%B8%9A; filename*1*=%E0%B9%80%E0%B8%AA; filename*2=\"x;.pdf\""
    assert parameters(value) == ("attachment", {"filename": "ใบเสx;.pdf"})


def test_parameters_with_an_encoded_word_in_quotes() -> None:
    word = b64encode("ใบเสร็จ.pdf".encode("cp874")).decode()
    assert parameters(f'attachment; filename="=?windows-874?B?{word}?="'.encode())[1] == {"filename": "ใบเสร็จ.pdf"}


def test_flowed_text_is_joined_and_quotes_keep_their_depth() -> None:
    assert unflow("This is \none line.\n> quoted \n> too\n>> deep\n-- \nsig") == (
        "This is one line.\n> quoted too\n>> deep\n-- \nsig"
    )


def test_flowed_thai_loses_the_marker_space() -> None:
    assert unflow("สวัส \nดี", delete_space=True) == "สวัสดี"


def test_space_stuffing_is_undone() -> None:
    assert unflow(" From here\n >no quote") == "From here\n>no quote"
