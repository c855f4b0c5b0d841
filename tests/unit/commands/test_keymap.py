from collections.abc import Iterable

import pytest

from csconsole.commands.context import Pane
from csconsole.commands.defaults import PRESETS, default_registry, planned_registry
from csconsole.commands.keymap import Keymap, KeyReader, Outcome, ProblemKind
from csconsole.text.keyboard import to_thai


@pytest.fixture
def reader() -> KeyReader:
    return KeyReader(Keymap(default_registry()))


def feed(reader: KeyReader, strokes: Iterable[str], pane: Pane = Pane.QUEUE) -> list[Outcome]:
    return [reader.feed(stroke, pane) for stroke in strokes]


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_have_no_clash_and_no_dead_key(preset: str) -> None:
    assert Keymap(planned_registry(), PRESETS[preset]).problems == []


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_name_real_commands(preset: str) -> None:
    assert set(PRESETS[preset]) <= {command.id for command in planned_registry()}


def test_a_key_runs_its_command_and_a_sequence_waits(reader: KeyReader) -> None:
    assert feed(reader, "j")[0].command == "move.down"
    first, second = feed(reader, "gi")
    assert (first.command, first.pending) == (None, "g")
    assert second.command == "go.mine"
    assert reader.pending == ""


def test_every_default_sequence_reaches_its_command_also_under_the_thai_layout() -> None:
    keymap = Keymap(default_registry())
    for command in keymap.registry:
        for pane in command.panes - {Pane.COMPOSER, Pane.LINE}:
            for sequence in keymap.keys_of(command.id):
                for typed in (sequence, tuple(to_thai(s) if len(s) == 1 else s for s in sequence)):
                    reader = KeyReader(keymap)
                    outcome = [reader.feed(stroke, pane) for stroke in typed][-1]
                    assert command.id in (outcome.command, outcome.waits_for), (command.id, typed)


@pytest.mark.parametrize("typed", ["t2", "ะ/", "t๒", "t/"])
def test_digits_after_a_prefix_are_read_in_either_layout(reader: KeyReader, typed: str) -> None:
    assert feed(reader, typed)[-1].command == "tag.hot_2"


def test_slash_alone_stays_search(reader: KeyReader) -> None:
    assert feed(reader, "/")[0].command == "search.start"


def test_a_beginning_that_is_a_command_runs_on_enter_on_time_or_before_another_key(reader: KeyReader) -> None:
    assert feed(reader, "z")[0] == Outcome(pending="z", waits_for="case.snooze")
    assert reader.expire().command == "case.snooze"
    assert feed(reader, ["z", "enter"])[1] == Outcome(command="case.snooze")
    assert feed(reader, ["z", "j"])[1] == Outcome(command="case.snooze", rest="j")
    assert feed(reader, ["z", "z"])[1].command == "case.snooze_tomorrow"


def test_escape_and_leaving_drop_a_half_typed_sequence(reader: KeyReader) -> None:
    assert feed(reader, ["g", "escape"])[1] == Outcome()
    assert feed(reader, ["j"])[0].command == "move.down"
    feed(reader, "g")
    reader.cancel()
    assert feed(reader, "i")[0].command == "profile.toggle"


def test_a_sequence_that_leads_nowhere_does_nothing(reader: KeyReader) -> None:
    assert feed(reader, "gz")[1] == Outcome()
    assert reader.pending == ""
    assert reader.expire() == Outcome()


@pytest.mark.parametrize("stroke", ["r", "E", "พ", "space", ";"])
def test_text_is_text_in_a_composer(reader: KeyReader, stroke: str) -> None:
    assert reader.feed(stroke, Pane.COMPOSER) == Outcome()
    assert reader.feed(stroke, Pane.LINE) == Outcome()


@pytest.mark.parametrize(("stroke", "command"), [("ctrl+s", "reply.send"), ("ctrl+ส", "composer.mend_layout")])
def test_control_keys_work_in_a_composer_in_either_layout(reader: KeyReader, stroke: str, command: str) -> None:
    if command == "composer.mend_layout":
        stroke = "ctrl+ส"  # the key L
    assert reader.feed(stroke, Pane.COMPOSER).command == command


def test_three_capitals_ask_before_a_customer_notices(reader: KeyReader) -> None:
    outcomes = feed(reader, "EEE")
    assert [o.command for o in outcomes] == ["case.resolve_next", "case.resolve_next", None]
    assert outcomes[2].caps_lock
    assert feed(reader, "E")[0].command == "case.resolve_next", "the same key again means it"
    assert feed(reader, "E")[0].command == "case.resolve_next", "and it is not asked twice"


def test_a_lower_case_key_between_shows_caps_lock_is_off(reader: KeyReader) -> None:
    assert not any(o.caps_lock for o in feed(reader, "EEjEEjE"))


def test_capital_motions_are_never_held_back(reader: KeyReader) -> None:
    assert [o.command for o in feed(reader, "JJJJ")] == ["queue.next"] * 4
    assert feed(reader, "E")[0].caps_lock


def test_another_capital_after_the_question_is_asked_about_again(reader: KeyReader) -> None:
    feed(reader, "EEE")
    assert feed(reader, "D")[0].caps_lock


def test_own_keys_win_and_free_the_default_owner() -> None:
    keymap = Keymap(default_registry(), None, {"case.resolve": "x", "reply.start": "ctrl+y, g y"})
    assert keymap.problems == []
    reader = KeyReader(keymap)
    assert reader.feed("x", Pane.QUEUE).command == "case.resolve"
    assert reader.feed("e", Pane.QUEUE) == Outcome()
    assert keymap.keys_of("reply.start") == (("ctrl+y",), ("g", "y"))
    assert keymap.keys_of("select.toggle") == ()


@pytest.mark.parametrize(
    ("own", "kind"),
    [
        ({"case.resolve": "j", "case.reopen": "j"}, ProblemKind.CLASH),
        ({"case.resolve": "ctrl+i"}, ProblemKind.UNREACHABLE),
        ({"case.resolve": "ctrl+shift+e"}, ProblemKind.UNREACHABLE),
        ({"case.resolve": "W"}, ProblemKind.LOST_IN_THAI),
        ({"case.resolve": "2"}, ProblemKind.LOST_IN_THAI),
        ({"case.resolve": "ctrl+b"}, ProblemKind.TAKEN_OUTSIDE),
        ({"case.resolve": "ctrl+bogus"}, ProblemKind.NOTATION),
        ({"case.vanish": "x"}, ProblemKind.UNKNOWN_COMMAND),
    ],
)
def test_mistakes_in_own_keys_are_named(own: dict[str, str], kind: ProblemKind) -> None:
    problems = Keymap(default_registry(), None, own).problems
    assert [p.kind for p in problems] == [kind]
    assert next(iter(own)) in str(problems[0]) or kind is ProblemKind.CLASH


def test_a_digit_after_a_prefix_is_no_problem() -> None:
    assert Keymap(default_registry(), None, {"case.resolve": "e 2"}).problems == []
