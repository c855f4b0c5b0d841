"""Who wrote: finds or makes the customer behind an event's identities.

People are joined automatically only where the source vouches for an identity; everything else is a person's
decision, since merging wrongly shows one customer's words to another. An identity that is merely stated is
kept with the customer to be seen, and leads nowhere.
"""

from __future__ import annotations

from csconsole.domain.customer import Identity
from csconsole.domain.events import MessageEvent
from csconsole.store import customers, tags
from csconsole.store.database import Tx
from csconsole.sync.facts import safe_facts
from csconsole.text.sanitize import safe_line

_NAMELESS = "?"


def known_customer(tx: Tx, event: MessageEvent) -> int | None:
    """The customer whom an identity of the event leads to, None when they are new."""
    vouched = [i for i in event.other_identities if i.verified]
    for identity in [event.customer, *vouched] if event.customer else vouched:
        found = customers.by_identity(tx, identity)
        if found is not None:
            return found
    return None


def customer_for(tx: Tx, event: MessageEvent, *, at: int) -> int:
    """The customer of a message, made when unknown; fills in what the channel knows of them.

    Args:
        tx: the transaction.
        event: the message.
        at: its instant, from when a new customer is known.
    """
    found = known_customer(tx, event)
    stated = [i for i in (event.customer, *event.other_identities) if i is not None]
    name = safe_line(event.customer_name) or safe_line(event.customer_call)
    facts = {
        "call_name": safe_line(event.customer_call),
        "language": safe_line(event.customer_language),
        "attributes": safe_facts(event.customer_attributes),
    }
    if found is None:
        fallback = safe_line(event.author_name) if event.author_kind == "customer" else ""
        found = customers.create(
            tx,
            name or name_of(stated) or fallback or safe_line(event.thread.remote_id) or _NAMELESS,
            created_at=at,
            identities=[(clean(i), not _is_own(i, event)) for i in stated],
            **facts,  # type: ignore[arg-type]  # names and types of create's own
        )
    else:
        now = customers.name_of(tx, found)
        better = name if now in {"", _NAMELESS, safe_line(event.thread.remote_id), *map(_label, stated)} else ""
        customers.update(tx, found, name=better, **facts)  # type: ignore[arg-type]  # as above
    for identity in stated:
        customers.add_identity(tx, found, clean(identity), claimed=not _is_own(identity, event))
    if event.customer_tags:
        tags.change(tx, tags.CUSTOMER, found, add=[t for raw in event.customer_tags if (t := safe_line(raw))], by="")
    return found


def _is_own(identity: Identity, event: MessageEvent) -> bool:
    """Whether an identity leads to its customer: the one they wrote from, and those the source vouches for."""
    return identity is event.customer or identity.verified


def customer_of(tx: Tx, identity: Identity, *, at: int) -> int:
    """The customer behind one identity, made when unknown."""
    found = customers.by_identity(tx, identity)
    if found is None:
        found = customers.create(tx, name_of([identity]) or _NAMELESS, created_at=at)
        customers.add_identity(tx, found, clean(identity))
    return found


def name_of(identities: list[Identity]) -> str:
    """A name out of identities where the channel gives none: what it displays, else the identity itself."""
    return next((label for identity in identities if (label := _label(identity))), "")


def _label(identity: Identity) -> str:
    return safe_line(identity.display) or safe_line(identity.value)


def clean(identity: Identity) -> Identity:
    """The identity with a display name that can be drawn; kind, realm and value are keys and stay as they are."""
    return Identity(identity.kind, identity.realm, identity.value, safe_line(identity.display), identity.verified)
