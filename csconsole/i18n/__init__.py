"""The words of the interface, in English and Thai.

All wording a person reads on screen lies in :mod:`csconsole.i18n.en` and :mod:`csconsole.i18n.th`, that of widgets and
commands in :mod:`csconsole.i18n.screen_en` and :mod:`csconsole.i18n.screen_th`, under the same keys; this package
hands it out. It imports nothing of the program, so every layer may use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

LANGUAGES = ("en", "th")
"""Languages the interface speaks; English is the fallback."""


@cache
def _messages(language: str) -> Mapping[str, str]:
    """The table of a language, imported when first asked for."""
    if language == "th":
        from csconsole.i18n import screen_th, th

        return {**th.MESSAGES, **screen_th.MESSAGES}
    from csconsole.i18n import en, screen_en

    return {**en.MESSAGES, **screen_en.MESSAGES}


class _Values(dict[str, object]):
    """Values of a text; one that was not given shows as its placeholder instead of failing the screen."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


class Catalog:
    """The wording of one language.

    Args:
        language: ``th`` or ``en``; any other reads as English.
    """

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else "en"
        self._table = _messages(self.language)

    def t(self, key: str, /, **values: object) -> str:
        """The text of a key with its placeholders filled.

        Args:
            key: such as ``queue.title``.
            values: one for every ``{name}`` in the text. They are set in as text: braces in them mean nothing.

        Returns:
            The text. A key that is in no table comes back as itself: a screen with one odd label is better than
            none, and a test keeps the tables complete.
        """
        text = self._table.get(key)
        if text is None:
            text = _messages("en").get(key, key)
        return text.format_map(_Values(values))

    def has(self, key: str) -> bool:
        """Whether the language itself has the key."""
        return key in self._table
