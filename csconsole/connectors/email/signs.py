"""Signs that a mail is not what it seems: shown to the reader, never acted on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from csconsole.connectors.email.addresses import Mailbox
from csconsole.connectors.email.headers import Headers
from csconsole.connectors.email.links import organisation

_RESULT = re.compile(r"\b(spf|dkim|dmarc|compauth)\s{0,3}=\s{0,3}(\w{1,20})", re.IGNORECASE)
_BAD = frozenset({"fail", "softfail", "permerror", "hardfail"})
_IN_NAME = re.compile(r"[\w.+-]{1,64}@([\w-]{1,63}(?:\.[\w-]{1,63})+)")
_SPAM_SCORE = re.compile(r"\bSCL:\s?(\d{1,2})|\bSFV:(SPM|PHSH)")
_PROGRAM = re.compile(
    r"\.(?:exe|scr|com|pif|bat|cmd|js|jse|vbs|vbe|wsf|hta|msi|lnk|iso|img|jar|ps1|cpl|reg|chm|xll)$", re.IGNORECASE
)
_ALIKE = {
    **dict(zip("аеорсухіјѕԁԛԝһӏьгвкмнт", "aeopcyxijsdqwhlbrbkmht", strict=True)),
    **dict(zip("αορνικυτειχ", "aopvikuteix", strict=True)),
    **dict(zip("ɑɡıℓ0135", "agiloles", strict=True)),
}
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))

Remark = tuple[str, ...]


def warnings(
    headers: Headers,
    author: Mailbox,
    own: frozenset[str],
    lies: Sequence[tuple[str, str]],
    files: Sequence[str],
) -> list[Remark]:
    """What to warn of, the gravest first.

    Args:
        headers: the outer fields.
        author: who the mail says wrote it.
        own: our own addresses.
        lies: words of links that name one host, and the host they lead to.
        files: names of the attached files.
    """
    found: list[Remark] = []
    failed = failed_checks(headers)
    if failed:
        found.append(("warn.auth", failed))
    other = _other_address(author)
    if other:
        found.append(("warn.name", other, author.address))
    domain = author.address.rpartition("@")[2].lower()
    ours = frozenset(address.rpartition("@")[2] for address in own)
    alike = imitated(domain, ours)
    if alike:
        found.append(("warn.domain", domain, alike))
    found += [("warn.link", words, host) for words, host in list(dict.fromkeys(lies))[:3]]
    found += [("warn.domain", host, imitated(host, ours)) for _, host in lies[:20] if imitated(host, ours)][:2]
    found += [("warn.file", name) for name in files if _PROGRAM.search(name)][:3]
    if is_marked_spam(headers):
        found.append(("warn.spam",))
    return found


def failed_checks(headers: Headers) -> str:
    """What the receiving server's checks of the sender say, "" unless they failed (RFC 8601).

    Only the topmost field counts: it is the one our server has put there; any below may be the sender's own.
    """
    results: dict[str, str] = {}
    for method, result in _RESULT.findall(headers.plain("authentication-results").lower()[:4000]):
        results.setdefault(method, result)
    if not results and headers.plain("received-spf").lower().startswith("fail"):
        results = {"spf": "fail"}
    bad = [f"{method}={result}" for method, result in results.items() if result in _BAD]
    if results.get("dmarc") in _BAD or results.get("compauth") in _BAD:
        return " ".join(bad)
    passed = results.get("dmarc") == "pass" or "pass" in (results.get("dkim"), results.get("spf"))
    return "" if passed else " ".join(bad)


def is_marked_spam(headers: Headers) -> bool:
    """Whether a filter on the way called it spam."""
    if headers.plain("x-spam-flag").lower().startswith("yes") or headers.plain("x-spam-status").lower().startswith(
        "yes"
    ):
        return True
    if headers.plain("x-spam").lower() in ("yes", "true") or headers.plain("x-spam-level").count("*") >= 5:
        return True
    scl = headers.plain("x-ms-exchange-organization-scl")
    score = _SPAM_SCORE.search(headers.plain("x-forefront-antispam-report"))
    levels = [scl, (score[1] or "9") if score else ""]
    return any(level.isdecimal() and int(level) >= 5 for level in levels)


def _other_address(author: Mailbox) -> str:
    """An address in the name that belongs to somebody else than the address itself."""
    match = _IN_NAME.search(author.name)
    if match is None or not author.address:
        return ""
    real = author.address.rpartition("@")[2].lower()
    return match[0] if organisation(match[1].lower()) != organisation(real) else ""


def imitated(domain: str, ours: frozenset[str] = frozenset()) -> str:
    """The domain one is made to be taken for, "" for none.

    A label whose letters all look like Latin ones although some are not, or a domain that reads like one of ours.
    """
    try:
        shown = domain.encode("ascii").decode("idna") if "xn--" in domain else domain
    except UnicodeError:
        return ""
    plain = "".join(_ALIKE.get(char, char) for char in shown)
    if not shown.isascii() and plain.isascii() and re.search(r"[a-z]", plain):
        return plain
    skeleton = _skeleton(shown)
    return next((one for one in sorted(ours) if one != shown and skeleton == _skeleton(one)), "")


def _skeleton(domain: str) -> str:
    text = "".join(_ALIKE.get(char, char) for char in domain.lower())
    for pair, letter in _PAIRS:
        text = text.replace(pair, letter)
    return text.replace("i", "l")
