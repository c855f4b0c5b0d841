"""What a console shows first: which view, and its first rows. Without Textual, read before it is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from csconsole.domain.conversation import QueueRow
from csconsole.i18n import Catalog
from csconsole.screens.naming import Names
from csconsole.services.desk import Desk
from csconsole.services.views import QueueReader, View, all_views
from csconsole.store.queue import COUNT_CAP
from csconsole.widgets.bar_lines import Tab
from csconsole.widgets.queue_rows import QueueSetting

FIRST_PAGE = 50
"""Rows read for the first paint, so that it waits for little."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What is shown first.

    Attributes:
        views: all there are.
        view: the first one that has something in it, else the first.
        rows: its first page.
    """

    views: tuple[View, ...]
    view: View
    rows: list[QueueRow]


def opening(desk: Desk, reader: QueueReader) -> Opening:
    """Reads what is shown first; each view asked for takes about a millisecond.

    Raises:
        UsageError: the query of a view cannot be read or answered.
        StoreError: the database cannot be read.
    """
    views = all_views(desk)
    for view in views:
        rows = reader.page(view.query, limit=FIRST_PAGE)
        if rows:
            return Opening(views, view, rows)
    return Opening(views, views[0], [])


def queue_setting(desk: Desk, names: Names, language: str) -> QueueSetting:
    """What queue rows are drawn with besides themselves."""
    labels = {name: names.account(name) for name in names.accounts}
    return QueueSetting(desk.clock.now(), desk.config.agent.timezone, language, desk.actor.name, names.agents, labels)


def view_tabs(
    views: Sequence[View], words: Catalog, counts: Mapping[str, int], shown: View, filter_text: str = ""
) -> list[Tab]:
    """The views as tabs.

    Args:
        views: all of them.
        words: the interface's words.
        counts: conversations by query; a view without one shows none.
        shown: the view on screen, whose title carries the filter.
        filter_text: what narrows it.
    """
    return [
        Tab(
            view.id,
            view.key,
            _title(view, words, filter_text if view is shown else ""),
            counts.get(view.query),
            capped=counts.get(view.query, 0) >= COUNT_CAP,
        )
        for view in views
    ]


def _title(view: View, words: Catalog, filter_text: str) -> str:
    title = view.title or words.t(view.title_key)
    return f"{title} \\{filter_text}" if filter_text else title
