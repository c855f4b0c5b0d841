"""An agent who answers and is killed at a given statement: ``python -m tests.faults.agent DATA_DIR CONFIG
CONVERSATION TEXT STATEMENT``. The console's services, without its screen.

Statement 1 is the first one of the answer's transaction; the kill comes before it runs. A number beyond the last
one kills just after the answer was acknowledged. Prints ``saved`` once it was.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from csconsole.clock import SystemClock
from csconsole.config.loader import load
from csconsole.services.desk import Desk
from csconsole.services.replies import send_reply
from csconsole.store import driver
from csconsole.store.database import Store


class Countdown:
    """Kills this process before a statement."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.counting = False

    def __call__(self, statement: str) -> None:
        self.counting |= statement.lower().startswith("begin immediate")
        if self.counting and not statement.startswith("--"):
            self.left -= 1
            if self.left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


def main(data: str, config: str, conversation: str, text: str, statement: str) -> None:
    """Answers; see above."""
    store = Store(Path(data))
    desk = Desk.open(store, load(Path(config)), SystemClock())
    countdown = Countdown(int(statement))
    connection: Any = store._open_writer()
    assert isinstance(connection, type(driver.connect(":memory:")))
    connection.set_trace_callback(countdown)
    send_reply(desk, int(conversation), text, now=True)
    os.write(1, b"saved\n")
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:6])
