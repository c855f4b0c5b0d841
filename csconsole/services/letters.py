"""What an answer by mail has beside its text: further recipients, files, the address it is sent from, the signature
and the quoted original. All of it is frozen with the answer; what is refused here would be refused by the mail server.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from csconsole.clock import to_datetime
from csconsole.config.model import AccountConfig
from csconsole.domain.letter import Letter
from csconsole.domain.sending import OutgoingAttachment
from csconsole.errors import NotFoundError, RefusedError, UsageError
from csconsole.services.desk import Desk
from csconsole.store import accounts, blobs, conversations, messages
from csconsole.store.accounts import AccountRow
from csconsole.store.database import Tx
from csconsole.store.messages import Incoming
from csconsole.text.sanitize import safe_filename, safe_line

MOST_QUOTED = 60_000
"""Characters of an original that are quoted."""
MOST_FILES = 50
LARGEST_FILE = 100 * 1024 * 1024
_OVERHEAD = 4_000
"""Bytes of headers reckoned for a mail."""


def check(account: AccountRow, letter: Letter) -> None:
    """Refuses what the channel cannot do.

    Raises:
        RefusedError: copies on a channel without them, files where none can be sent, or more than the server takes.
    """
    if (letter.to or letter.cc or letter.bcc or letter.sender or letter.subject) and not is_mail(account):
        raise RefusedError(f"{account.label or account.name} is no mail account; only mail has copies and subjects.")
    if letter.files and not account.capabilities.get("attachments_out"):
        raise RefusedError(f"Files cannot be sent on {account.label or account.name}.")
    if len(letter.files) > MOST_FILES:
        raise RefusedError(f"A mail can carry {MOST_FILES} files at most.")
    limit = int(account.capabilities.get("size_limit") or 0)
    size = wire_size(letter.files)
    if limit and size > limit:
        raise RefusedError(
            f"The mail would have {size / 1e6:.1f} MB, the mail server takes {limit / 1e6:.1f} MB; "
            "send fewer or smaller files."
        )


def is_mail(account: AccountRow) -> bool:
    """Whether answers of an account are mails: their ids are Message-IDs."""
    return bool(account.capabilities.get("key_domain"))


def wire_size(files: Iterable[OutgoingAttachment]) -> int:
    """Bytes a mail with these files has on the wire: base64 in lines of 76 (RFC 2045 section 6.8)."""
    return _OVERHEAD + sum(-(-file.bytes // 3) * 4 * 78 // 76 + 300 for file in files)


def addresses(given: Iterable[str]) -> tuple[str, ...]:
    """Recipients as typed: several in one text, with names or without.

    Raises:
        UsageError: one is no address.
    """
    from csconsole.connectors.email.addresses import is_address, read_addresses

    found: list[str] = []
    for text in given:
        boxes = read_addresses(safe_line(text))
        for box in boxes:
            # Lenient towards what came in, strict towards what is typed: an "@" too many is a slip.
            if not is_address(box.address) or text.count("@") != len(boxes):
                raise UsageError(f'"{safe_line(text)}" is not an e-mail address.')
            found.append(f"{safe_line(box.name)} <{box.address}>" if box.name else box.address)
    return tuple(dict.fromkeys(found))


def bare(address: str) -> str:
    """The address alone, in lower case, to compare by."""
    return address.rpartition("<")[2].rstrip(">").strip().lower()


def answer_to(desk: Desk, account: AccountRow, address: str, facts: dict[str, Any]) -> tuple[str, ...]:
    """Where the customer wants answers: the Reply-To of their last mail (RFC 5322 section 3.6.2), else their address.
    A stranger in the thread does not move it."""
    if not address:
        return ()
    wrote = {bare(str(one)) for one in facts.get("from", ())}
    if not is_mail(account) or bare(address) not in wrote:
        return (address,)
    own = own_addresses(desk, account)
    wanted = [bare(one) for one in addresses_of(facts, "reply_to") if not _is_own(bare(one), own)]
    return tuple(dict.fromkeys(wanted[:5])) or (address,)


def everybody(desk: Desk, account: AccountRow, last: Incoming | None, customer: str) -> tuple[str, ...]:
    """Whom a reply to all goes to beside the customer: all who got the customer's last mail, ourselves excepted."""
    facts = last.extra if last is not None else {}
    own = own_addresses(desk, account)
    found: dict[str, str] = {}
    answered = {bare(customer), *map(bare, answer_to(desk, account, customer, facts))}
    for text in addresses_of(facts, "from") + addresses_of(facts, "to") + addresses_of(facts, "cc"):
        key = bare(text)
        if key not in answered and not _is_own(key, own):
            found.setdefault(key, text)
    return tuple(found.values())


def to_everybody(desk: Desk, conversation_id: int, letter: Letter) -> Letter:
    """The letter with copies to all who got the customer's last mail.

    Raises:
        NotFoundError: the conversation is gone.
        RefusedError: it is no mail.
    """
    state = conversations.state(desk.store, conversation_id)
    if state is None:
        raise NotFoundError("This conversation is gone.")
    account = next(one for one in accounts.all_accounts(desk.store) if one.id == state.account_id)
    if not is_mail(account):
        raise RefusedError(f"{account.label or account.name} is no mail account; only mail has several recipients.")
    others = everybody(desk, account, messages.last_incoming(desk.store, conversation_id), state.address)
    return letter.joined(Letter(cc=tuple(one for one in others if one not in letter.bcc)))


def addresses_of(facts: dict[str, Any], name: str) -> list[str]:
    """The usable addresses a mail's facts hold under a name."""
    from csconsole.connectors.email.addresses import is_address

    return [str(one) for one in facts.get(name, ()) if is_address(bare(str(one)))]


def own_addresses(desk: Desk, account: AccountRow) -> frozenset[str]:
    """Every address of an account, in lower case."""
    settings = _settings(desk, account)
    return frozenset(str(one).lower() for one in (settings.get("address", ""), *settings.get("aliases", ())) if one)


def _is_own(address: str, own: frozenset[str]) -> bool:
    local, _, domain = address.rpartition("@")
    return address in own or f"{local.partition('+')[0]}@{domain}" in own


def alias(desk: Desk, account: AccountRow, letter: Letter, facts: dict[str, Any]) -> str:
    """The address of ours an answer comes from, "" for the account's own: the one chosen, else the alias the customer
    wrote to.

    Raises:
        RefusedError: the one chosen is not ours.
    """
    settings = _settings(desk, account)
    aliases = [one for one in settings.get("aliases", ()) if isinstance(one, str)]
    if letter.sender:
        if bare(letter.sender) not in own_addresses(desk, account):
            raise RefusedError(f"{letter.sender} is not an address of {account.name}; add it to its aliases.")
        return bare(letter.sender)
    written_to = {bare(str(one)) for name in ("delivered_to", "to", "cc") for one in facts.get(name, ())}
    return next((one for one in aliases if any(_is_own(box, frozenset({one.lower()})) for box in written_to)), "")


# -- signature and quotation -----------------------------------------------------------------------------


def extra_of(
    tx: Tx, desk: Desk, account: AccountRow, letter: Letter, text: str, last: Incoming | None
) -> dict[str, Any]:
    """What is frozen with an answer for the connector: alias, signature and quotation; nothing where it is no mail."""
    if not is_mail(account):
        return {}
    facts = last.extra if last is not None else {}
    language = "th" if is_thai(text) else "en"
    found = {"from": alias(desk, account, letter, facts), "signature": signature(desk, account, language)}
    wanted = letter.quote if letter.quote is not None else _settings(desk, account).get("quote") == "below"
    if letter.forwarded:
        found["forwarded"] = letter.forwarded
    elif wanted and last is not None:
        found["quote_intro"], found["quote"] = quotation(tx, desk, last, language)
    return {name: value for name, value in found.items() if value}


def is_thai(text: str) -> bool:
    """Whether a text is written in Thai: it has Thai letters."""
    return any("\u0e01" <= char <= "\u0e5b" for char in text)


def signature(desk: Desk, account: AccountRow, language: str) -> str:
    """The signature of an account for a language, "" for none."""
    settings = _settings(desk, account)
    text = str(settings.get("signatures", {}).get(language) or settings.get("signature") or "")
    agent = desk.config.agent
    names = {"agent": agent.display_name or agent.name, "agent_en": agent.display_name_en or agent.name}
    for name, value in names.items():
        text = text.replace("{" + name + "}", value)
    return text.strip("\n")


def quotation(tx: Tx, desk: Desk, last: Incoming, language: str) -> tuple[str, str]:
    """The line above a quoted mail, and its text."""
    at, body = messages.words(tx, last.n)
    moment = to_datetime(at).astimezone(zone(desk)).strftime("%Y-%m-%d %H:%M")
    author = next(iter(last.extra.get("from", ())), "")
    if language == "th":
        return f"เมื่อ {moment} {author} เขียนว่า:", clip(body)
    return f"On {moment}, {author} wrote:", clip(body)


def clip(text: str) -> str:
    """A text to be quoted, cut where it is long."""
    return text if len(text) <= MOST_QUOTED else f"{text[:MOST_QUOTED]}\n[…]"


def zone(desk: Desk) -> Any:
    """The agent's time zone."""
    from zoneinfo import ZoneInfo

    return ZoneInfo(desk.config.agent.timezone)


def _settings(desk: Desk, account: AccountRow) -> dict[str, Any]:
    config: AccountConfig | None = desk.config.account(account.name)
    return config.settings if config is not None else {}


# -- files -----------------------------------------------------------------------------------------------


def attach(desk: Desk, paths: Sequence[Path]) -> tuple[OutgoingAttachment, ...]:
    """Takes files into the store as they are now: what is changed or deleted later goes out as it was.

    Raises:
        UsageError: one cannot be read, is empty, or is larger than any mail.
        StoreError: the store cannot be written.
    """
    return tuple(_attach(desk, path.expanduser()) for path in paths)


def _attach(desk: Desk, path: Path) -> OutgoingAttachment:
    try:
        if not path.is_file():
            raise UsageError(f"{path} is no file.")
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise UsageError(
                f"{path} has {size / 1e6:,.0f} MB; no mail server takes that. Put it where it can be fetched."
            )
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    if not content:
        raise UsageError(f"{path} is empty.")
    return store_file(desk, path.name, content)


def store_file(desk: Desk, name: str, content: bytes) -> OutgoingAttachment:
    """Puts a content into the store, to be attached.

    Raises:
        StoreError: the store cannot be written.
    """
    safe = str(safe_filename(name))
    mime = mimetypes.guess_type(safe)[0] or "application/octet-stream"
    return OutgoingAttachment(blobs.put_file(desk.store.root, content), safe, mime, len(content))
