"""Field types shared by the configuration and by every connector's own settings.

Connectors declare a ``msgspec.Struct`` (``frozen=True, kw_only=True, forbid_unknown_fields=True``) out of
these types; the loader checks an account against it and reports mistakes with file and line. Field
descriptions (``Annotated[..., msgspec.Meta(description=...)]``) become the comments of the example file.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from csconsole.domain.secret import Secret

__all__ = ["Duration", "Endpoint", "Secret", "Tls", "decode", "is_loopback", "parse_duration"]

T = TypeVar("T")

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?:[0-9]{1,6}[wdhms])+")
_PART = re.compile(r"([0-9]+)([wdhms])")
_LONGEST = timedelta(days=3650)

Tls = Literal["implicit", "starttls", "none"]


class Duration(timedelta):
    """A span of time as people write it: ``10s``, ``30m``, ``2h``, ``4d``, ``1h30m``.

    A ``timedelta`` in every respect; only its text differs (``str`` gives the form above back).
    """

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Reads ``text``: whole numbers with the units w, d, h, m, s, largest first or not, added up.

        Raises:
            ValueError: anything else, or more than ten years.
        """
        clean = text.strip()
        if not _DURATION.fullmatch(clean):
            raise ValueError('not a duration; write a number and a unit, such as "10s", "30m", "2h" or "4d"')
        value = cls(seconds=sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(clean)))
        if value > _LONGEST:
            raise ValueError("a duration of more than ten years")
        return value

    @property
    def ms(self) -> int:
        """The span in milliseconds, the unit of instants inside the program."""
        return round(self.total_seconds() * 1000)

    def __str__(self) -> str:
        """The shortest written form: ``4d``, ``1h30m``, ``0s``."""
        left = round(self.total_seconds())
        parts = []
        for unit, seconds in _UNITS.items():
            if unit != "w" and left >= seconds:
                parts.append(f"{left // seconds}{unit}")
                left %= seconds
        return "".join(parts) or "0s"


def parse_duration(text: str) -> Duration:
    """The span of time ``text`` says; see :meth:`Duration.parse`.

    Raises:
        ValueError: not a duration.
    """
    return Duration.parse(text)


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this very machine by name or number, so that plain text never leaves it."""
    import ipaddress

    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Endpoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A server to log in to."""

    host: Annotated[str, Meta(min_length=1, description="name or address of the server")]
    port: Annotated[int, Meta(ge=1, le=65535, description="port, such as 993 (IMAP) or 587 (submission)")]
    tls: Annotated[
        Tls,
        Meta(description="implicit | starttls | none; none only towards this machine itself"),
    ] = "implicit"
    user: Annotated[str, Meta(description="login name; leave out for a server that asks for none")] = ""
    password: Annotated[
        Secret | None,
        Meta(description="where the password lies: { env | file | command | keyring = ... }"),
    ] = None
    ca_file: Annotated[
        str, Meta(description="certificate authority of a private server (PEM); default: the system's")
    ] = ""

    def __post_init__(self) -> None:
        """Checks what no single field can know.

        Raises:
            ValueError: plain text towards another machine, or a password without a user.
        """
        if self.tls == "none" and not is_loopback(self.host):
            raise ValueError(
                'tls = "none" would send passwords and mail in the clear; it is allowed only towards '
                'localhost: use "implicit" or "starttls"'
            )
        if self.password is not None and not self.user:
            raise ValueError("a password without a user; add user")


def decode(raw: Any, kind: type[T]) -> T:
    """Turns parsed TOML into ``kind`` strictly (no text for numbers), durations included.

    Args:
        raw: tables and values as ``tomllib`` gives them.
        kind: a struct or any type msgspec knows, :class:`Duration` too.

    Raises:
        msgspec.ValidationError: the first mismatch, with its path.
    """
    return msgspec.convert(raw, kind, strict=True, dec_hook=_decode_hook)


def _decode_hook(kind: type, value: Any) -> Any:
    if kind is not Duration:
        raise NotImplementedError(f"a setting cannot be of type {kind.__name__}")
    if isinstance(value, Duration):
        return value
    if not isinstance(value, str):
        raise ValueError('not a duration; write it in quotes, such as "10s" or "4d"')
    return Duration.parse(value)
