"""New customers of the live demo: at a gentle pace, each on one account, the same for every process.

Customer ``k`` of the whole shop writes in the ``k``-th stretch of time after the start. Everything about
him follows from the seed and ``k``, so that nothing has to be remembered.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from csconsole.clock import HOUR, MINUTE, SECOND
from csconsole.connectors.demo.chance import below, digits, hexadecimal, pick
from csconsole.connectors.demo.channels import CHANNELS
from csconsole.connectors.demo.people import CALL_NAMES, ENGLISH_NAMES, ENGLISH_SURNAMES, FIRST_NAMES, SURNAMES
from csconsole.connectors.demo.shop import Table, shop
from csconsole.connectors.demo.stories import Due, raw_item

PACE = 45 * SECOND
"""One new customer in this time, shop-wide, while the rush lasts."""
_RUSH = 8 * HOUR // PACE
_LATER = 15 * MINUTE
"""After eight hours a demo left alone slows down, so that nobody comes back to thousands of rows."""
_FIRST_NUMBER = 21_000
"""Newcomers' conversations are numbered from here, so that a number alone names one in the whole demo."""
_BUBBLE = 7 * SECOND
_MOST = 3
"""Bubbles of one customer; the last one still falls into his own stretch of time."""

_WEIGHTS = {
    "line": 3,
    "email": 3,
    "messenger": 6,
    "instagram": 4,
    "whatsapp": 2,
    "tiktok": 3,
    "x": 1,
    "sms": 2,
    "webchat": 5,
}
_INTENTS = (
    *("order_status", "order_status", "order_status", "product_question", "product_question"),
    *("price_promo", "price_promo", "stock_branch", "return_exchange", "refund", "defect"),
    *("tax_invoice", "complaint", "wrong_layout", "noise"),
)
_FOLLOW_UPS = {
    "order_status": ("เลขออเดอร์ {order} ค่ะ", "{order}", "สั่งไปตั้งแต่เมื่อวานซืนค่ะ"),
    "refund": ("ออเดอร์ {order} ครับ", "ยอด {amount} บาทค่ะ"),
    "return_exchange": ("{order} ค่ะ", "ซื้อที่สาขาค่ะ มีใบเสร็จ"),
    "defect": ("{product} ค่ะ", "เดี๋ยวส่งรูปให้ค่ะ"),
    "complaint": ("ช่วยดูให้หน่อยค่ะ", "ออเดอร์ {order}"),
}


@cache
def accounts_drawn() -> tuple[Table, ...]:
    """The accounts new customers write to, each as often as its share."""
    return tuple(account for account in shop()["accounts"] for _ in range(_WEIGHTS.get(account["channel"], 0)))


def stretch(k: int) -> int:
    """Milliseconds from the start to the beginning of the ``k``-th customer's stretch of time, k from 1."""
    return k * PACE if k <= _RUSH else _RUSH * PACE + (k - _RUSH) * _LATER


def last_before(tick: int) -> int:
    """Number of the last customer whose stretch has begun ``tick`` ms after the start, 0 when none has."""
    if tick < 0:
        return 0
    rush = tick // PACE
    return rush if rush <= _RUSH else _RUSH + (tick - _RUSH * PACE) // _LATER


def account_of(seed: int, k: int) -> Table:
    """The account the ``k``-th customer writes to."""
    return pick(accounts_drawn(), seed, "account", k)


def thread_of(k: int) -> str:
    """The source's name for the conversation of the ``k``-th customer."""
    return f"live-{k}"


def number_of(thread: str) -> int | None:
    """The number of the customer a conversation belongs to; None when it is no newcomer's."""
    word, _, k = thread.partition("-")
    return int(k) if word == "live" and k.isascii() and k.isdigit() else None


def person(seed: int, k: int) -> Table:
    """Who the ``k``-th customer is, as their messages carry them."""
    account = account_of(seed, k)
    channel = account["channel"]
    kind = CHANNELS[channel].identity[0]
    english = _opening(seed, k)[1].isascii() and _opening(seed, k)[0] not in ("wrong_layout", "noise")
    if english:
        call = pick(ENGLISH_NAMES, seed, "call", k)
        name = f"{call} {pick(ENGLISH_SURNAMES, seed, 'surname', k)}"
    else:
        call = pick(CALL_NAMES, seed, "call", k)
        name = f"{pick(FIRST_NAMES, seed, 'first', k)} {pick(SURNAMES, seed, 'surname', k)}"
    realm = account.get("provider") or ("global" if kind in ("email", "phone") else account["name"])
    return {
        "name": name,
        "call": call,
        "language": "en" if english else "th",
        "tags": ["new-customer"],
        "attributes": {},
        "identities": [
            {
                "kind": kind,
                "realm": realm,
                "value": _value(kind, seed, k),
                "display": call if channel != "email" else name,
                "verified": kind != "web_visitor",
            }
        ],
    }


def _value(kind: str, seed: int, k: int) -> str:
    """An identity in the form of its channel, inside the placeholder blocks of the shop's data."""
    if kind == "email":
        return f"customer{k}.{hexadecimal(4, seed, k)}@mailbox.example"
    if kind == "phone":
        return f"+66990{k % 1_000_000:06}"
    if kind == "line_uid":
        return "U" + hexadecimal(32, seed, kind, k)
    if kind in ("wa_bsuid", "web_visitor"):
        return ("WB" if kind == "wa_bsuid" else "V") + hexadecimal(16, seed, kind, k)
    return digits(17, seed, kind, k)


def _opening(seed: int, k: int) -> tuple[str, str]:
    """Intent and first words."""
    intent = pick(_INTENTS, seed, "intent", k)
    return intent, pick(shop()["volume"]["lines"][intent], seed, "line", k)


def due_of(seed: int, k: int, start: int) -> list[Due]:
    """What the ``k``-th customer writes before anybody answers, and where it was routed."""
    account, customer = account_of(seed, k), person(seed, k)
    intent, opening = _opening(seed, k)
    product = pick(shop()["products"], seed, "product", k)
    words = {
        "order": "KJ6911" + digits(4, seed, "order", k),
        "amount": f"{product['price']:,}",
        "product": product["name"][customer["language"]],
    }
    texts = [opening]
    if intent in _FOLLOW_UPS and customer["language"] == "th":
        more = below(_MOST, seed, "more", k)
        texts += [line.format(**words) for line in _FOLLOW_UPS[intent][:more]]
    mail = account["channel"] == "email"
    if mail:
        texts = ["\n".join([*texts, "", customer["name"]])]
    at = start + stretch(k) + below(30, seed, "second", k) * SECOND
    thread = thread_of(k)
    due = []
    for index, text in enumerate(texts, 1):
        body: Table = {
            "type": "message",
            "id": f"{thread}:{index}",
            "thread": thread,
            "at": at + (index - 1) * _BUBBLE,
            "direction": "in",
            "visibility": "public",
            "author": {"kind": "customer", "name": customer["name"]},
            "kind": "text",
            "text": text,
            "subject": opening if mail else "",
            "customer": customer,
            "extra": {"lang": customer["language"]},
        }
        if mail:
            body["message_ids"] = [f"<{thread}.{index}@mailbox.example>"]
        due.append(Due(body["at"], body["id"], raw_item(body, kind="message")))
    routed: Table = {"type": "state", "id": f"{thread}:routed", "thread": thread, "at": due[-1].at}
    routed |= {"number": _FIRST_NUMBER + k, "team": "front"}
    return [*due, Due(due[-1].at, routed["id"], raw_item(routed, kind="state"))]


def arrivals(seed: int, account: str, start: int, after: int, until: int) -> Iterator[tuple[int, list[Due]]]:
    """The customers of one account with numbers from ``after`` + 1 to ``until``, with what they write."""
    if all(account != drawn["name"] for drawn in accounts_drawn()):
        return
    for k in range(after + 1, until + 1):
        if account_of(seed, k)["name"] == account:
            yield k, due_of(seed, k, start)
