"""What each simulated channel can do, as its real counterpart can: capabilities, limits, receipts."""

from __future__ import annotations

import msgspec

from csconsole.clock import SECOND
from csconsole.connectors.base import Capabilities
from csconsole.domain.sending import OutboundItem, SendClass
from csconsole.errors import RejectedError, UnsupportedError

_DAY_S = 86_400


def _reply(send_class: SendClass) -> dict[str, SendClass]:
    return {"reply": send_class}


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel of the demo.

    Attributes:
        capabilities: the contract's data.
        identity: kinds of identity by which it knows people, preferred first.
        delivered: ms after acceptance at which ``delivered`` is reported, 0 for never.
        read: ms after acceptance at which ``read`` is reported, 0 for never.
    """

    capabilities: Capabilities
    identity: tuple[str, ...]
    delivered: int = 0
    read: int = 0


CHANNELS: dict[str, Channel] = {
    # X-Line-Retry-Key; five message objects of 5,000 UTF-16 units; no receipts; no listing of messages.
    "line": Channel(
        capabilities=Capabilities(
            inbound="webhook",
            send_class=_reply(SendClass.KEY),
            text_limit=5000,
            text_unit="utf16",
            max_bubbles=5,
            sees_outside_replies=False,
            attachments_out=True,
            history=True,
        ),
        identity=("line_uid",),
    ),
    # The server keeps Sent, so that a lost answer can be looked up there.
    "email": Channel(
        capabilities=Capabilities(
            inbound="idle",
            send_class=_reply(SendClass.LOOKUP),
            is_chat=False,
            history=True,
            attachments_out=True,
        ),
        identity=("email",),
    ),
    "messenger": Channel(
        capabilities=Capabilities(
            inbound="webhook",
            send_class=_reply(SendClass.ECHO),
            text_limit=2000,
            reply_window=_DAY_S,
            receipts=True,
            typing=True,
            history=True,
            attachments_out=True,
        ),
        identity=("psid",),
        delivered=2 * SECOND,
        read=9 * SECOND,
    ),
    "instagram": Channel(
        capabilities=Capabilities(
            inbound="webhook",
            send_class=_reply(SendClass.ECHO),
            text_limit=1000,
            text_unit="bytes",
            reply_window=_DAY_S,
            receipts=True,
            history=True,
            attachments_out=True,
        ),
        identity=("igsid",),
        read=8 * SECOND,
    ),
    "whatsapp": Channel(
        capabilities=Capabilities(
            inbound="webhook",
            send_class=_reply(SendClass.ECHO),
            text_limit=4096,
            reply_window=_DAY_S,
            receipts=True,
            typing=True,
            attachments_out=True,
        ),
        identity=("wa_bsuid",),
        delivered=2 * SECOND,
        read=7 * SECOND,
    ),
    # No idempotency key and no listing that could prove an absence: a person must look.
    "tiktok": Channel(
        capabilities=Capabilities(
            send_class=_reply(SendClass.NONE),
            text_limit=6000,
            reply_window=2 * _DAY_S,
            sees_outside_replies=False,
            history=True,
        ),
        identity=("tiktok_id",),
    ),
    # dm_events can be listed per conversation.
    "x": Channel(
        capabilities=Capabilities(
            send_class=_reply(SendClass.LOOKUP), text_limit=10_000, history=True, attachments_out=True
        ),
        identity=("x_id",),
    ),
    # Ten segments: 160/153 characters of GSM 03.38, 70/67 of UCS-2 (3GPP TS 23.038).
    "sms": Channel(
        capabilities=Capabilities(
            send_class=_reply(SendClass.LOOKUP),
            text_limit=10,
            text_unit="sms",
            receipts=True,
            sees_outside_replies=False,
            history=True,
        ),
        identity=("phone",),
        delivered=4 * SECOND,
    ),
    # A client message id makes a repeated post harmless.
    "webchat": Channel(
        capabilities=Capabilities(
            inbound="feed",
            send_class=_reply(SendClass.KEY),
            text_limit=4000,
            receipts=True,
            typing=True,
            history=True,
            attachments_out=True,
        ),
        identity=("web_visitor",),
        read=5 * SECOND,
    ),
    # Talk is written down, not sent.
    "phone": Channel(capabilities=Capabilities(inbound="feed", is_chat=False, history=True), identity=("phone",)),
    "desk": Channel(capabilities=Capabilities(inbound="feed", is_chat=False, history=True), identity=("phone",)),
}
"""Every channel of the demo by the name accounts give it."""

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWO = frozenset("\f^{}\\[~]|€")


def sms_segments(text: str) -> int:
    """Segments an SMS takes: 160 or 153 septets of the GSM alphabet, else 70 or 67 UTF-16 units."""
    if all(char in _GSM or char in _GSM_TWO for char in text):
        units, single, joined = len(text) + sum(char in _GSM_TWO for char in text), 160, 153
    else:
        units, single, joined = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if units <= single else -(-units // joined)


def measure(text: str, unit: str) -> int:
    """Length of a text in the unit of its channel: chars, utf16, bytes or sms segments."""
    if unit == "utf16":
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
    if unit == "bytes":
        return len(text.encode("utf-8", "surrogatepass"))
    return sms_segments(text) if unit == "sms" else len(text)


def check_limits(item: OutboundItem, name: str, capabilities: Capabilities) -> None:
    """Refuses what the real channel would refuse.

    Args:
        item: what is to be sent.
        name: the channel's name, for the sentence.
        capabilities: the channel's.

    Raises:
        UnsupportedError: nothing of this kind can be sent here.
        RejectedError: too long, too many bubbles, or empty.
    """
    if item.kind not in capabilities.send_class:
        raise UnsupportedError(f"{name} carries no written {item.kind}; call the customer or leave a note.")
    if item.attachments and not capabilities.attachments_out:
        raise RejectedError(f"{name} takes no files; send a link instead.", remote_code="400")
    if len(item.bubbles) > capabilities.max_bubbles > 1:
        raise RejectedError(f"{name} takes {capabilities.max_bubbles} messages at once; send fewer.", remote_code="400")
    texts = [bubble.text for bubble in item.bubbles]
    if not item.attachments and not any(text.strip() for text in texts):
        raise RejectedError("an empty message cannot be sent; write something.", remote_code="400")
    if capabilities.max_bubbles == 1:
        texts = ["\n\n".join(texts)]
    longest = max((measure(text, capabilities.text_unit) for text in texts), default=0)
    if longest > capabilities.text_limit > 0:
        raise RejectedError(
            f"too long for {name}: {longest} of {capabilities.text_limit} {capabilities.text_unit}; shorten it.",
            remote_code="400",
        )
