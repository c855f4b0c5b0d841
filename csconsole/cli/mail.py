"""``forward`` and ``write``: mails that begin a conversation."""

from __future__ import annotations

from typing import Annotated

import typer

from csconsole.cli.reply import BlindCopies, Copies, Files, Sender, Text, read_text, tell
from csconsole.cli.session import Session, bind
from csconsole.errors import UsageError


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("forward")(bind(forward))
    app.command("write")(bind(write))


To = Annotated[list[str], typer.Option("--to", metavar="ADDRESS", help="recipient; may be repeated")]
TextFile = Annotated[
    str | None, typer.Option("--file", metavar="FILE", help="read the text there; - for standard input")
]
Now = Annotated[bool, typer.Option("--now", help="without the hold in which it could be taken back")]


def forward(
    session: Session,
    conversation: Annotated[str, typer.Argument(metavar="ID", show_default=False)],
    to: To,
    text: Text = None,
    file: TextFile = None,
    message: Annotated[
        str, typer.Option("--message", metavar="ID", help="the message; default: the customer's last one")
    ] = "",
    cc: Copies = None,
    bcc: BlindCopies = None,
    attach: Files = None,
    sender: Sender = "",
    now: Now = False,
) -> None:
    """Forwards a mail with its files to somebody else, in a conversation of its own."""
    from csconsole.domain.letter import Letter
    from csconsole.services import letters, outbound
    from csconsole.services.finding import resolve_id

    desk = session.desk
    key = resolve_id(desk, conversation)
    letter = Letter(
        to=letters.addresses(to[1:]),
        cc=letters.addresses(cc or ()),
        bcc=letters.addresses(bcc or ()),
        files=letters.attach(desk, attach or ()),
        sender=sender,
    )
    begun = outbound.forward(desk, key, to[0], _words(text, file) or "", message=message, letter=letter, now=now)
    tell(session, begun.conversation_id, begun.sending, "the mail", now=now)


def write(
    session: Session,
    account: Annotated[str, typer.Option("--account", metavar="NAME", help="the mail account it leaves by")],
    to: To,
    subject: Annotated[str, typer.Option("--subject", metavar="TEXT", help="the subject")],
    text: Text = None,
    file: TextFile = None,
    cc: Copies = None,
    bcc: BlindCopies = None,
    attach: Files = None,
    sender: Sender = "",
    now: Now = False,
) -> None:
    """Writes a mail to somebody who has not written, and begins a conversation with it."""
    from csconsole.domain.letter import Letter
    from csconsole.services import letters, outbound

    desk = session.desk
    words = _words(text, file)
    if words is None:
        raise UsageError("Give the text: --text or --file.")
    letter = Letter(
        to=letters.addresses(to[1:]),
        cc=letters.addresses(cc or ()),
        bcc=letters.addresses(bcc or ()),
        files=letters.attach(desk, attach or ()),
        sender=sender,
    )
    begun = outbound.write(desk, account, to[0], subject, words, letter=letter, now=now)
    tell(session, begun.conversation_id, begun.sending, "the mail", now=now)


def _words(text: str | None, file: str | None) -> str | None:
    if text is not None and file is not None:
        raise UsageError("Give the text once: --text or --file.")
    return text if text is not None else read_text(file) if file is not None else None
