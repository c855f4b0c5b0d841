"""Static data of a shop for widgets: enough rows, messages and a customer to fill every pane, in Thai and English."""

from __future__ import annotations

from collections.abc import Hashable

from csconsole.clock import HOUR, MINUTE, parse_rfc3339
from csconsole.domain.conversation import QueueRow, Status
from csconsole.domain.customer import Customer, CustomerNote, Identity, PastConversation, TagMark
from csconsole.domain.message import Attachment, AuthorKind, Delivery, Direction, Message, Visibility
from csconsole.widgets.queue_rows import QueueSetting

NOW = parse_rfc3339("2026-11-27T12:00:00+07:00")
ZONE = "Asia/Bangkok"

BRANCHES = {
    "siam": "สยาม",
    "hatyai": "หาดใหญ่",
    "online": "ออนไลน์",
    "web": "เว็บ",
    "bangna": "บางนา",
    "tiktok": "ติ๊กต็อก",
    "voice": "สาย",
    "page": "เพจ",
    "mail": "เมลกลาง",
}
PEOPLE = [
    ("line", "hatyai", "ฟ้า", 1, -47, "ได้ใบส่วนผสมหรือยังคะ หมอนัดบ่ายสาม", "nok", ("safety",), (), "failed"),
    ("line", "online", "น้ำ(หลานลุง)", 1, -10.5, "พี่นกคะ ลืมแกะพลาสติกค่ะ 555", "nok", (), (), ""),
    ("line", "siam", "แอน", 2, -1.17, "แล้วกี่วันได้เงินคะ", "nok", ("complaint", "air-fryer"), ("new-customer",), "held"),
    ("webchat", "web", "ผู้เยี่ยมชม 4821", 1, -1, "ลิงก์หมดอายุแล้วค่ะ", "nok", (), (), "uncertain"),
    ("line", "bangna", "พิม", 1, -11.3, "ขอของก่อนเที่ยงพรุ่งนี้", "mint", ("delivery",), (), ""),
    ("tiktok", "tiktok", "เจมส์", 3, -23, "เงียบจัง จะยกเลิกละนะ", "", (), (), ""),
    ("phone", "voice", "ลุงประเสริฐ", 0, None, "โทรถามเรื่องไส้กรอง", "nok", ("callback",), (), ""),
    ("line", "online", "นัท", 0, None, "รับปากแจ้งเงินคืน", "oat", ("refund",), (), ""),
    ("email", "mail", "คุณศิริพร ตั้งสมมติเจริญวงศ์", 12, 8, "ขอยกเลิกคำสั่งซื้อ 15,470 บาททั้งหมด", "", (), ("vip",), ""),
    ("messenger", "page", "Wee Sample", 1, 95, "Is my parcel coming today?", "boss", ("delivery",), (), ""),
    ("instagram", "page", "น้ำฝน 🌧️", 120, 610, "สีเทามีไหมคะ 😀 ถ้ามีเอาสองอัน", "", (), ("vip", "b2b"), ""),
    ("sms", "voice", "+66 99 000 0110", 0, 1440, "บัตรของขวัญ 5,000 จริงไหม", "", ("scam-report",), (), "queued"),
]
AGENTS = {"nok": "นก", "mint": "มิ้นท์", "oat": "โอ๊ต", "boss": "บอส", "may": "เมย์"}


def setting(language: str = "th") -> QueueSetting:
    return QueueSetting(NOW, ZONE, language, "nok", AGENTS, BRANCHES)


def queue_row(index: int) -> QueueRow:
    channel, branch, name, unread, due, text, assignee, tags, customer_tags, outgoing = PEOPLE[index % len(PEOPLE)]
    snoozed = due is None
    due_at = None if due is None else NOW + round(due * MINUTE)
    return QueueRow(
        id=index + 1,
        uid=f"01900000-0000-7000-8000-{index:012d}",
        number=20410 + index,
        status=Status.SNOOZED if snoozed else Status.OPEN,
        channel=channel,
        account=f"{channel}-{branch}",
        branch=branch,
        customer_id=index + 1,
        customer_uid=f"c{index}",
        customer_name=name if index < len(PEOPLE) else f"{name} {index}",
        subject="",
        preview=text,
        preview_by="customer",
        assignee=assignee,
        team="front",
        tags=tags,
        customer_tags=customer_tags,
        priority="high" if index == 2 else "normal",
        unread=unread,
        created_at=NOW - HOUR,
        last_at=NOW - 5 * MINUTE,
        last_in_at=NOW - 5 * MINUTE,
        waiting_since=NOW - 5 * MINUTE,
        snoozed_until=NOW + 22 * HOUR if snoozed else None,
        next_due_at=due_at,
        queue_key=due_at or 1 << 61,
        message_seq=5,
        outgoing=outgoing,
        has_draft=index % 7 == 4,
        rev=1,
    )


class Rows:
    """A source whose rows are made when asked for; ``held`` pages are "still being read"."""

    def __init__(self, count: int, first_id: int = 0) -> None:
        self.total = count
        self.shift = first_id
        self.missing: set[int] = set()
        self.asked: list[tuple[int, int]] = []

    def count(self) -> int:
        return self.total

    def row(self, index: int) -> QueueRow | None:
        if index in self.missing or not 0 <= index < self.total:
            return None
        return queue_row(index - self.shift)

    def prefetch(self, first: int, last: int) -> None:
        self.asked.append((first, last))

    def index_of(self, row_id: Hashable) -> int | None:
        assert isinstance(row_id, int)
        index = row_id - 1 + self.shift
        return index if 0 <= index < self.total else None


def message(
    seq: int, minute: float, who: str, text: str, delivery: Delivery | None = None, **changes: object
) -> Message:
    """One message ``minute`` minutes after the noon of the still clock (negative: before)."""
    ours = who != "customer"
    fields: dict[str, object] = {
        "n": seq,
        "uid": f"m{seq}",
        "conversation_id": 1,
        "seq": seq,
        "at": NOW + round(minute * MINUTE),
        "direction": Direction.OUT if ours else Direction.IN,
        "visibility": Visibility.PUBLIC,
        "author_kind": AuthorKind.AGENT if ours else AuthorKind.CUSTOMER,
        "author_name": AGENTS.get(who, who) if ours else "แอน",
        "kind": "text",
        "body": text,
        "attachments": (),
        "delivery": delivery,
        "delivery_reason": "",
        "remote_id": "",
        "outbox_uid": "",
        "surface": "",
        "edit_rev": 0,
        "redacted_at": None,
        "rev": 1,
    }
    return Message(**(fields | changes))  # type: ignore[arg-type]


def talk() -> list[Message]:
    """The talk with แอน of the still clock."""
    photo = Attachment(uid="a1", name="IMG_2291.jpg", mime="image/jpeg", bytes=412_000)
    return [
        message(1, -1512, "customer", "สวัสดีค่ะ ซื้อหม้อทอดจิบลม 5 ลิตรที่สาขาสยาม เปิดใช้ครั้งแรกมีกลิ่นไหม้แล้วดับไปเลยค่ะ"),
        message(2, -1511, "customer", "", attachments=(photo,), kind="image"),
        message(3, -66, "nok", "ขอเลขที่ออเดอร์หรือรูปใบเสร็จหน่อยนะคะ นกจะเช็กสิทธิ์ให้ทันทีค่ะ", Delivery.READ),
        message(4, -63, "customer", "KJ69110342 ค่ะ"),
        message(
            5,
            -58,
            "nok",
            "อยู่ใน 7 วันเปลี่ยนเครื่อง ล็อต JL5-2609 เหมือนเคสเมื่อวาน @เมย์ ขอเช็ก QC",
            visibility=Visibility.INTERNAL,
        ),
        message(
            6, -57, "nok", "คุณแอนเลือกได้เลยนะคะ 1) เปลี่ยนเครื่องใหม่\n2) คืนเงินเต็มจำนวน 2,490 บาท", Delivery.READ, edit_rev=1
        ),
        message(7, -7, "customer", "ขอคืนเงินดีกว่าค่ะ ไม่กล้าใช้แล้ว แล้วไม่อยากแบกไปที่ร้านด้วย ให้มารับที่บ้านได้ไหมคะ"),
        message(8, -6, "customer", "แล้วกี่วันได้เงินคะ"),
        message(9, -5, "nok", "ได้ค่ะ คุณแอน ไปรับที่บ้านวันเสาร์ 28 พ.ย. 2569 นะคะ", Delivery.HELD),
    ]


def customer() -> Customer:
    return Customer(
        id=1,
        uid="c1",
        name="อรวรรณ สมมติสุข",
        call_name="แอน",
        language="th",
        identities=(
            Identity("line_uid", "krajib-main", "Ue7e34a569ccb0ef3", "Ann ♡ แม่น้องพอดี", True),
            Identity("phone", "global", "+66990000101", "", True),
            Identity("email", "global", "ann@customer.example", "", False),
        ),
        tags=(TagMark("new-customer", "rule", NOW - 72 * HOUR), TagMark("vip", "nok", NOW - 30 * MINUTE)),
        attributes={"member_tier": "bronze", "consent_marketing": {"line": True, "sms": False}},
        notes=(CustomerNote(NOW - 50 * HOUR, "เมย์", "คอนโดย่านปทุมวัน ส่งได้หลัง 18.00 น."),),
        conversations=(
            PastConversation(9, "p9", 19001, "line", "line-siam", "ถามสีหม้อทอด", "resolved", NOW - 240 * HOUR),
            PastConversation(10, "p10", 19544, "phone", "voice", "", "open", NOW - 20 * HOUR),
        ),
    )


CASE_TAGS = (TagMark("complaint", "นก", NOW - 68 * MINUTE), TagMark("safety", "นก", NOW - 58 * MINUTE))
