"""The console's process is killed around the commit of an answer, statement by statement: it is there whole or not
at all, the draft survives where it is not, and what was acknowledged leaves once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from csconsole.store import drafts
from tests.beds.mail import MailBed
from tests.faults import kills, oracle
from tests.faults.lines import Line, tell
from tests.faults.shop import ROOT, Shop

pytestmark = pytest.mark.faults

MOST_STATEMENTS = 80


def _killed(shop: Shop, conversation: int, text: str, statement: int) -> bool:
    """Whether the answer was acknowledged before the kill."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.faults.agent",
            str(shop.data.root),
            str(shop.config_file),
            str(conversation),
            text,
            str(statement),
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    return done.stdout == b"saved\n"


def test_killed_around_the_commit_of_an_answer(mail_bed: MailBed, tmp_path: Path) -> None:
    with Shop(mail_bed, tmp_path, "kill-agent") as shop:
        people = kills.customers(mail_bed, kills.label(shop))
        conversations = kills.open_conversations(shop, people, 20)
        acknowledged: dict[str, int] = {}
        landed: Counter[str] = Counter()
        statement, further = 0, 10
        while further and statement < MOST_STATEMENTS:
            statement += 1
            conversation = conversations[statement % len(conversations)]
            text = f"คำตอบก่อนคำสั่งที่ {statement}"
            with shop.desk.transaction() as tx:
                drafts.save(tx, shop.desk.actor.id, conversation, "reply", text, 1)
            before = {row.uid for row in shop.rows()}
            saved = _killed(shop, conversation, text, statement)
            new = [row for row in shop.rows() if row.uid not in before]
            draft = drafts.load(shop.desk.store, shop.desk.actor.id, conversation, "reply")
            shown = [m.body for m in shop.transcript(conversation)].count(text)
            assert saved <= bool(new), f"statement {statement}: acknowledged and gone"
            if new:
                assert [bubble.text for bubble in new[0].item.bubbles] == [text]
                assert (len(new), shown, draft) == (1, 1, None), f"statement {statement}: half an answer"
                acknowledged[new[0].key] = statement
                landed["whole"] += 1
                further -= 1
            else:
                assert shown == 0, f"statement {statement}: a message without its send"
                assert draft is not None and draft.body == text, f"statement {statement}: the text is lost"
                landed["nothing"] += 1
        kills.quiet(shop)
        taken = oracle.accepted(mail_bed, set(acknowledged))
        arrived = oracle.held_by(mail_bed, people)
        lost = sum(not arrived[key] for key in acknowledged)
        twice = sum(max(taken[key], arrived[key]) > 1 for key in acknowledged)
        tell(Line("kill agent by statement", statement, 0, lost=lost, twice=twice, facts=dict(landed)))
        assert (lost, twice) == (0, 0)
        assert set(arrived) == set(acknowledged)
        assert landed["nothing"] >= 10
        assert landed["whole"] >= 10
        assert {row.state for row in shop.rows()} == {"sent"}
