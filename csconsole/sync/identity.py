"""Who wrote: finds or makes the customer behind an event's identities.

People are joined automatically only where the source vouches for an identity; everything else is a person's
decision, since merging wrongly shows one customer's words to another.
"""

from __future__ import annotations

from csconsole.domain.events import MessageEvent
from csconsole.store import customers, tags
from csconsole.store.database import Tx
from csconsole.text.sanitize import safe_line


def customer_for(tx: Tx, event: MessageEvent) -> int:
    """The customer of a message, made when unknown; fills in what the channel knows of them."""
    known = [i for i in (event.customer, *event.other_identities) if i is not None]
    found = next(
        (
            customer_id
            for identity in known
            if (identity is event.customer or identity.verified)
            and (customer_id := customers.by_identity(tx, identity)) is not None
        ),
        None,
    )
    name = safe_line(event.customer_name)
    if found is None:
        fallback = safe_line(event.customer.display or event.customer.value) if event.customer else ""
        found = customers.create(
            tx,
            name or fallback,
            call_name=safe_line(event.customer_call),
            language=event.customer_language,
            attributes=event.customer_attributes,
            created_at=event.at,
        )
    else:
        customers.update(
            tx,
            found,
            call_name=safe_line(event.customer_call),
            language=event.customer_language,
            attributes=event.customer_attributes,
        )
    for identity in known:
        customers.add_identity(tx, found, identity)
    if event.customer_tags:
        tags.change(tx, tags.CUSTOMER, found, add=[safe_line(t) for t in event.customer_tags], by="")
    return found
