"""``reply``: a public answer, written out, from a file or from a canned reply."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csconsole.cli.plain import moment
from csconsole.cli.session import Session, bind, warn
from csconsole.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from csconsole.domain.canned import CannedReply
    from csconsole.domain.canned_check import Finding
    from csconsole.services.desk import Desk
    from csconsole.services.replies import Sending


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("reply")(bind(reply))


Copies = Annotated[list[str] | None, typer.Option("--cc", metavar="ADDRESS", help="mail: copy to; may be repeated")]
BlindCopies = Annotated[
    list[str] | None, typer.Option("--bcc", metavar="ADDRESS", help="mail: blind copy to; may be repeated")
]
Files = Annotated[
    list[Path] | None, typer.Option("--attach", metavar="FILE", help="a file to go along; may be repeated")
]
Sender = Annotated[str, typer.Option("--from", metavar="ADDRESS", help="mail: one of the account's aliases")]
Text = Annotated[str | None, typer.Option("--text", metavar="TEXT", help="the text", show_default=False)]


def reply(
    session: Session,
    conversation: Annotated[str, typer.Argument(metavar="ID", show_default=False)],
    text: Text = None,
    file: Annotated[
        str | None, typer.Option("--file", metavar="FILE", help="read the text there; - for standard input")
    ] = None,
    canned: Annotated[str | None, typer.Option("--canned", metavar="NAME", help="a canned reply by name")] = None,
    answers: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="answer to a question of the canned reply")
    ] = None,
    resolve: Annotated[bool, typer.Option("--resolve", help="resolve once it is sent")] = False,
    now: Annotated[bool, typer.Option("--now", help="without the hold in which it could be taken back")] = False,
    base_seq: Annotated[
        int | None,
        typer.Option("--base-seq", min=0, metavar="N", help="newest message you had read; refused when answered since"),
    ] = None,
    everybody: Annotated[bool, typer.Option("--all", help="mail: to all who got the customer's last mail")] = False,
    cc: Copies = None,
    bcc: BlindCopies = None,
    attach: Files = None,
    quote: Annotated[bool | None, typer.Option("--quote/--no-quote", help="mail: the customer's mail below")] = None,
    sender: Sender = "",
) -> None:
    """Answers the customer. The text goes to the outbox and leaves after its hold."""
    from csconsole.domain.letter import Letter
    from csconsole.services import canned as canned_service
    from csconsole.services import letters
    from csconsole.services.finding import resolve_id
    from csconsole.services.replies import send_reply

    if sum(given is not None for given in (text, file, canned)) != 1:
        raise UsageError("Give the answer once: --text, --file or --canned.")
    if answers and canned is None:
        raise UsageError("--set answers the questions of a canned reply; name it with --canned.")
    desk = session.desk
    key = resolve_id(desk, conversation)
    template = None
    if canned is not None:
        template = canned_service.get(desk, canned)
        body = canned_service.render_for(desk, key, canned, _answers(answers or [])).text
    else:
        body = text if text is not None else read_text(file or "-")
    if not body.strip():
        raise UsageError("The reply is empty.")
    _check(desk, key, body, template)
    letter = Letter(
        cc=letters.addresses(cc or ()),
        bcc=letters.addresses(bcc or ()),
        files=letters.attach(desk, attach or ()),
        sender=sender,
        quote=quote,
    )
    if everybody:
        letter = letters.to_everybody(desk, key, letter)
    sending = send_reply(desk, key, body, base_seq=base_seq, now=now, resolve=resolve, letter=letter)
    if template is not None:
        canned_service.used(desk, [template.name])
    if sending.customer_wrote:
        warn(f"The customer wrote {sending.customer_wrote} more before this answer.")
    tell(session, key, sending, "the answer", now=now)


def tell(session: Session, key: int, sending: Sending, what: str, *, now: bool) -> None:
    """Prints that something is on its way."""
    from csconsole.cli.views import instant
    from csconsole.services.finding import open_conversation
    from csconsole.services.replies import outbox_row

    desk = session.desk
    row = open_conversation(desk, key, limit=1).conversation.row
    session.answer(
        {
            "id": sending.outbox_uid,
            "conversation_id": row.uid,
            "number": row.number,
            "state": outbox_row(desk, sending.outbox_uid).state,
            "not_before": instant(sending.leaves_at),
        },
        f"{row.account}#{row.number}: {what} leaves "
        + ("now" if now else f"at {moment(sending.leaves_at, desk.config.agent.timezone)}")
        + f" (outbox {sending.outbox_uid}).",
    )


def read_text(name: str) -> str:
    """A text from a file, or from standard input for ``-``.

    Raises:
        UsageError: it cannot be read, or is not UTF-8.
    """
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).expanduser().read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{name} is not UTF-8 text; save it as UTF-8.") from None


def _answers(given: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name.strip():
            raise UsageError(f'--set takes NAME=VALUE, not "{one}".')
        found[name.strip()] = value
    return found


def _check(desk: Desk, key: int, body: str, template: CannedReply | None) -> None:
    """Warns of what is doubtful.

    Raises:
        RefusedError: something in the text must not go out.
    """
    from csconsole.services.canned import check

    findings = check(desk, key, body, reply=template)
    blocking = [_sentence(desk, f) for f in findings if f.level == "block"]
    if blocking:
        raise RefusedError(" ".join(blocking))
    for finding in findings:
        warn(_sentence(desk, finding))


def _sentence(desk: Desk, finding: Finding) -> str:
    from csconsole.i18n import Catalog

    return Catalog(desk.config.agent.language).t(finding.key, **finding.values)
