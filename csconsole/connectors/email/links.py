"""Where links lead, and whether their words say something else."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

MAX_LINK = 200
"""Signs of a target shown behind its link; the whole stays in the kept original."""

_HOSTLIKE = re.compile(
    r"(?:https?://)?(?:[^\s/@]{1,64}@)?([a-z0-9\u0080-\uffff-]{1,63}(?:\.[a-z0-9\u0080-\uffff-]{1,63})+)(?::\d{1,5})?(?:[/?#]\S*)?",
    re.IGNORECASE,
)
_TOP = re.compile(r"(?:[a-z]{2,24}|xn--[a-z0-9-]{2,59}|[^\x00-\x7f]{2,24})", re.IGNORECASE)
_FILE_LIKE = frozenset(
    [
        "pdf",
        "doc",
        "docx",
        "xls",
        "xlsx",
        "png",
        "jpg",
        "jpeg",
        "gif",
        "zip",
        "txt",
        "csv",
        "html",
        "htm",
        "php",
        "asp",
        "aspx",
        "js",
        "py",
        "md",
        "exe",
        "mp4",
        "ppt",
        "pptx",
    ]
)
_SECOND_LEVEL = frozenset(["ac", "co", "com", "edu", "go", "gov", "in", "mi", "net", "or", "org", "ne"])


def host_of(target: str) -> str:
    """The host a link leads to, in lower case; "" for none."""
    try:
        return (urlsplit(target.strip()).hostname or "").rstrip(".").lower()
    except ValueError:
        return ""


def named_host(label: str) -> str:
    """The host a link's words name, "" when they name none."""
    match = _HOSTLIKE.fullmatch(label.strip().strip("<>()[]"))
    if match is None:
        return ""
    host = match[1].lower().rstrip(".")
    top = host.rpartition(".")[2]
    if not _TOP.fullmatch(top) or (top in _FILE_LIKE and "://" not in label):
        return ""
    return host


def organisation(host: str) -> str:
    """The part of a host somebody registered: ``shop.co.th`` of ``mail.shop.co.th``."""
    labels = host.split(".")
    if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL:
        return ".".join(labels[-3:])
    return ".".join(labels[-2:])


def link_text(label: str, target: str) -> tuple[str, str]:
    """What to write behind a link's words, and the host they hide when they name another.

    Nothing is written where the words are the target.
    """
    target = target.strip()
    scheme, _, rest = target.partition(":")
    scheme = scheme.lower()
    if scheme in ("mailto", "tel"):
        bare = rest.partition("?")[0]
        return ("", "") if bare.strip("/") in label else (f" <{bare[:MAX_LINK]}>", "")
    if scheme not in ("http", "https"):
        return "", ""
    host = host_of(target)
    shown = named_host(label)
    lie = host if shown and host and organisation(_bare(shown)) != organisation(_bare(host)) else ""
    if _plain(label) == _plain(target):
        return "", ""
    return f" <{target if len(target) <= MAX_LINK else target[:MAX_LINK] + '…'}>", lie


def _bare(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def _plain(address: str) -> str:
    bare = re.sub(r"^https?://", "", address.strip(), flags=re.IGNORECASE)
    return bare.removeprefix("www.").rstrip("/").casefold()
