"""Names the control sequences in a terminal's byte stream: the oracle that hostile text has not become commands."""

from __future__ import annotations

import re
from collections import Counter

_SEQUENCE = re.compile(
    rb"\x1b\[(?P<csi_private>[<=>?]?)[0-9;:]*(?P<csi_middle>[ -/]*)(?P<csi>[@-~])"
    rb"|\x1b\](?P<osc>[0-9]*)[^\x07\x1b\x9c]*(?:\x07|\x1b\\)?"
    rb"|\x1b(?P<string>[PX^_])(?:[^\x1b]|\x1b[^\\])*(?:\x1b\\)?"
    rb"|\x1b(?P<escape>[ -/]*[0-~]?)"
    rb"|\xc2(?P<c1>[\x80-\x9f])"
    rb"|(?P<bidi>\xd8\x9c|\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9])"
    rb"|(?P<c0>[\x00-\x1f\x7f])",
    re.DOTALL,
)
_STRINGS = {b"P": "DCS", b"X": "SOS", b"^": "PM", b"_": "APC"}


def control_kinds(data: bytes) -> Counter[str]:
    """Counts control sequences by kind.

    Args:
        data: UTF-8 bytes as a program wrote them to its terminal.

    Returns:
        Counts by names such as ``CSI m``, ``CSI ?h``, ``OSC 52``, ``DCS``, ``ESC c``, ``C0 07``, ``C1 9b`` and, for
        the characters that reorder text, ``U+202E``. Parameters are left out, except the number of an OSC.
    """
    kinds: Counter[str] = Counter()
    for match in _SEQUENCE.finditer(data):
        if match["csi"] is not None:
            kinds["CSI " + (match["csi_private"] + match["csi_middle"] + match["csi"]).decode("ascii")] += 1
        elif match["osc"] is not None:
            kinds["OSC " + match["osc"].decode("ascii")] += 1
        elif match["string"] is not None:
            kinds[_STRINGS[match["string"]]] += 1
        elif match["escape"] is not None:
            kinds["ESC " + match["escape"].decode("ascii")] += 1
        elif match["c1"] is not None:
            kinds["C1 " + match["c1"].hex()] += 1
        elif match["bidi"] is not None:
            kinds[f"U+{ord(match['bidi'].decode('utf-8')):04X}"] += 1
        else:
            kinds["C0 " + match["c0"].hex()] += 1
    return kinds


def visible_text(data: bytes) -> str:
    """Returns the printable characters of a stream, controls taken out; cursor movement is not followed."""
    return _SEQUENCE.sub(b"", data).decode("utf-8", errors="replace")
