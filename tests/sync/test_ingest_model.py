"""Random events against a simple model: every message once, and the fields are those of a fold from scratch."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from csconsole.clock import DAY, HOUR, MINUTE
from csconsole.domain.conversation import ENDED
from csconsole.domain.events import EditEvent, Event, MessageEvent, ReceiptEvent, RedactEvent
from csconsole.errors import CsconsoleError
from csconsole.services import acts, finding, replies
from csconsole.store import outbox
from csconsole.sync import fold
from tests.store.support import NOW, Shop, answered, said

THREADS = st.sampled_from(["a", "b", "c"])
BACK = st.sampled_from([0, 0, 0, 1, MINUTE, 5 * MINUTE, HOUR])
FOLDED = (
    "last_at", "created_at", "last_in_at", "last_out_at", "waiting_since", "first_response_at", "agent_seq",
    "preview", "preview_by", "queue_key",
)  # fmt: skip


class Ingest(RuleBasedStateMachine):
    """What a source, two agents and the worker may do, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.shop = Shop(self.root / "data")
        self.sent: dict[str, MessageEvent] = {}
        self.events = 0

    def teardown(self) -> None:
        self.shop.store.close()
        shutil.rmtree(self.root)

    def bring(self, event: Event, *, history: bool = False) -> None:
        if isinstance(event, MessageEvent):
            self.sent[event.remote_id] = event
        self.shop.apply([event], history=history)

    def event_id(self) -> str:
        self.events += 1
        return f"event-{self.events}"

    @rule(thread=THREADS, back=BACK, automatic=st.sampled_from([False, False, False, True]))
    def customer_writes(self, thread: str, back: int, automatic: bool) -> None:
        self.bring(said(f"in {back}", thread=thread, who=thread, at=self.shop.clock.at - back, automatic=automatic))

    @rule(thread=THREADS, back=BACK, kind=st.sampled_from(["external", "bot", "system"]))
    def somebody_answers_outside(self, thread: str, back: int, kind: str) -> None:
        self.bring(answered(f"out {back}", thread=thread, who=thread, kind=kind, at=self.shop.clock.at - back))

    @rule(thread=THREADS, back=BACK)
    def a_note_comes(self, thread: str, back: int) -> None:
        note = answered("note", thread=thread, who=thread, visibility="internal", at=self.shop.clock.at - back)
        self.bring(note)

    @rule(thread=THREADS, days=st.integers(0, 20), out=st.booleans())
    def history_comes(self, thread: str, days: int, out: bool) -> None:
        make = answered if out else said
        self.bring(make(f"old {days}", thread=thread, who=thread, at=self.shop.clock.at - days * DAY), history=True)

    @rule(data=st.data(), history=st.booleans())
    def the_same_again(self, data: st.DataObject, history: bool) -> None:
        if self.sent:
            self.bring(self.sent[data.draw(st.sampled_from(sorted(self.sent)))], history=history)

    @rule(data=st.data(), what=st.sampled_from(["edit", "redact", "delivered", "read", "failed"]))
    def something_happens_to_a_message(self, data: st.DataObject, what: str) -> None:
        if not self.sent:
            return
        target = data.draw(st.sampled_from(sorted(self.sent)))
        common: dict[str, Any] = {"event_id": self.event_id(), "message_id": target, "at": self.shop.clock.at}
        if what == "edit":
            self.bring(EditEvent(body_text=f"edited {self.events}", **common))
        elif what == "redact":
            self.bring(RedactEvent(**common))
        else:
            self.bring(ReceiptEvent(delivery=what, **common))

    @rule(minutes=st.integers(1, 60 * 24 * 6))
    def time_passes(self, minutes: int) -> None:
        self.shop.clock.advance(minutes * MINUTE)

    def a_conversation(self, data: st.DataObject) -> int | None:
        count = self.shop.count("conversation")
        return data.draw(st.integers(1, count)) if count else None

    @rule(data=st.data(), status=st.sampled_from(["open", "pending", "resolved", "spam", "snoozed"]))
    def an_agent_sets_a_status(self, data: st.DataObject, status: str) -> None:
        key = self.a_conversation(data)
        if key is not None:
            acts.set_status(self.shop.desk(), [key], status, until=self.shop.clock.at + HOUR)

    @rule()
    def an_agent_undoes(self) -> None:
        try:
            acts.undo_last(self.shop.desk())
        except CsconsoleError:
            return

    @rule(data=st.data(), now=st.booleans())
    def an_agent_answers(self, data: st.DataObject, now: bool) -> None:
        key = self.a_conversation(data)
        if key is not None:
            replies.send_reply(self.shop.desk(), key, "ours", now=now, anyway=True)

    @rule(data=st.data())
    def an_agent_pulls_back(self, data: st.DataObject) -> None:
        key = self.a_conversation(data)
        if key is not None:
            try:
                replies.pull_back(self.shop.desk(), key)
            except CsconsoleError:
                return

    @rule(end=st.sampled_from(["sent", "failed", "uncertain"]))
    def a_send_ends(self, end: str) -> None:
        for row in outbox.in_state(self.shop.store, "held", "queued")[:1]:
            with self.shop.store.transaction(self.shop.clock.at) as tx:
                if outbox.claim(tx, row.id) is not None:
                    outbox.finish(tx, row.id, end)
                    fold.refold(tx, row.conversation_id)

    @rule(data=st.data())
    def an_agent_reads(self, data: st.DataObject) -> None:
        key = self.a_conversation(data)
        if key is not None:
            desk = self.shop.desk()
            finding.mark_read(desk, key)
            assert finding.open_conversation(desk, key).conversation.row.unread == 0

    @invariant()
    def every_message_is_there_once(self) -> None:
        ours = self.shop.count("message", "outbox_id is not null")
        assert self.shop.count("message") == len(self.sent) + ours
        assert self.shop.count("remote_ref", "kind = 'message'") == len(self.sent)

    @invariant()
    def folding_from_scratch_changes_nothing(self) -> None:
        for key in range(1, self.shop.count("conversation") + 1):
            before = {name: self.shop.conversation(key)[name] for name in FOLDED}
            with self.shop.store.transaction(self.shop.clock.at) as tx:
                fold.refold(tx, key)
            after = {name: self.shop.conversation(key)[name] for name in FOLDED}
            assert after == before

    @invariant()
    def nobody_waits_in_an_ended_conversation(self) -> None:
        for key in range(1, self.shop.count("conversation") + 1):
            row = self.shop.conversation(key)
            if row["status"] in ENDED:
                assert row["waiting_since"] is None
            if row["status"] != "snoozed":
                assert row["snoozed_until"] is None
            assert row["last_at"] <= self.shop.clock.at or row["last_at"] <= NOW
            assert row["message_seq"] == self.shop.count("message", f"conversation_id = {key}")


TestIngest = Ingest.TestCase
TestIngest.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
