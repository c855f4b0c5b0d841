import subprocess
import sys

import pytest

from csconsole.commands.context import ComposerState, Context, Pane
from csconsole.commands.defaults import default_registry
from csconsole.commands.registry import Category, Command, Registry


def command(command_id: str = "case.try", hint: int | None = None) -> Command:
    return Command(command_id, ("x",), frozenset({Pane.QUEUE}), Category.CASE, hint=hint, words=("ลอง",))


def test_an_id_is_taken_once_and_has_an_area() -> None:
    registry = Registry([command()])
    with pytest.raises(ValueError, match="two commands"):
        registry.add(command())
    with pytest.raises(ValueError, match=r"area\.verb"):
        registry.add(command("resolve"))
    assert registry["case.try"].area == "case"


def test_commands_are_found_by_what_the_room_calls_them() -> None:
    registry = default_registry()
    found = registry.named("จบเคส")
    assert found is not None
    assert found.id == "case.resolve"
    assert registry.named("Case.Resolve") is found
    assert registry.named("no such thing") is None


def test_words_name_one_command_each() -> None:
    seen: dict[str, str] = {}
    for each in default_registry():
        for word in (each.id, *each.words):
            assert seen.setdefault(word.casefold(), each.id) == each.id, word


def test_a_disabled_command_says_why_and_is_not_hinted() -> None:
    registry = default_registry()
    nothing_open = Context()
    assert registry["reply.start"].disabled_reason(nothing_open) == "reason.no_conversation"
    assert "reply.start" not in [c.id for c in registry.hints(nothing_open)]
    assert registry["case.resolve"].disabled_reason(Context(selected=3, read_only=True)) == "reason.read_only"
    assert registry["case.resolve"].disabled_reason(Context(selected=3)) is None
    assert registry["reply.start"].disabled_reason(Context(selected=3)) == "reason.one_at_a_time"


def test_send_needs_text_that_may_leave() -> None:
    send = default_registry()["reply.send"]
    assert send.disabled_reason(Context(composer=ComposerState.EMPTY)) == "reason.nothing_written"
    assert send.disabled_reason(Context(composer=ComposerState.BLOCKED)) == "reason.unfilled"
    assert send.disabled_reason(Context(composer=ComposerState.WRITTEN)) is None


def test_hints_are_few_and_held_comes_first() -> None:
    registry = default_registry()
    hints = registry.hints(Context(selected=2, has_held=True), limit=6)
    assert len(hints) == 6
    assert hints[0].id == "reply.pull_back"


def test_every_command_is_under_one_heading() -> None:
    registry = default_registry()
    grouped = registry.by_category()
    assert sum(map(len, grouped.values())) == len(registry)
    assert all(
        c in registry.of_pane(Pane.COMPOSER) for rows in registry.by_category(Pane.COMPOSER).values() for c in rows
    )


def test_what_a_customer_notices_is_guarded() -> None:
    registry = default_registry()
    assert {"case.resolve", "case.resolve_next", "case.spam", "reply.send"} <= {c.id for c in registry if c.is_guarded}


def test_the_registry_loads_without_a_screen() -> None:
    code = "import csconsole.commands.defaults, csconsole.commands.keymap, sys; print('textual' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
