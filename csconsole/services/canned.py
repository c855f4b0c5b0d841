"""Canned replies at work: kept in the store, filled with this customer's data, checked before sending."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from csconsole.clock import DAY
from csconsole.config.model import Config
from csconsole.domain import canned_check, canned_rank, canned_render
from csconsole.domain.canned import CannedReply
from csconsole.domain.canned_check import Finding
from csconsole.domain.canned_fill import fill
from csconsole.domain.canned_rank import Found, Ranked, Situation
from csconsole.domain.canned_render import Rendered
from csconsole.domain.message_length import TextLimit
from csconsole.errors import NotFoundError, UsageError
from csconsole.services.desk import Desk
from csconsole.services.finding import OpenConversation, open_conversation
from csconsole.services.replies import account_of
from csconsole.store import canned as store_canned
from csconsole.store import conversations, messages

_RECENT = 7 * DAY


# -- the collection --------------------------------------------------------------------------------------


def list_replies(desk: Desk) -> list[CannedReply]:
    """Every canned reply, by name."""
    return [msgspec.convert(data, CannedReply) for data in store_canned.all_data(desk.store)]


def get(desk: Desk, name: str) -> CannedReply:
    """A canned reply by name or shortcut.

    Raises:
        NotFoundError: there is none.
    """
    data = store_canned.one(desk.store, name)
    if data is not None:
        return msgspec.convert(data, CannedReply)
    found = canned_rank.by_shortcut(list_replies(desk), name)
    if found is None:
        raise NotFoundError(f'There is no canned reply "{name}"; see csconsole canned list.')
    return found


def put(desk: Desk, reply: CannedReply) -> bool:
    """Adds or replaces a canned reply; True when it is new."""
    with desk.transaction() as tx:
        return store_canned.put(tx, reply.name, msgspec.to_builtins(reply))


def remove(desk: Desk, name: str) -> None:
    """Removes a canned reply.

    Raises:
        NotFoundError: there is none.
    """
    with desk.transaction() as tx:
        if not store_canned.remove(tx, name):
            raise NotFoundError(f'There is no canned reply "{name}"; see csconsole canned list.')


def import_toml(desk: Desk, text: str, source: str) -> tuple[int, int]:
    """Reads a TOML file of canned replies into the store; returns ``(new, replaced)``.

    Raises:
        ConfigError: file, line and key of what is wrong; nothing was stored.
    """
    from csconsole.domain.canned_file import load_toml

    replies = load_toml(text, source, now_ms=desk.clock.now(), zone=desk.config.agent.timezone)
    with desk.transaction() as tx:
        added = sum(store_canned.put(tx, reply.name, msgspec.to_builtins(reply)) for reply in replies)
    return added, len(replies) - added


def export_toml(desk: Desk) -> str:
    """All canned replies as a TOML file that imports to the same."""
    from csconsole.domain.canned_file import dump_toml

    return dump_toml(list_replies(desk))


# -- in a conversation -----------------------------------------------------------------------------------


def render_for(
    desk: Desk, conversation_id: int, name: str, answers: Mapping[str, object], *, language: str = ""
) -> Rendered:
    """A reply filled with this conversation's data.

    Args:
        desk: whose polite words it uses.
        conversation_id: key of the conversation.
        name: name or shortcut of the reply.
        answers: answers to its questions by name; texts as typed are read by the question's type.
        language: ``th`` or ``en``; the customer's when not given.

    Raises:
        NotFoundError: no such reply.
        UsageError: an answer that cannot be read, or to no question.
    """
    reply = get(desk, name)
    opened = open_conversation(desk, conversation_id, limit=1)
    return render(desk, reply, opened, answers, language=language)


def render(
    desk: Desk,
    reply: CannedReply,
    opened: OpenConversation,
    answers: Mapping[str, object],
    *,
    language: str = "",
) -> Rendered:
    """As :func:`render_for`, with the reply and the conversation at hand."""
    agent = desk.config.agent
    now = desk.clock.now()
    wanted = language or customer_language(opened)
    read: dict[str, object] = {}
    for key, value in answers.items():
        ask = reply.asked(key)
        if ask is None:
            asked = ", ".join(a.name for a in reply.ask) or "nothing"
            raise UsageError(f"{reply.name} does not ask for {key}; it asks for {asked}.")
        read[key] = fill(ask, value, now, agent.timezone, agent.language) if isinstance(value, str) else value
    return canned_render.render(reply, wanted, context(desk.config, opened), read, zone=agent.timezone, now_ms=now)


def customer_language(opened: OpenConversation) -> str:
    """The language to answer in: the customer's where known, else that of the letters they write."""
    if opened.customer.language in {"th", "en"}:
        return opened.customer.language
    if opened.customer.language:
        return "en"
    from csconsole.text.thai import has_thai

    words = [m.body for m in opened.messages if m.direction == "in"]
    return "th" if not words or any(has_thai(w) for w in words) else "en"


def context(config: Config, opened: OpenConversation) -> dict[str, dict[str, object]]:
    """The values a reply may use, from the profile, the conversation and the shop."""
    customer, conversation = opened.customer, opened.conversation
    agent, shop = config.agent, config.shop
    attributes = conversation.attributes
    order = _table(attributes.get("order")) or _first(customer.attributes.get("orders"))
    product = _table(attributes.get("product")) or _product_of(order)
    branch = _table(attributes.get("branch")) or {"name": conversation.row.branch}
    first_name = customer.name.split(" ")[0] if customer.name else ""
    return canned_render.context(
        agent={
            "name": agent.name,
            "display_name": {"th": agent.display_name or agent.name, "en": agent.display_name_en}
            if agent.display_name_en
            else agent.display_name or agent.name,
            "polite": agent.polite,
            "pronoun": agent.pronoun or agent.display_name,
        },
        customer={"call_name": customer.call_name, "first_name": first_name},
        conversation={"number": conversation.row.number, "subject": conversation.row.subject},
        branch=branch,
        order=_order(order),
        product=product,
        shop={"name": shop.name, "name_en": shop.name_en, "phone": shop.phone, "website": shop.website},
        refund=_table(order.get("refund")),
    )


def _order(order: Mapping[str, Any]) -> dict[str, object]:
    """An order as replies name its parts: ``number``, and its shipment's carrier, tracking, status, eta."""
    if not order:
        return {}
    shipment = _table(order.get("shipment"))
    return {
        **{k: v for k, v in order.items() if not isinstance(v, list | dict)},
        "number": order.get("number") or order.get("order_no"),
        **{k: v for k, v in shipment.items() if v},
    }


def _product_of(order: Mapping[str, Any]) -> dict[str, Any]:
    items = order.get("items")
    return _first(items)


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _first(value: object) -> dict[str, Any]:
    return _table(value[0]) if isinstance(value, list) and value else {}


def situation(desk: Desk, opened: OpenConversation) -> Situation:
    """What is known of a conversation, for marking and leaving out replies."""
    values = context(desk.config, opened)
    row = opened.conversation.row
    return Situation(
        channel=row.channel,
        has=tuple(name for name in ("order", "product", "branch", "refund") if name in values),
        facts={"tag": (*row.tags, *row.customer_tags), "status": (row.status,), "channel": (row.channel,)},
        now_ms=desk.clock.now(),
        zone=desk.config.agent.timezone,
    )


def ranked(desk: Desk, opened: OpenConversation, replies: list[CannedReply]) -> list[Ranked]:
    """All replies, those first that suit the customer's last words and this agent's habits."""
    return canned_rank.rank(
        replies,
        messages.last_customer_text(desk.store, opened.conversation.row.id),
        usage(desk),
        desk.config.agent.language,
        situation(desk, opened),
    )


def search(desk: Desk, opened: OpenConversation, replies: list[CannedReply], text: str) -> Found:
    """Replies a typed text means, also on the wrong keyboard layout."""
    return canned_rank.search(replies, text, desk.config.agent.language, situation(desk, opened), usage(desk))


def usage(desk: Desk) -> dict[str, int]:
    """This agent's uses of the last seven days, by name."""
    return store_canned.usage(desk.store, desk.actor.id, desk.clock.now() - _RECENT)


def used(desk: Desk, names: list[str]) -> None:
    """Counts replies as used by this agent."""
    if not names:
        return
    with desk.transaction() as tx:
        for name in names:
            store_canned.used(tx, name, desk.actor.id)


def check(desk: Desk, conversation_id: int, text: str, *, reply: CannedReply | None = None) -> list[Finding]:
    """Everything worth saying about a text before it is sent; what blocks comes first.

    Raises:
        NotFoundError: the conversation is gone.
    """
    state = conversations.state(desk.store, conversation_id)
    if state is None:
        raise NotFoundError("This conversation is gone.")
    opened = open_conversation(desk, conversation_id, limit=1)
    agent = desk.config.agent
    return canned_check.check(
        text,
        state.channel,
        limit_of(desk, state.account_id),
        {
            "call_name": opened.customer.call_name,
            "display_names": [i.display for i in opened.customer.identities if i.display],
        },
        reply,
        desk.clock.now(),
        zone=agent.timezone,
        language=agent.language,
    )


def limit_of(desk: Desk, account_id: int) -> TextLimit:
    """The longest text an account's channel takes."""
    capabilities = account_of(desk, account_id).capabilities
    unit = capabilities.get("text_unit", "chars")
    if unit not in {"chars", "utf16", "bytes", "sms"}:
        unit = "chars"
    return TextLimit(int(capabilities.get("text_limit", 0) or 0), unit)
