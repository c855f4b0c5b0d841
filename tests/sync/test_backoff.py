from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csconsole.sync.backoff import JITTER, LONGEST, LONGEST_ASKED, STEPS, delay


@pytest.mark.parametrize(("failures", "step"), list(enumerate(STEPS, 1)))
def test_waits_grow_step_by_step(failures: int, step: float) -> None:
    wait = delay(failures, "mail")
    assert step * (1 - JITTER) <= wait <= min(step * (1 + JITTER), LONGEST)


def test_first_waits_are_about_one_five_fifteen_sixty_seconds() -> None:
    assert [round(delay(n, "mail") / step, 1) for n, step in ((1, 1), (2, 5), (3, 15), (4, 60))] == pytest.approx(
        [1.0] * 4, abs=JITTER + 0.05
    )


@given(st.integers(-5, 10_000), st.text(max_size=20))
def test_never_longer_than_ten_minutes_and_the_same_each_time(failures: int, seed: str) -> None:
    wait = delay(failures, seed)
    assert 0 < wait <= LONGEST
    assert wait == delay(failures, seed)


def test_accounts_do_not_come_back_in_the_same_moment() -> None:
    assert len({delay(3, f"account-{n}") for n in range(50)}) == 50


@given(st.floats(min_value=0, max_value=1e9), st.integers(1, 20))
def test_what_the_remote_side_asks_for_is_kept(asked: float, failures: int) -> None:
    wait = delay(failures, "mail", retry_after=asked)
    assert wait >= min(asked, LONGEST_ASKED)
    assert wait <= max(asked, LONGEST)


def test_a_negative_wish_changes_nothing() -> None:
    assert delay(2, "mail", retry_after=-100.0) == delay(2, "mail")
