from __future__ import annotations

import pytest

from csconsole.domain.sending import SendClass
from csconsole.errors import (
    AuthError,
    ConfigError,
    ConnectorError,
    DiskFullError,
    RateLimitedError,
    RejectedError,
    UnreachableError,
    UnsupportedError,
)
from csconsole.sync.backoff import AUTH_PAUSE
from csconsole.sync.outcome import MAX_ATTEMPTS, STORE_WAIT, Outcome, judge

LOST = UnreachableError("the answer was lost")


def judged(
    error: Exception, send_class: SendClass = SendClass.LOOKUP, phase: str = "data", attempt: int = 1
) -> Outcome:
    return judge(error, send_class, phase=phase, attempt=attempt, seed="row")


@pytest.mark.parametrize(
    ("send_class", "state"),
    [
        (SendClass.KEY, "queued"),
        (SendClass.SINGLE_USE, "settling"),
        (SendClass.ECHO, "settling"),
        (SendClass.LOOKUP, "settling"),
        (SendClass.NONE, "uncertain"),
    ],
)
@pytest.mark.parametrize("error", [LOST, ConnectorError("HTTP 502"), TimeoutError(), KeyError("bug")])
def test_a_lost_answer_ends_by_its_class(send_class: SendClass, state: str, error: Exception) -> None:
    assert judged(error, send_class).state == state


@pytest.mark.parametrize("send_class", list(SendClass))
def test_what_was_provably_not_accepted_goes_again_whatever_the_class(send_class: SendClass) -> None:
    error = UnreachableError("no connection", provably_not_accepted=True)
    outcome = judged(error, send_class)
    assert (outcome.state, outcome.pause) == ("queued", 0)
    assert 0 < outcome.wait < judged(error, send_class, attempt=3).wait


@pytest.mark.parametrize("error", [RejectedError("blocked"), UnsupportedError("no notes here")])
def test_a_refusal_for_good_fails_with_its_reason(error: ConnectorError) -> None:
    assert judged(error) == Outcome("failed", error.message)


def test_a_rate_limit_pauses_the_account_as_long_as_asked() -> None:
    outcome = judged(RateLimitedError("slow down", retry_after=90.0))
    assert outcome.state == "queued"
    assert outcome.wait == outcome.pause == 90.0


@pytest.mark.parametrize("error", [AuthError("login refused"), ConfigError("no password")])
def test_refused_credentials_pause_the_account_and_keep_the_message(error: Exception) -> None:
    outcome = judged(error, phase="")
    assert (outcome.state, outcome.wait, outcome.pause) == ("queued", AUTH_PAUSE, AUTH_PAUSE)


def test_a_config_error_after_the_first_byte_proves_nothing() -> None:
    assert judged(ConfigError("no password"), phase="data").state == "settling"


@pytest.mark.parametrize("send_class", list(SendClass))
def test_what_could_not_be_written_down_has_not_left(send_class: SendClass) -> None:
    outcome = judged(DiskFullError("The disk is full."), send_class, phase="")
    assert (outcome.state, outcome.wait) == ("queued", STORE_WAIT)
    assert judged(DiskFullError("The disk is full."), SendClass.NONE, phase="data").state == "uncertain"


def test_endless_attempts_end_visibly() -> None:
    unreachable = UnreachableError("no connection", provably_not_accepted=True)
    assert judged(unreachable, attempt=MAX_ATTEMPTS).state == "failed"
    assert judged(LOST, SendClass.KEY, attempt=MAX_ATTEMPTS).state == "uncertain"


def test_a_fault_of_ours_is_named_without_its_words() -> None:
    assert judged(KeyError("a customer's text")).reason == "The connector failed (KeyError); the log has the details."
