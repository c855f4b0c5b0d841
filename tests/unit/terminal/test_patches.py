"""Each patch is proved twice: upstream still needs it, and ours is right."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from textual._wrap import compute_wrap_offsets as stock_wrap_offsets

from csconsole.terminal import patches
from csconsole.text.graphemes import width

THAI = "สวัสดีค่ะคุณน้ำฝน ที่นี่กำลังตรวจสอบคำสั่งซื้อให้อยู่นะคะ กรุณารอสักครู่ พรุ่งนี้ส่งสินค้าถึงที่บ้านแน่นอนค่ะ"
UPSTREAM_SPLIT = Segment._split_cells
MIXED = st.text(alphabet="กขสน้ำที่เแโa b😀漢ุูัิ่👍🏽é", max_size=40)


def torn(text: str) -> bool:
    return bool(text) and unicodedata.category(text[0]) == "Mn"


def test_rich_still_tears_thai_clusters() -> None:
    """Fails once Rich cuts between clusters: then delete the patch."""
    tears = [cut for cut in range(1, width(THAI)) if torn(UPSTREAM_SPLIT(Segment(THAI), cut)[1].text)]
    assert len(tears) > 10


def test_textual_still_folds_thai_words() -> None:
    """Fails once Textual breaks at Thai word borders: then delete the patch."""
    starts = [THAI[offset] for offset in stock_wrap_offsets(THAI, 17, 4)]
    assert any(char in "ะาำ" or unicodedata.category(char) == "Mn" for char in starts) or starts != [
        THAI[offset] for offset in patches.wrap_offsets(THAI, 17, 4)
    ]


@pytest.mark.parametrize("cut", range(1, width(THAI)))
def test_a_cut_never_tears_a_cluster(cut: int) -> None:
    left, right = patches.split_segment(Segment(THAI), cut)
    assert not torn(right.text)
    assert left.cell_length == cut
    assert left.text + right.text == THAI


@given(MIXED, st.integers(0, 80))
def test_both_halves_take_the_cells_of_the_whole(text: str, cut: int) -> None:
    left, right = patches.split_segment(Segment(text), cut)
    assert left.cell_length + right.cell_length == width(text)
    assert left.cell_length == min(cut, width(text))


@given(MIXED, st.integers(4, 40))
def test_lines_of_a_document_cover_the_text_and_fit(text: str, cells: int) -> None:
    offsets = patches.wrap_offsets(text, cells, 4)
    assert offsets == sorted(set(offsets))
    assert all(0 < offset < max(len(text), 1) + 1 for offset in offsets)
    parts = [text[a:b] for a, b in zip([0, *offsets], [*offsets, len(text)], strict=True)]
    assert "".join(parts) == text
    assert all(width(part) <= cells + 1 for part in parts)


def test_a_line_never_begins_with_a_following_vowel() -> None:
    for cells in range(8, 60):
        for offset in patches.wrap_offsets(THAI, cells, 4):
            assert THAI[offset] not in "ะาำๆ"
            assert THAI[offset - 1] not in "เแโใไ"


def test_installing_twice_is_installing_once() -> None:
    patches.install()
    patches.install()
    left, right = Segment(THAI).split_cells(2)
    assert (left.text, torn(right.text)) == ("สวั", False)
