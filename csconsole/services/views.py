"""Views: named queries of the queue, ours and the configuration's."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from csconsole.domain.conversation import QueueRow
from csconsole.domain.query import Query, parse
from csconsole.errors import NotFoundError
from csconsole.i18n import Catalog
from csconsole.services.desk import Desk
from csconsole.store.queue import COUNT_CAP, Queue


class View(msgspec.Struct, frozen=True):
    """A queue one key away. ``title_key``: wording of a built-in view, "" for the configuration's own."""

    id: str
    title_key: str
    title: str
    query: str
    key: str


BUILT_IN = (
    View("mine", "view.mine", "", "assignee:me status:open", "i"),
    View("unassigned", "view.unassigned", "", "assignee:none status:open", "u"),
    View("open", "view.open", "", "status:open", "a"),
    View("pending", "view.pending", "", "status:pending,on_hold", "p"),
    View("snoozed", "view.snoozed", "", "status:snoozed", "s"),
    View("resolved", "view.resolved", "", "status:resolved", "e"),
)


def all_views(desk: Desk) -> tuple[View, ...]:
    """The configuration's views, then the built-in ones whose query or name it does not have."""
    own = []
    english = desk.config.agent.language == "en"
    for view in desk.config.views:
        own.append(View(view.name, "", (english and view.name_en) or view.name, view.query, view.key))
    words = Catalog(desk.config.agent.language)
    queries = {v.query for v in own}
    titles = {v.title for v in own} | {v.id for v in own}
    keys = {v.key for v in own if v.key}
    kept = [v for v in BUILT_IN if v.query not in queries and not {v.id, words.t(v.title_key)} & titles]
    shown = [View(v.id, v.title_key, v.title, v.query, "" if v.key in keys else v.key) for v in kept]
    return (*own, *shown) if own else tuple(shown)


def view_named(desk: Desk, name: str) -> View:
    """A view by id, name or key.

    Raises:
        NotFoundError: there is none.
    """
    for view in all_views(desk):
        if name in (view.id, view.title) or (view.key and name == view.key):
            return view
    known = ", ".join(v.title or v.id for v in all_views(desk))
    raise NotFoundError(f'There is no view called "{name}"; known: {known}.')


@lru_cache(maxsize=256)
def parsed(query: str, language: str = "en") -> Query:
    """A query read once."""
    return parse(query, language)


class QueueReader:
    """Pages and counts of views for one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._queue = Queue(desk.store, desk.actor.id)

    def page(
        self,
        query: str,
        *,
        after: tuple[int, int] | None = None,
        before: tuple[int, int] | None = None,
        limit: int = 50,
    ) -> list[QueueRow]:
        """Rows of a query in queue order, from a keyset position on.

        Raises:
            UsageError: the query cannot be read or answered.
        """
        tree = parsed(query, self._desk.config.agent.language)
        return self._queue.page(tree, self._desk.scope(), after=after, before=before, limit=limit)

    def ids(self, query: str, *, limit: int) -> list[int]:
        """Keys of a query's rows; of more than ``limit`` those that stand first.

        Raises:
            UsageError: the query cannot be read or answered.
        """
        tree = parsed(query, self._desk.config.agent.language)
        found = self._queue.ids(tree, self._desk.scope(), limit=limit + 1)
        return found if len(found) <= limit else [row.id for row in self.page(query, limit=limit)]

    def count(self, query: str, *, cap: int = COUNT_CAP) -> int:
        """Rows of a query, at most ``cap``."""
        tree = parsed(query, self._desk.config.agent.language)
        return self._queue.count(tree, self._desk.scope(), cap=cap)

    def changed(self, after_rev: int, *, limit: int = 200) -> list[QueueRow]:
        """Rows touched since a revision."""
        return self._queue.changed(after_rev, limit=limit)

    def row(self, conversation_id: int) -> QueueRow | None:
        """One row."""
        return self._queue.by_id(conversation_id)

    @property
    def queue(self) -> Queue:
        """The store's queue, for whole conversations."""
        return self._queue
