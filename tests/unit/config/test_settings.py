"""Durations and servers as they stand in the file."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csconsole.domain.settings import Duration, Endpoint, Secret, decode, is_loopback, parse_duration


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("0s", timedelta()),
        ("10s", timedelta(seconds=10)),
        ("30m", timedelta(minutes=30)),
        ("2h", timedelta(hours=2)),
        ("4d", timedelta(days=4)),
        ("1w", timedelta(days=7)),
        ("1h30m", timedelta(minutes=90)),
        (" 5s ", timedelta(seconds=5)),
    ],
)
def test_a_duration_is_read(text: str, span: timedelta) -> None:
    assert parse_duration(text) == span


@pytest.mark.parametrize("text", ["", "10", "s", "10 s", "-5s", "1.5h", "10S", "๑๐s", "9999999s", "9999w", "P1D"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=3650 * 86_400))
def test_a_duration_reads_back_what_it_writes(seconds: int) -> None:
    assert parse_duration(str(Duration(seconds=seconds))) == timedelta(seconds=seconds)


def test_a_duration_in_milliseconds() -> None:
    assert parse_duration("1m").ms == 60_000


def endpoint(**changes: object) -> Endpoint:
    return decode({"host": "imap.shop.example", "port": 993, **changes}, Endpoint)


def test_a_server_uses_tls_unless_told_otherwise() -> None:
    assert endpoint().tls == "implicit"


@pytest.mark.parametrize("host", ["localhost", "mail.localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])
def test_plain_text_may_stay_on_this_machine(host: str) -> None:
    assert endpoint(host=host, tls="none").host == host


@pytest.mark.parametrize("host", ["imap.shop.example", "10.0.0.1", "localhost.evil.example", "0.0.0.0", ""])
def test_plain_text_never_leaves_this_machine(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(msgspec.ValidationError):
        endpoint(host=host, tls="none")


@pytest.mark.parametrize("change", [{"port": 0}, {"port": 65536}, {"port": "993"}, {"prt": 1}, {"tls": "ssl"}])
def test_a_wrong_server_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        endpoint(**change)


def test_a_password_needs_a_user() -> None:
    with pytest.raises(msgspec.ValidationError, match="add user"):
        endpoint(password={"env": "X"})
    assert endpoint(user="u", password={"env": "X"}).password == Secret(env="X")
