"""Depth goes, words and whatever a letter holds stay."""

from __future__ import annotations

from csconsole.connectors.email.flatten import MAX_DEPTH, flattened, with_whole_references


def test_a_letter_is_left_alone() -> None:
    letter = "<table><tr><td>" * 40 + "<p>words<br>more" * 400 + "</table>" * 40 + "<a href='x?a=1&b=2'>y</a>" * 300
    assert flattened(letter) == letter
    assert with_whole_references(letter) == letter


def test_what_is_deeper_becomes_flat_and_closes_again() -> None:
    deep = "<div>" * (MAX_DEPTH + 50) + "word" + "</div>" * (MAX_DEPTH + 50) + "<div>after</div>"
    made = flattened(deep)
    assert made.count("<div>") == MAX_DEPTH + 1
    assert made.count("</div>") == MAX_DEPTH + 1
    assert made.endswith("<div>after</div>")


def test_end_tags_of_nothing_do_not_make_room() -> None:
    made = flattened("<div></b></span>" * 3_000)
    assert made.count("<div>") == MAX_DEPTH


def test_links_are_never_lost_to_depth() -> None:
    made = flattened("<div>" * 2_000 + '<a href="https://evil.test">x</a>')
    assert '<a href="https://evil.test">x</a>' in made
