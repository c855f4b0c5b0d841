"""What every connector must keep, whatever it talks to. A connector's own test gives a bed and inherits the class.

The tests run the connector as the worker does: through the engine, with parsing children, a real store and the
outbox. The bed's account of what was really accepted is the judge, never our own database.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

from csconsole.clock import SECOND, FixedClock
from csconsole.config.model import AccountConfig
from csconsole.connectors.base import Connector, Page, RawItem
from csconsole.connectors.registry import connector_class
from csconsole.domain.events import MessageEvent
from csconsole.domain.sending import Bubble, OutboundItem, SendClass, Settled
from csconsole.errors import CsconsoleError
from csconsole.store import quarantine
from csconsole.sync.account import context_of
from csconsole.text.sanitize import safe_text
from tests.sync.rig import Rig

FAULTS = ("lost", "refuse", "limit", "unreachable", "duplicate", "malformed")
"""Faults a bed may be able to produce."""


class ContractBed(ABC):
    """The other side of one connector, and how an account on it is configured.

    Attributes:
        faults: those of :data:`FAULTS` it can produce.
        clock: the instant at which its world stands.
    """

    faults: ClassVar[frozenset[str]] = frozenset()
    clock: FixedClock

    @abstractmethod
    def account(self, fault: str = "") -> AccountConfig:
        """An account on which a fault happens: to first attempts of every send, or in every pull."""

    @abstractmethod
    def customers_write(self) -> None:
        """Makes sure that the source holds messages of several customers that are answerable."""

    @abstractmethod
    def received(self, text: str, expected: int) -> int:
        """How often customers received a text, according to the other side.

        Args:
            text: of the answer.
            expected: where delivery takes a moment, so many are waited for.
        """

    def close(self) -> None:  # noqa: B027 - optional
        """Lets go of what the bed holds."""


@asynccontextmanager
async def opened(rig: Rig, account: AccountConfig) -> AsyncIterator[Connector]:
    """The connector alone, without an engine."""
    found = connector_class(account.connector)
    connector = found(context_of(account, rig.config, found, str(rig.data.root)), rig.clock)
    try:
        yield connector
    finally:
        await connector.close()


async def pages_from(connector: Connector, cursor: str = "") -> list[Page]:
    """All pages after a cursor."""
    pages = []
    while True:
        page = await connector.pull(cursor)
        pages.append(page)
        cursor = page.next
        if not page.more:
            return pages


def ids(pages: list[Page]) -> list[str]:
    return [item.remote_id for page in pages for item in page.items]


class ConnectorContract:
    """Inherit as ``TestX`` and give a ``bed`` fixture; the data directory is ``tmp_path / "data"``."""

    @pytest.fixture
    def rig(self, bed: ContractBed, tmp_path: Path) -> Iterator[Rig]:
        made = Rig(tmp_path / "data")
        made.clock.at = bed.clock.at
        bed.clock = made.clock
        made.registry = connector_class
        yield made
        made.close()
        bed.close()

    async def _begun(self, rig: Rig, bed: ContractBed, fault: str = "") -> AccountConfig:
        """An account whose customers have written and been pulled."""
        if fault and fault not in bed.faults:
            pytest.skip(f"this bed cannot produce the fault {fault}")
        account = bed.account(fault)
        rig.configs = [account]
        bed.customers_write()
        assert (await rig.once()).error == ""
        return account

    def _send_class(self, rig: Rig) -> SendClass:
        row = rig.store.read_one("select capabilities from account")
        assert row is not None
        return SendClass(msgspec.json.decode(row[0])["send_class"]["reply"])

    def _answer(self, rig: Rig, text: str) -> str:
        row = rig.store.read_one("select min(conversation_id) from message where direction = 'in'")
        assert row is not None
        return rig.reply(text, conversation=row[0])

    # -- in ----------------------------------------------------------------------------------------------

    async def test_what_was_pulled_is_not_new_again(self, rig: Rig, bed: ContractBed) -> None:
        await self._begun(rig, bed)
        before = rig.store.read("select count(*) from message")
        assert before[0][0] > 0
        second = await rig.once()
        assert (second.new, second.quarantined, second.error) == (0, 0, "")
        assert rig.store.read("select count(*) from message") == before

    async def test_a_cursor_is_good_in_another_process(self, rig: Rig, bed: ContractBed) -> None:
        await self._begun(rig, bed)
        account = rig.configs[0]
        async with opened(rig, account) as connector:
            pages = await pages_from(connector)
        everything = ids(pages)
        assert len(everything) == len(set(everything)) > 0
        async with opened(rig, account) as another:
            again = [*pages[:1], *await pages_from(another, pages[0].next)]
        assert ids(again) == everything

    async def test_the_same_cursor_gives_the_same_page(self, rig: Rig, bed: ContractBed) -> None:
        await self._begun(rig, bed)
        async with opened(rig, rig.configs[0]) as connector:
            first, second = await connector.pull(""), await connector.pull("")
        assert [i.remote_id for i in first.items] == [i.remote_id for i in second.items]
        assert first.next == second.next

    async def test_everything_from_the_start_again_stores_nothing_twice(self, rig: Rig, bed: ContractBed) -> None:
        await self._begun(rig, bed)
        before = rig.store.read("select remote_id from message order by remote_id")
        with rig.store.transaction(rig.clock.now()) as tx:
            tx.execute("update account set cursor = ''")
        summary = await rig.once()
        assert summary.new == 0
        assert summary.duplicates > 0
        assert rig.store.read("select remote_id from message order by remote_id") == before

    async def test_an_item_that_comes_twice_is_stored_once(self, rig: Rig, bed: ContractBed) -> None:
        await self._begun(rig, bed, "duplicate")
        stored = [i for (i,) in rig.store.read("select remote_id from message where remote_id <> ''")]
        assert len(stored) == len(set(stored)) > 0

    async def test_what_cannot_be_read_is_held_back_and_the_rest_comes(self, rig: Rig, bed: ContractBed) -> None:
        await self._begun(rig, bed, "malformed")
        held = quarantine.listing(rig.store)
        assert held
        assert all(row.reason and quarantine.raw(rig.store, row.id) for row in held)
        assert rig.store.read("select 1 from message limit 1")

    async def test_reading_an_item_has_no_memory_and_gives_safe_text(self, rig: Rig, bed: ContractBed) -> None:
        await self._begun(rig, bed)
        account = rig.configs[0]
        found = connector_class(account.connector)
        context = context_of(account, rig.config, found, str(rig.data.root))
        async with opened(rig, account) as connector:
            items: list[RawItem] = [item for page in await pages_from(connector) for item in page.items]
        for item in items:
            events = found.normalise(item, context)
            assert found.normalise(item, context) == events
            for event in events:
                if isinstance(event, MessageEvent):
                    assert event.remote_id
                    assert event.body_text == safe_text(event.body_text)

    async def test_the_check_says_that_it_works(self, rig: Rig, bed: ContractBed) -> None:
        rig.configs = [bed.account()]
        async with opened(rig, rig.configs[0]) as connector:
            health = await connector.check()
        assert health.ok, health.detail
        assert health.detail

    # -- out ---------------------------------------------------------------------------------------------

    async def test_an_answer_is_sent_once_and_known_again(self, rig: Rig, bed: ContractBed) -> None:
        await self._begun(rig, bed)
        uid = self._answer(rig, "คำตอบของสัญญา")
        assert (await rig.once()).sent == 1
        for _ in range(2):
            rig.clock.advance(30 * SECOND)
            assert (await rig.once()).sent == 0
        assert bed.received("คำตอบของสัญญา", 1) == 1
        assert rig.state(uid) in {"sent", "delivered", "read"}
        shown = rig.store.read("select count(*) from message where body_text like '%คำตอบของสัญญา%'")
        assert shown == [(1,)]

    async def test_the_phase_is_committed_before_anything_can_be_accepted(self, rig: Rig, bed: ContractBed) -> None:
        await self._begun(rig, bed)
        self._answer(rig, "ไม่ควรออกไป")
        (row,) = rig.store.read("select id from outbox")

        class DiskFullForTheTest(Exception):
            pass

        async def phase(name: str) -> None:
            raise DiskFullForTheTest

        from csconsole.store import outbox

        found = outbox.get(rig.store, row[0])
        assert found is not None
        item = msgspec.structs.replace(found.item, attempt=1)
        async with opened(rig, rig.configs[0]) as connector:
            with pytest.raises(DiskFullForTheTest):
                await connector.send(item, phase)
        assert bed.received("ไม่ควรออกไป", 0) == 0

    async def test_a_lost_answer_ends_by_its_class_and_once(self, rig: Rig, bed: ContractBed) -> None:
        await self._begun(rig, bed, "lost")
        uid = self._answer(rig, "คำตอบที่หายไป")
        for _ in range(8):
            await rig.once()
            rig.clock.advance(20 * SECOND)
        assert bed.received("คำตอบที่หายไป", 1) == 1
        await rig.once()
        asked = {SendClass.NONE, SendClass.SINGLE_USE}
        expected = {"uncertain"} if self._send_class(rig) in asked else {"sent", "delivered", "read"}
        assert rig.state(uid) in expected

    async def test_a_refusal_is_final_and_says_why(self, rig: Rig, bed: ContractBed) -> None:
        await self._begun(rig, bed, "refuse")
        uid = self._answer(rig, "คำตอบที่ถูกปฏิเสธ")
        assert (await rig.once()).failed == 1
        assert rig.state(uid) == "failed"
        assert rig.row(uid).reason
        assert bed.received("คำตอบที่ถูกปฏิเสธ", 0) == 0

    @pytest.mark.parametrize("kind", ["limit", "unreachable"])
    async def test_what_was_not_accepted_leaves_later_and_once(self, rig: Rig, bed: ContractBed, kind: str) -> None:
        await self._begun(rig, bed, kind)
        uid = self._answer(rig, "คำตอบที่ต้องรอ")
        await rig.once()
        assert rig.state(uid) == "queued"
        assert rig.row(uid).not_before > rig.clock.now()
        assert bed.received("คำตอบที่ต้องรอ", 0) == 0
        for _ in range(4):
            rig.clock.advance(30 * SECOND)
            await rig.once()
        assert rig.state(uid) in {"sent", "delivered", "read"}
        assert bed.received("คำตอบที่ต้องรอ", 1) == 1

    async def test_no_absence_is_claimed_without_an_authoritative_list(self, rig: Rig, bed: ContractBed) -> None:
        await self._begun(rig, bed)
        self._answer(rig, "ยังไม่ได้ส่ง")
        from csconsole.store import outbox

        found = outbox.in_state(rig.store, "queued")[0]
        async with opened(rig, rig.configs[0]) as connector:
            settled, receipt = await connector.settle(msgspec.structs.replace(found.item, attempt=1))
        assert settled is not Settled.FOUND
        assert receipt is None
        if self._send_class(rig) not in {SendClass.LOOKUP, SendClass.KEY}:
            assert settled is Settled.UNKNOWN

    async def test_a_note_never_reaches_a_customer(self, rig: Rig, bed: ContractBed) -> None:
        await self._begun(rig, bed)
        self._answer(rig, "ตัวอย่าง")
        from csconsole.store import outbox

        reply = outbox.in_state(rig.store, "queued")[0].item
        note = OutboundItem(
            uid="019abcde-0000-7000-8000-000000000001",
            attempt=1,
            key=f"note-{reply.key}",
            kind="note",
            thread=reply.thread,
            to=reply.to,
            bubbles=(Bubble("b1", "บันทึกภายใน ห้ามลูกค้าเห็น"),),
        )

        async def phase(name: str) -> None:
            pass

        async with opened(rig, rig.configs[0]) as connector:
            if "note" not in connector.capabilities.send_class:
                with pytest.raises(CsconsoleError):
                    await connector.send(note, phase)
            else:
                await connector.send(note, phase)
        assert bed.received("บันทึกภายใน ห้ามลูกค้าเห็น", 0) == 0
