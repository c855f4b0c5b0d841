"""Errors a person may meet: one root, one exit code each, one sentence that says what to do.

Nothing here prints. The command line turns a :class:`CsconsoleError` into its message and exit code, the
screen into a line in the status bar; a traceback reaches nobody.
"""

from __future__ import annotations

from collections.abc import Callable

_hide: Callable[[str], str] = str


def hide_with(hide: Callable[[str], str]) -> None:
    """Sets what every :class:`ConnectorError` passes its message through, so that no secret gets into one.

    Args:
        hide: gives the text without secrets; :mod:`csconsole.domain.secret` sets it once it knows one.
    """
    global _hide
    _hide = hide


class CsconsoleError(Exception):
    """Root of every expected error.

    Args:
        message: one sentence for the user: what happened and what to do about it.
    """

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UsageError(CsconsoleError):
    """The command line was used wrongly."""

    exit_code = 2


class ConfigError(CsconsoleError):
    """The configuration cannot be used; the message names file, line and key."""

    exit_code = 2


class ConnectorError(CsconsoleError):
    """A channel or help desk could not be talked to.

    Attributes:
        retryable: whether the same call may succeed later without anybody changing anything.
        provably_not_accepted: the remote side cannot have acted on the request (refused before its body),
            so an outgoing message may be queued again without the risk of sending it twice.
    """

    exit_code = 3
    retryable = False
    provably_not_accepted = False

    def __init__(self, message: str) -> None:
        # Servers repeat what they were sent: "refused: LOGIN care "the password"".
        super().__init__(_hide(message))


class AuthError(ConnectorError):
    """The remote side does not accept our credentials; retrying without a change is pointless."""

    provably_not_accepted = True


class UnreachableError(ConnectorError):
    """No connection, or it broke. Whether a request was accepted is unknown unless stated."""

    retryable = True

    def __init__(self, message: str, *, provably_not_accepted: bool = False) -> None:
        super().__init__(message)
        self.provably_not_accepted = provably_not_accepted


class RateLimitedError(ConnectorError):
    """The remote side asks us to wait.

    Args:
        message: what happened.
        retry_after: seconds to wait as stated by the remote side, or None when it did not say.
    """

    retryable = True
    provably_not_accepted = True

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RejectedError(ConnectorError):
    """The remote side refused this request for good.

    Args:
        message: the reason in words a person can act on.
        remote_code: the code of the remote side (an SMTP status, an HTTP status), kept for support.
    """

    provably_not_accepted = True

    def __init__(self, message: str, *, remote_code: str = "") -> None:
        super().__init__(message)
        self.remote_code = remote_code


class PayloadError(ConnectorError):
    """Bytes from the remote side that cannot be understood; they go to quarantine."""


class UnsupportedError(ConnectorError):
    """The channel cannot do this."""

    provably_not_accepted = True


class StoreError(CsconsoleError):
    """The local store cannot be read or written (locked, damaged, too old, disk full)."""

    exit_code = 4


class DiskFullError(StoreError):
    """Nothing more can be written; nothing was shown as saved."""


class OutputError(CsconsoleError):
    """The answer could not be printed; what the command does was done, so repeating it would do it twice.

    Args:
        reason: why, in the system's words.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"The answer cannot be printed ({reason}); the command itself was carried out.")


class NotFoundError(CsconsoleError):
    """No such conversation, message, canned reply or account."""

    exit_code = 5


class RefusedError(CsconsoleError):
    """The act is understood but must not be done now (stale, too late, unfilled, ambiguous)."""

    exit_code = 6


class StaleError(RefusedError):
    """Somebody answered or the assignee changed since the author last looked."""
