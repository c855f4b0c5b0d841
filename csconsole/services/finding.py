"""Finding: conversations by what a person types, messages by words, people by name."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from csconsole.domain.conversation import Conversation
from csconsole.domain.customer import Customer, TagMark
from csconsole.domain.message import Message
from csconsole.domain.query import And, Field, Not, Or, Query, Word
from csconsole.errors import NotFoundError, RefusedError, UsageError
from csconsole.services.desk import Desk
from csconsole.services.views import parsed
from csconsole.store import conversations, customers, drafts, messages, search, tags
from csconsole.store.queue import Queue

FEW = 1_500
"""Conversations up to which a filter drives the search: all their messages are read instead of the index."""
SOME = 50_000
"""Conversations up to which a filter is read once, so that the words are looked for in theirs alone."""


class OpenConversation(msgspec.Struct, frozen=True):
    """All that the conversation and customer panes show at first."""

    conversation: Conversation
    messages: list[Message]
    customer: Customer
    tags: tuple[TagMark, ...]
    read_seq: int


def resolve_id(desk: Desk, text: str) -> int:
    """The conversation a person means: id, ``account#number``, or a number that is unique.

    Raises:
        NotFoundError: unknown or malformed.
        RefusedError: the number stands for several; the message lists them.
    """
    found = conversations.find(desk.store, text)
    if not found:
        raise NotFoundError(f'There is no conversation "{text}"; see csconsole list.')
    if len(found) > 1:
        queue = Queue(desk.store, desk.actor.id)
        rows = [row for key in found if (row := queue.by_id(key)) is not None]
        names = ", ".join(f"{row.account}#{row.number}" for row in rows[:6])
        raise RefusedError(f"The number {text} is not unique; say which: {names}.")
    return found[0]


def open_conversation(desk: Desk, conversation_id: int, *, limit: int = 200) -> OpenConversation:
    """Reads a conversation whole; writes nothing (browsing has no side effect).

    Raises:
        NotFoundError: it is gone.
    """
    conversation = Queue(desk.store, desk.actor.id).conversation(conversation_id)
    if conversation is None:
        raise NotFoundError("This conversation is gone.")
    customer = customers.load(desk.store, conversation.row.customer_id)
    if customer is None:
        raise NotFoundError("The customer of this conversation is gone.")
    return OpenConversation(
        conversation=conversation,
        messages=messages.page(desk.store, conversation_id, limit=limit),
        customer=customer,
        tags=tags.marks(desk.store, conversation_id),
        read_seq=drafts.read_seq(desk.store, desk.actor.id, conversation_id),
    )


def mark_read(desk: Desk, conversation_id: int) -> bool:
    """The agent has opened it: everything in it is read; writes only when that is news."""
    state = conversations.state(desk.store, conversation_id)
    if state is None or drafts.read_seq(desk.store, desk.actor.id, conversation_id) == state.message_seq:
        return False
    with desk.transaction() as tx:
        return drafts.mark_read(tx, desk.actor.id, conversation_id, in_count=state.in_count, seq=state.message_seq)


def mark_unread(desk: Desk, ids: Iterable[int]) -> None:
    """Shows the last customer message of conversations as unread again."""
    with desk.transaction() as tx:
        for conversation_id in ids:
            state = conversations.state(tx, conversation_id)
            if state is None:
                continue
            drafts.mark_read(
                tx,
                desk.actor.id,
                conversation_id,
                in_count=max(0, state.in_count - 1) if state.in_count else -1,
                seq=max(0, state.message_seq - 1),
            )


def search_messages(desk: Desk, text: str, *, limit: int = 50) -> list[search.Hit]:
    """The newest messages with every word of ``text``; ``field:value`` terms narrow it down.

    Any string is accepted: what is no query is looked for as it stands.
    """
    words, filters = _parts(desk, text)
    if not words:
        return []
    if filters is None:
        return search.search(desk.store, words, limit=limit)
    queue = Queue(desk.store, desk.actor.id)
    scope = desk.scope()
    few = queue.ids(filters, scope, limit=FEW + 1)
    if len(few) <= FEW:
        return search.search(desk.store, words, limit=limit, conversations=few)
    some = queue.ids(filters, scope, limit=SOME + 1)
    if len(some) <= SOME:
        return search.search(desk.store, words, limit=limit, among=frozenset(some))
    return search.search(desk.store, words, limit=limit, keep=lambda ids: queue.among(filters, scope, ids))


def _parts(desk: Desk, text: str) -> tuple[str, Query | None]:
    """The words to look for and the filter beside them."""
    try:
        tree = parsed(text, desk.config.agent.language)
    except UsageError:
        return text, None
    terms = tree.terms if isinstance(tree, And) else (tree,)
    words = [t.text for t in terms if isinstance(t, Word)]
    rest = tuple(t for t in terms if not isinstance(t, Word))
    if any(_has_words(t) for t in rest) or not words:
        return text, None
    if not rest:
        return text, None
    return " ".join(f'"{w}"' if " " in w else w for w in words), And(rest)


def _has_words(query: Query) -> bool:
    if isinstance(query, Word):
        return True
    if isinstance(query, Field):
        return False
    if isinstance(query, Not):
        return _has_words(query.term)
    terms = query.terms if isinstance(query, And | Or) else ()
    return any(_has_words(t) for t in terms)
