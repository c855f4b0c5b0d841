"""The two languages say the same things, and Thai says them in the words of the trade."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from csconsole.i18n import Catalog, en, screen_en, screen_th, th

EN = {**en.MESSAGES, **screen_en.MESSAGES}
TH = {**th.MESSAGES, **screen_th.MESSAGES}

GLOSSARY = {
    "queue.title": "คิว",
    "term.conversation": "เคส",
    "term.agent": "แอดมิน",
    "term.lead": "หัวหน้ากะ",
    "term.team": "ทีม",
    "term.branch": "สาขา",
    "term.channel": "ช่องทาง",
    "term.account": "บัญชีช่องทาง",
    "term.customer": "ลูกค้า",
    "term.assignee": "ผู้ดูแล",
    "term.view": "มุมมอง",
    "term.draft": "ร่าง",
    "term.attachment": "ไฟล์แนบ",
    "term.first_response": "เวลาตอบครั้งแรก",
    "term.resolution": "เวลาจบเคส",
    "term.hours": "เวลาทำการ",
    "term.promise": "รับปากไว้",
    "profile.title": "ข้อมูลลูกค้า",
    "profile.call_name": "ชื่อเรียก",
    "profile.identities": "ช่องทางของลูกค้า",
    "profile.reason": "สาเหตุที่ติดต่อ",
    "view.unassigned": "ยังไม่มีคนรับ",
    "view.outbox": "รอส่ง",
    "view.drafts": "ร่าง",
    "queue.unread": "ยังไม่อ่าน",
    "queue.waiting": "รอมาแล้ว",
    "queue.due": "ต้องตอบภายใน",
    "queue.at_risk": "ใกล้หลุด",
    "queue.breached": "หลุด",
    "queue.met": "ทันเวลา",
    "status.open": "กำลังดูแล",
    "status.pending": "รอลูกค้า",
    "status.on_hold": "รอหน่วยงานอื่น",
    "status.snoozed": "พักไว้",
    "status.resolved": "จบเคส",
    "status.closed": "ปิดถาวร",
    "status.spam": "สแปม",
    "priority.urgent": "ด่วนมาก",
    "priority.high": "ด่วน",
    "priority.normal": "ปกติ",
    "priority.low": "ไม่รีบ",
    "delivery.held": "ถือไว้",
    "delivery.queued": "รอส่ง",
    "delivery.sent": "ส่งแล้ว",
    "delivery.delivered": "ถึงแล้ว",
    "delivery.read": "อ่านแล้ว",
    "delivery.failed": "ส่งไม่สำเร็จ",
    "delivery.uncertain": "ยังไม่แน่ว่าถึง",
    "hint.assign": "มอบหมาย",
    "hint.claim": "รับเคส",
    "hint.release": "คืนเข้าคิว",
    "hint.transfer": "โอนเคส",
    "hint.escalate": "ส่งเรื่องต่อ",
    "hint.handover": "ส่งกะ",
    "hint.reply": "ตอบลูกค้า",
    "hint.reply_all": "ตอบทุกคน",
    "hint.forward": "ส่งต่ออีเมล",
    "hint.note": "โน้ตในทีม",
    "hint.mention": "กล่าวถึง",
    "hint.canned": "คำตอบสำเร็จรูป",
    "hint.macro": "ชุดคำสั่ง",
    "hint.variable": "ช่องเติม",
    "hint.tag": "แท็กเคส",
    "hint.customer_tag": "แท็กลูกค้า",
    "hint.status": "สถานะ",
    "hint.snooze": "พักไว้",
    "hint.resolve": "จบเคส",
    "hint.reopen": "เปิดเคสอีกครั้ง",
    "hint.priority": "ความด่วน",
    "hint.undo": "ย้อนกลับ",
    "hint.undo_send": "ดึงกลับ",
    "hint.send_later": "ตั้งเวลาส่ง",
    "hint.merge": "รวมเคส",
    "hint.unmerge": "แยกกลับ",
    "channel.line": "ไลน์",
    "channel.messenger": "เฟซ",
    "channel.instagram": "ไอจี",
    "channel.tiktok": "ติ๊กต็อก",
    "channel.x": "เอ็กซ์",
    "channel.email": "เมล",
    "channel.phone": "สาย",
    "channel.desk": "หน้าร้าน",
}
"""On-screen terms of the glossary, by the key that shows them."""


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_keys_in_the_same_order() -> None:
    assert list(en.MESSAGES) == list(th.MESSAGES)
    assert list(EN) == list(TH)


def test_no_key_is_defined_twice() -> None:
    assert not set(en.MESSAGES) & set(screen_en.MESSAGES)


def test_every_text_the_code_asks_for_is_there(repository: Path) -> None:
    asked = re.compile(r"""\.t\(\s*["']([a-z_]+\.[a-z0-9_.]+)["']""")
    source = [path.read_text("utf-8") for path in sorted((repository / "csconsole").rglob("*.py"))]
    keys = {key for text in source for key in asked.findall(text)}
    assert len(keys) > 10
    assert keys - set(EN) == set()


@pytest.mark.parametrize("key", sorted(EN))
def test_both_languages_fill_in_the_same_things(key: str) -> None:
    assert names(EN[key]) == names(TH[key])


@pytest.mark.parametrize("table", [EN, TH])
def test_texts_are_clean(table: dict[str, str]) -> None:
    for key, text in table.items():
        assert text == text.strip(), key
        assert text, key
        assert re.fullmatch(r"[a-z_]+(\.[a-z0-9_]+)+", key), key
        assert "\u0e4d\u0e32" not in text, f"{key}: nikhahit and sara aa instead of sara am"


def test_thai_texts_are_thai() -> None:
    same = {key for key in EN if EN[key] == TH[key]}
    wordless = {key for key in same if not re.search(r"[A-Za-z]", re.sub(r"\{\w+\}", "", EN[key]))}
    assert same - wordless == {"channel.sms", "composer.layout.en"}


@pytest.mark.parametrize(("key", "term"), GLOSSARY.items())
def test_thai_terms_follow_the_glossary(key: str, term: str) -> None:
    assert TH[key] == term


@pytest.mark.parametrize("word", ["กรุณา", "ค่ะ", "ครับ", "นะคะ", "โปรด", "ตั๋ว", "ละเมิด", "ส่งเวร"])
def test_labels_and_errors_are_short_and_blame_nobody(word: str) -> None:
    assert [key for key, text in TH.items() if word in text] == []


def test_one_word_for_mentions() -> None:
    assert all("แท็ก" not in text for key, text in TH.items() if "mention" in key)


def test_texts_are_filled_in() -> None:
    catalog = Catalog("th")
    title = catalog.t("composer.title.public", channel="LINE", account="siam", customer="คุณแอน")
    assert title == "สาธารณะ → LINE @siam: คุณแอน"
    assert Catalog("en").t("composer.title.note") == "NOTE (staff only)"


def test_values_are_text_whatever_they_hold() -> None:
    assert Catalog("en").t("done.tagged", tag="{tag} {0.__class__}") == "Tag {tag} {0.__class__} set"


def test_a_missing_value_or_key_does_not_fail_a_screen() -> None:
    assert Catalog("en").t("done.tagged") == "Tag {tag} set"
    assert Catalog("en").t("no.such.key") == "no.such.key"


def test_an_unknown_language_reads_english() -> None:
    assert Catalog("fr").t("queue.title") == "Queue"
    assert Catalog("fr").language == "en"
    assert Catalog("th").has("queue.title")
    assert not Catalog("th").has("queue.nothing")
