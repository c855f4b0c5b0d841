"""Named places where a test may kill the process, to prove that nothing is lost or sent twice there.

A point does nothing unless ``CSCONSOLE_CRASH_AT`` names it: ``name`` kills at the first pass, ``name:3`` at
the third. The death is SIGKILL, as from a power cut or the kernel's memory killer: no handler runs.

Points: ``claimed`` (a send is claimed, nothing left), ``phase-data`` (the phase is committed, no byte of the
body left), ``inside-data`` (half the body left), ``accepted-before-commit`` (the channel accepted, we have not
noted it), ``append`` (before the copy goes into the Sent folder), ``mid-page`` (a page was read and parsed, not
stored), ``page-stored`` (it was stored, with its cursor).
"""

from __future__ import annotations

import os
import signal

VARIABLE = "CSCONSOLE_CRASH_AT"

_name, _, _pass = os.environ.get(VARIABLE, "").partition(":")
_left = int(_pass) if _pass.isdigit() else 1


def point(name: str) -> None:
    """Kills this process here when it was asked to."""
    global _left
    if name != _name or not name:
        return
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
