"""Saving attachments: fetched by the worker when they are not at hand, written under a name made anew."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from csconsole.domain.message import Attachment
from csconsole.errors import StoreError
from csconsole.store import blobs, messages, timers
from csconsole.text.sanitize import safe_filename

if TYPE_CHECKING:
    from csconsole.screens.main import MainScreen


def save(screen: MainScreen) -> None:
    """Saves the files of the selected message, or of the newest message that has some."""
    selected = screen.transcript.selected
    message = selected or next((m for m in reversed(screen.transcript.messages) if m.attachments), None)
    if message is None or not message.attachments:
        screen.say(screen.words.t("reason.no_attachment"))
        return
    saved: list[str] = []
    asked = 0
    for file in message.attachments:
        found = messages.attachment(screen.desk.store, file.uid)
        if found is not None and found[4] is not None:
            saved.append(str(_write(screen, file, blobs.get_file(screen.desk.store.root, found[4]))))
        else:
            with screen.desk.transaction() as tx:
                timers.add_job(tx, "fetch_attachment", args={"attachment": file.uid})
            asked += 1
    if saved:
        screen.say(screen.words.t("files.saved", path=", ".join(saved)))
    elif asked:
        screen.say(screen.words.t("files.asked", n=asked))


def _write(screen: MainScreen, file: Attachment, content: bytes) -> Path:
    """Writes a file 0600 under a fresh name; never over another and never through a link."""
    folder = screen.session.data.attachments
    folder.mkdir(mode=0o700, exist_ok=True)
    name = Path(safe_filename(file.name))
    for number in range(1, 1000):
        path = folder / (name.name if number == 1 else f"{name.stem}-{number}{name.suffix}")
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            if path.is_file() and path.read_bytes() == content:
                return path
            continue
        except OSError as error:
            raise StoreError(f"{path} cannot be written ({error.strerror}).") from error
        with os.fdopen(fd, "wb") as out:
            out.write(content)
        return path
    raise StoreError(f"{folder} holds too many files called {name}; tidy it up.")
