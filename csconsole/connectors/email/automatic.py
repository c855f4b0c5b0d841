"""Signs that a machine wrote a mail (RFC 3834 and the customs beside it)."""

from __future__ import annotations

import re

from csconsole.connectors.email.addresses import read_addresses
from csconsole.connectors.email.headers import Headers, parameters
from csconsole.connectors.email.parse import Mail

_ROBOT = re.compile(r"(?:mailer-daemon|postmaster|no-?_?reply|do-?not-?reply|bounces?(?:[+-].*)?)", re.IGNORECASE)
# Programs that mark their replies by nothing but the subject; a person's answer to one begins with "Re:".
_SUBJECT = re.compile(
    r"\s*(?:auto(?:matic)?[ -]?(?:reply|response)|autoreply|out of (?:the )?office"
    r"|away from (?:the )?office|abwesenheitsnotiz"
    r"|abwesend|automatische antwort|réponse automatique|absence du bureau|respuesta automática|fuera de la oficina"
    r"|resposta automática|risposta automatica|automatisch antwoord|afwezig|autosvar"
    r"|automaattinen vastaus|odpowiedź automatyczna"
    r"|автоматический ответ|ตอบกลับอัตโนมัติ|การตอบกลับอัตโนมัติ|ไม่อยู่ที่สำนักงาน|自动回复|自動回覆|自動応答|자동\s?회신)"
    r"\s*(?:[:：(\[-]|$)",
    re.IGNORECASE,
)
_PRESENCE = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-response-suppress", "x-failed-recipients")


def is_automatic(headers: Headers, mail: Mail, own: frozenset[str]) -> bool:
    """Whether no person waits for an answer to this mail; such mails are never answered by a machine.

    Args:
        headers: the mail's outer fields.
        mail: the parsed mail (a ``multipart/report`` is a machine's).
        own: our own addresses; mail from ourselves is never answered automatically.
    """
    submitted = parameters(headers.raw("auto-submitted"))[0]
    if submitted and submitted != "no":
        return True
    if headers.raw("return-path").strip() == b"<>":
        return True
    if any(name in headers for name in _PRESENCE):
        return True
    if any(name.startswith("list-") for name, _ in headers.fields):
        return True
    if headers.plain("precedence").strip().lower() in ("bulk", "list", "junk", "auto_reply"):
        return True
    if mail.root.mime == "multipart/report" or _SUBJECT.match(headers.text("subject")):
        return True
    if headers.plain("x-spam-flag").strip().lower() == "yes":
        return True
    senders = read_addresses(headers.plain("from"), 1)
    address = senders[0].address.lower() if senders else ""
    return address in own or bool(_ROBOT.fullmatch(address.partition("@")[0]))
