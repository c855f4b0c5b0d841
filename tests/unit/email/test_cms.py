"""Signed S/MIME shells: what lies in them is read, whatever form their lengths have."""

from __future__ import annotations

import random
from base64 import encodebytes

import pytest

from csconsole.connectors.email.cms import signed_content
from tests.unit.email.build import mail, message

INNER = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + "สวัสดีค่ะ".encode()
SIGNED = bytes.fromhex("06092a864886f70d010702")
DATA = bytes.fromhex("06092a864886f70d010701")


def tlv(tag: int, content: bytes, *, indefinite: bool = False) -> bytes:
    """A value of ASN.1 in definite or indefinite form."""
    if indefinite:
        return bytes([tag, 0x80]) + content + b"\0\0"
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes(3, "big")
    return bytes([tag, 0x83]) + size + content


def shell(octets: bytes, *, indefinite: bool = False) -> bytes:
    inner = tlv(0x30, DATA + tlv(0xA0, octets, indefinite=indefinite), indefinite=indefinite)
    signed = tlv(0x30, b"\x02\x01\x01" + tlv(0x31, b"") + inner + tlv(0x31, b""), indefinite=indefinite)
    return tlv(0x30, SIGNED + tlv(0xA0, signed, indefinite=indefinite), indefinite=indefinite)


IN_PIECES = tlv(0x24, b"".join(tlv(0x04, INNER[at : at + 9]) for at in range(0, len(INNER), 9)), indefinite=True)


@pytest.mark.parametrize(
    "der", [shell(tlv(0x04, INNER)), shell(IN_PIECES, indefinite=True), shell(tlv(0x04, INNER * 2_000))[:-2]]
)
def test_the_content_is_found(der: bytes) -> None:
    found = signed_content(der)
    assert found is None or found.startswith(INNER)
    assert (found is None) == (len(der) > 10_000), "a shell that is cut has no content"


def test_a_signed_shell_is_read_and_named() -> None:
    head = "From: a@x.test\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\n"
    event = message(mail(head + "Content-Transfer-Encoding: base64", encodebytes(shell(tlv(0x04, INNER)))))
    assert event.body_text == "สวัสดีค่ะ"
    assert event.extra["remarks"] == [["signed.smime"]]
    assert [one.name for one in event.attachments] == ["smime.p7m"]


def test_damaged_shells_hold_nothing_and_harm_nothing() -> None:
    chance = random.Random(7)
    whole = shell(IN_PIECES, indefinite=True)
    for _ in range(3_000):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.choice((0, 0x80, 0x84, 0xFF, 0x24, chance.randrange(256)))
        found = signed_content(bytes(data[: chance.randint(0, len(data))]))
        assert found is None or isinstance(found, bytes)
    assert signed_content(b"\x30\x80" * 50_000) is None
    assert signed_content(b"") is None
