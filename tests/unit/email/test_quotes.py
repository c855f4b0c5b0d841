"""Properties of folding, whatever a mail says: offsets in order, something left to read, no word lost."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from csconsole.connectors.email.quotes import find_folds
from csconsole.domain.message import Fold, visible_text

LINES = st.sampled_from(
    [
        "",
        "",
        "Hello, where is my order?",
        "ยังไม่ได้รับของค่ะ",
        "> quoted",
        "> ",
        ">> deeper",
        "On Thu, Nov 19, 2026 at 2:14 PM Shop <support@shop.test> wrote:",
        "ในวันที่ พฤ. 19 พ.ย. 2026 เวลา 14:14 ร้านค้า <support@shop.test> เขียนว่า:",
        "-----Original Message-----",
        "---------- Forwarded message ---------",
        "From: Shop <support@shop.test>",
        "Sent: Thursday, November 19, 2026 2:14 PM",
        "To: nok@customer.test",
        "Subject: Order",
        "________________________________",
        "-- ",
        "Best regards,",
        "Somchai, Siam Trading Co., Ltd.",
        "Tel. 02 123 4567",
        "Sent from my iPhone",
        "This e-mail is confidential and intended only for you.",
    ]
)


@given(st.lists(LINES, max_size=25), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), max_size=2))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_folds_are_pieces_of_the_text_and_leave_something_to_read(
    lines: list[str], marks: list[tuple[int, int]]
) -> None:
    text = "\n".join(lines)
    marked = [(min(pair), min(len(text), max(pair)), "quote") for pair in marks if min(pair) < len(text)]
    folds = find_folds(text, marked)
    at = 0
    for start, end, kind in folds:
        assert at <= start < end <= len(text)
        assert kind in ("quote", "signature")
        assert text[start:end].strip() and text[end - 1] != "\n"
        at = end
    visible = visible_text(text, [Fold(*fold) for fold in folds])
    assert not folds or any(char.isalnum() for char in visible)
    # Unfolded, every character is there: what is seen and what is folded make the whole.
    assert len(visible) + sum(end - start for start, end, _ in folds) == len(text)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_text_can_be_looked_at(text: str) -> None:
    for start, end, _ in find_folds(text):
        assert 0 <= start < end <= len(text)


def test_own_words_are_never_folded() -> None:
    """What stands above the first header of a quotation is the writer's, unless it is a signature."""
    own = "Please cancel order 5.\nI have waited for a week.\n"
    for header in ("On Thu, Nov 19, 2026 at 2:14 PM Shop <support@shop.test> wrote:", "-----Original Message-----"):
        text = f"{own}\n{header}\n> one\n> two"
        ((start, end, kind),) = find_folds(text)
        assert (text[:start].strip(), end, kind) == (own.strip(), len(text), "quote")
