"""Named places where a test may kill the process, to prove that nothing is lost or sent twice there.

A point does nothing unless ``CSCONSOLE_CRASH_AT`` names it: ``name`` kills at the first pass, ``name:3`` at
the third. The death is SIGKILL, as from a power cut or the kernel's memory killer: no handler runs.

Points: ``claimed`` (a send is claimed, nothing left), ``phase-data`` (the phase is committed, no byte of the
body left), ``data``, ``accepted`` (a connector came so far, which only this process knows), ``phase-accepted`` (that is
committed), ``accepted-before-commit`` (the end is not noted), ``follow-up``, ``follow-up-done`` (the end is noted, the
copy in Sent is not yet, or is, filed and that is not noted), ``mid-page`` (a page
was read and parsed, not stored), ``mid-transaction`` (before the n-th item of a page's transaction),
``page-stored`` (a page was stored, with its cursor).
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
