"""What an answer by mail has beside its text, in a draft and frozen in the outbox."""

from __future__ import annotations

import msgspec

from csconsole.domain.sending import OutboundItem, OutgoingAttachment


class Letter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What belongs to a mail beside its text.

    Attributes:
        to: recipients beside the customer.
        cc: recipients of a copy.
        bcc: the same, unseen by the others.
        files: what is attached, its content in the blob store.
        sender: the alias it is sent from, "" for the one the customer wrote to.
        subject: another subject than the conversation's, "" to keep it.
        quote: whether the customer's last mail stands below; None: as the account is configured.
        forwarded: another mail in words, below the text.
    """

    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    files: tuple[OutgoingAttachment, ...] = ()
    sender: str = ""
    subject: str = ""
    quote: bool | None = None
    forwarded: str = ""

    def joined(self, other: Letter) -> Letter:
        """Both in one mail: what is held and what joins it."""
        return Letter(
            to=tuple(dict.fromkeys((*self.to, *other.to))),
            cc=tuple(dict.fromkeys((*self.cc, *other.cc))),
            bcc=tuple(dict.fromkeys((*self.bcc, *other.bcc))),
            files=tuple(dict.fromkeys((*self.files, *other.files))),
            sender=other.sender or self.sender,
            subject=other.subject or self.subject,
            quote=self.quote if other.quote is None else other.quote,
            forwarded=other.forwarded or self.forwarded,
        )

    def write(self) -> str:
        """Its text form, "" when there is nothing."""
        return "" if self == PLAIN else msgspec.json.encode(self).decode()


PLAIN = Letter()


def read(text: str) -> Letter:
    """The letter in a text form; an unreadable one holds nothing."""
    try:
        return msgspec.json.decode(text, type=Letter) if text else PLAIN
    except msgspec.MsgspecError:
        return PLAIN


def answered(item: OutboundItem) -> int:
    """How many of the first recipients are where the customer wants answers; further ones were added."""
    count = item.extra.get("answered", 1)
    return count if isinstance(count, int) else 1


def of_item(item: OutboundItem) -> Letter:
    """What a frozen answer had beside its text, to be given back to its draft. A quotation is made anew."""
    forwarded = str(item.extra.get("forwarded") or "")
    return Letter(to=item.to[answered(item) :], cc=item.cc, bcc=item.bcc, files=item.attachments, forwarded=forwarded)
