"""The sync core in a simulated world: customers, agents, a network and a process that dies, all from one seed.

The engine, its connectors' contract, ingest, outbox, settling and the store are the real ones; time, network and
death are simulated, on one thread. The same seed gives the same world down to the order of every step.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec

from csconsole.clock import DAY, HOUR
from csconsole.domain.events import Event
from csconsole.domain.sending import OutboundItem, Receipt, SendClass
from csconsole.errors import AuthError, CsconsoleError, DiskFullError, RateLimitedError, UnreachableError
from csconsole.services import acts, replies
from csconsole.store import ids, outbox
from csconsole.store.database import Store
from csconsole.sync import engine as engines
from csconsole.sync.engine import Engine
from csconsole.sync.waiting import RealWaiting
from tests.faults import inline
from tests.faults.inline import InlineAccess, LoopClock
from tests.sync.rig import Rig
from tests.sync.simulator import AT, Channel, SimConnector, item

CLASSES = (SendClass.LOOKUP, SendClass.KEY, SendClass.ECHO, SendClass.NONE)
ENDED = {"sent", "uncertain", "failed", "stopped", "cancelled"}
BUSY = 60.0
"""Seconds of the world in which things go wrong."""
LONGEST = 3_600.0
"""Seconds after which every answer must have ended."""
POLL = 1.0
"""Seconds between two looks of the engine: coarser than in life, so that a world takes less time."""


class Death(BaseException):
    """The process is killed: nothing of it runs any more."""


class World(msgspec.Struct):
    """What became of a seed.

    Attributes:
        seed: of all choices.
        deaths: how often the worker was killed.
        faults: what the network did wrong.
        sends: answers given.
        lost: shown as sent and accepted by nobody, or never ended, or news that did not come in.
        twice: accepted or stored more than once.
        uncertain: answers about which a person is asked.
        problems: what else is wrong.
        trace: a digest of every step.
    """

    seed: int
    deaths: int = 0
    faults: int = 0
    sends: int = 0
    lost: int = 0
    twice: int = 0
    uncertain: int = 0
    problems: list[str] = []
    trace: str = ""


class _Tracer:
    """Every step of a world, digested."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def note(self, *what: object) -> None:
        at = round(asyncio.get_running_loop().time(), 6)
        self._digest.update(f"{at} {what!r}\n".encode())

    def digest(self) -> str:
        return self._digest.hexdigest()


class _Network(SimConnector):
    """The simulated channel on a line that fails by the world's dice."""

    plan: Any = None

    async def pull(self, cursor: str) -> Any:
        plan = self.plan
        await asyncio.sleep(plan.rng.random() / 4)
        plan.tracer.note("pull", cursor)
        if plan.wrong(0.12):
            raise plan.rng.choice(
                (UnreachableError("no line"), RateLimitedError("wait", retry_after=3), AuthError("no"))
            )
        page = await super().pull(cursor)
        items = list(page.items)
        if items and plan.wrong(0.15):
            items.append(plan.rng.choice(items))
        if plan.wrong(0.1):
            items.reverse()
        await asyncio.sleep(plan.rng.random() / 4)
        return msgspec.structs.replace(page, items=tuple(items))

    async def send(self, item: OutboundItem, phase: Any) -> Receipt:
        plan, rng = self.plan, self.plan.rng
        plan.tracer.note("send", item.key, item.attempt)
        await asyncio.sleep(rng.random() / 4)
        if plan.wrong(0.15):
            raise rng.choice(
                (
                    UnreachableError("no line", provably_not_accepted=True),
                    RateLimitedError("wait", retry_after=2),
                    AuthError("the login was refused"),
                )
            )
        await phase("data")
        await asyncio.sleep(rng.random() / 4)
        if plan.wrong(0.15):
            raise UnreachableError("the line broke before it was accepted")
        self.sim.accept(item)
        plan.tracer.note("accepted", item.key)
        await asyncio.sleep(rng.random() / 2)
        if plan.wrong(0.05):
            await asyncio.sleep(10_000)
        if plan.wrong(0.2):
            raise UnreachableError("the answer was lost")
        return Receipt(remote_id=f"out-{len(self.sim.accepted)}", at=self.clock.now())

    @staticmethod
    def normalise(item: Any, account: Any) -> list[Event]:
        return SimConnector.normalise(item, account)


class _DyingAccess(InlineAccess):
    """The store of a worker that dies at one of its steps, before it or just after."""

    plan: Any = None

    async def call(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        plan = self.plan
        await asyncio.sleep(0)
        self._step()
        if plan.disk_full:
            raise DiskFullError("The disk is full.")
        plan.at_work = self._step
        try:
            found = work(*args, **kwargs)
        finally:
            plan.at_work = None
        self._step()
        return found

    def _step(self) -> None:
        plan = self.plan
        if plan.dead:
            raise Death
        if plan.steps_left is not None:
            plan.steps_left -= 1
            if plan.steps_left <= 0:
                plan.dead = True
                plan.died.set()
                raise Death


@contextlib.contextmanager
def _same_ids(rng: random.Random) -> Iterator[None]:
    """Ids from the world's dice: waits are spread by them."""
    before = ids._maker
    count = 0

    def made() -> Any:
        nonlocal count
        count += 1
        return SimpleNamespace(bytes=count.to_bytes(6, "big") + rng.randbytes(10))

    ids._maker = lambda: made  # type: ignore[assignment]  # put back below
    try:
        yield
    finally:
        ids._maker = before  # type: ignore[assignment]  # as before


class _Life:
    """One world while it lives."""

    def __init__(self, seed: int, root: Path) -> None:
        self.rng = random.Random(seed)
        self.world = World(seed, problems=[])
        self.tracer = _Tracer()
        self.rig = Rig(root)
        self.rig.store._open_writer().execute("pragma synchronous=off")  # deaths only: power is cut elsewhere
        self.clock = LoopClock(AT + 1000)
        self.rig.clock = self.clock  # type: ignore[assignment]  # the same by its methods
        self.send_class = self.rng.choice(CLASSES)
        self.sim: Channel = self.rig.channel(send_class=self.send_class, echoes=self.send_class is SendClass.ECHO)
        self.calm = False
        self.dead = False
        self.disk_full = False
        self.steps_left: int | None = None
        self.died = asyncio.Event()
        self.at_work: Callable[[], None] | None = None
        honest = self.rig.store.transaction

        def transaction(now: int, **options: Any) -> Any:
            if self.at_work is not None:
                self.at_work()  # the worker may die between two transactions of one piece of work
            return honest(now, **options)

        self.rig.store.transaction = transaction  # type: ignore[method-assign]  # the store of this world
        self.given: list[tuple[int, str]] = []
        self.texts: dict[str, str] = {}
        self.numbers = 0

    def wrong(self, share: float) -> bool:
        """Whether something goes wrong this time."""
        hit = not self.calm and self.rng.random() < share
        self.world.faults += hit
        return hit

    # -- the worker ------------------------------------------------------------------------------------

    async def work(self, stop: asyncio.Event) -> None:
        """Workers, one after another: each is killed at some step, until the world is calm."""
        while not stop.is_set():
            self.dead = False
            self.died = asyncio.Event()
            self.steps_left = None if self.calm else self.rng.randrange(5, 300)
            engine = Engine(
                self.rig.config, self.rig.data, self.clock, store=self.rig.store, registry=lambda _: _Network,
                waiting=RealWaiting(),
            )  # fmt: skip
            worker = asyncio.create_task(self._lives(engine, stop))
            death = asyncio.create_task(self.died.wait())
            await asyncio.wait({worker, death}, return_when=asyncio.FIRST_COMPLETED)
            if self.died.is_set():
                self.world.deaths += 1
                self.tracer.note("death")
                await _bury(self.people)
            death.cancel()
            await asyncio.gather(worker, death, return_exceptions=True)
            await asyncio.sleep(self.rng.random() * 3)

    @staticmethod
    async def _lives(engine: Engine, stop: asyncio.Event) -> None:
        with contextlib.suppress(CsconsoleError):
            await engine.open()
            await engine.run_forever(stop)
        with contextlib.suppress(CsconsoleError):
            await engine.close()

    # -- people ----------------------------------------------------------------------------------------

    people: set[asyncio.Task[None]]

    async def customer(self, who: str) -> None:
        """Somebody who writes now and then."""
        for _ in range(self.rng.randrange(2, 5)):
            await asyncio.sleep(self.rng.random() * BUSY / 6)
            self.numbers += 1
            self.sim.items.append(item(self.numbers, f"{who} {self.numbers}", who=who, at=self.clock.now()))
            self.tracer.note("customer", self.numbers)

    async def agent(self, name: str) -> None:
        """Somebody who answers, takes back, notes and tags."""
        await asyncio.sleep(self.rng.random() * 4)
        for _ in range(self.rng.randrange(5, 12)):
            await asyncio.sleep(self.rng.random() * BUSY / 8)
            known = [key for (key,) in self.rig.store.read("select id from conversation order by id")]
            if not known:
                continue
            conversation = self.rng.choice(known)
            with contextlib.suppress(CsconsoleError):
                self._act(name, conversation)

    def _act(self, name: str, conversation: int) -> None:
        desk = self.rig.desk(name)
        kind = self.rng.choice(("reply", "reply", "reply", "held", "pull back", "note", "tag", "undo", "status"))
        self.tracer.note(name, kind, conversation)
        if kind in ("reply", "held"):
            text = f"answer {len(self.texts)} of {name}"
            sending = replies.send_reply(desk, conversation, text, now=kind == "reply")
            self.texts[text] = sending.outbox_uid
            self.given.append((conversation, text))
        elif kind == "pull back":
            replies.pull_back(desk, conversation)
        elif kind == "note":
            acts.add_note(desk, conversation, "between us")
        elif kind == "tag":
            acts.change_tags(desk, [conversation], add=["vip"])
        elif kind == "undo":
            acts.undo_last(desk)
        else:
            acts.set_status(desk, [conversation], self.rng.choice(("open", "pending", "resolved")))

    async def nature(self) -> None:
        """The disk fills and empties; somebody sets the clock."""
        for _ in range(self.rng.randrange(3)):
            await asyncio.sleep(self.rng.random() * BUSY / 2)
            if self.rng.random() < 0.5:
                self.disk_full = True
                await asyncio.sleep(self.rng.random() * 8)
                self.disk_full = False
            else:
                self.clock.set_by(self.rng.choice((-HOUR, HOUR, DAY, -DAY)))

    # -- a whole life ----------------------------------------------------------------------------------

    async def live(self) -> World:
        """Busy, then calm until everything has ended; then judged."""
        stop = asyncio.Event()
        names = [self.customer(f"customer{n}") for n in range(3)] + [
            self.agent("nok"),
            self.agent("ploy"),
            self.nature(),
        ]
        self.people = {asyncio.create_task(one) for one in names}
        self.people.add(asyncio.current_task())  # type: ignore[arg-type]  # this one judges, and lives on
        worker = asyncio.create_task(self.work(stop))
        self.people.add(worker)  # type: ignore[arg-type]  # a task as well
        await asyncio.gather(*(task for task in self.people if task not in (worker, asyncio.current_task())))
        self.calm, self.disk_full, self.steps_left = True, False, None
        end = asyncio.get_running_loop().time() + LONGEST
        while asyncio.get_running_loop().time() < end and not self._is_quiet():
            await asyncio.sleep(20)
        stop.set()
        await worker
        self._judge()
        self.world.trace = self.tracer.digest()
        return self.world

    def _is_quiet(self) -> bool:
        states = {row.state for row in outbox.listing(self.rig.store)}
        (known,) = self.rig.store.read("select count(*) from message where direction = 'in'")[0]
        return states <= ENDED and known == self.numbers

    def _judge(self) -> None:
        world, store = self.world, self.rig.store
        rows = outbox.listing(store)[::-1]
        accepted = Counter(text for sent in self.sim.accepted for text in (bubble.text for bubble in sent.bubbles))
        world.sends = len(self.texts)
        world.twice += sum(count > 1 for count in accepted.values())
        world.uncertain = sum(row.state == "uncertain" for row in rows)
        state = {bubble.text: row.state for row in rows for bubble in row.item.bubbles}
        for text in self.texts:
            if state.get(text, "pulled back") == "sent" and not accepted[text]:
                world.lost += 1
            if state.get(text, "cancelled") not in ENDED:
                world.lost += 1
            if state.get(text) == "cancelled" and accepted[text]:
                world.problems.append(f"{text} was taken back and left")
        came = Counter(r for (r,) in store.read("select remote_id from message where direction = 'in'"))
        world.lost += self.numbers - len(came)
        world.twice += sum(count > 1 for count in came.values())
        self._judge_order(accepted)
        self._judge_rows(store)
        if self.send_class in (SendClass.KEY, SendClass.LOOKUP, SendClass.ECHO) and world.uncertain:
            world.problems += [
                f"uncertain for no reason: {row.reason}"
                for row in rows
                if row.state == "uncertain" and self.send_class is SendClass.KEY
            ]
        for row in rows:
            if row.state == "stopped":
                kept = store.read("select group_concat(body, char(10)) from draft")[0][0] or ""
                if not all(bubble.text in kept for bubble in row.item.bubbles):
                    world.problems.append(f"the text of a stopped answer is gone: {row.item.bubbles}")

    def _judge_order(self, accepted: Counter[str]) -> None:
        """What was accepted of a conversation is in the order in which it was given, first acceptances only."""
        order = {text: n for n, text in enumerate(dict.fromkeys(
            bubble.text for sent in self.sim.accepted for bubble in sent.bubbles
        ))}  # fmt: skip
        for conversation in {conversation for conversation, _ in self.given}:
            places = [order[text] for key, text in self.given if key == conversation and accepted[text]]
            if places != sorted(places):
                self.world.problems.append(f"answers of conversation {conversation} overtook each other")

    def _judge_rows(self, store: Store) -> None:
        gaps = store.read(
            "select c.id from conversation c join message m on m.conversation_id = c.id group by c.id"
            " having count(*) <> max(m.seq) or max(m.seq) <> c.message_seq"
        )
        if gaps:
            self.world.problems.append(f"sequences with gaps: {gaps}")
        shown = store.read(
            "select body_text from message where direction = 'out' and visibility = 'public'"
            " group by conversation_id, body_text having count(*) > 1"
        )
        if shown:
            self.world.problems.append(f"an echo of ours was not recognised: {shown}")


async def _bury(people: set[Any]) -> None:
    """Ends all that the dead worker had under way; people live on."""
    me = asyncio.current_task()
    for _ in range(3):
        rest = [task for task in asyncio.all_tasks() if task not in people and task is not me]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)


def simulate(seed: int, root: Path, template: Path) -> World:
    """One world.

    Args:
        seed: of everything in it.
        root: a directory that does not exist.
        template: a data directory with an empty database, so that none needs to be made.
    """
    shutil.copytree(template, root)

    async def live() -> World:
        life = _Life(seed, root)
        _Network.plan = _DyingAccess.plan = life
        try:
            return await life.live()
        finally:
            life.rig.close()

    poll, engines.POLL = engines.POLL, POLL
    try:
        with _same_ids(random.Random(seed)):
            return inline.run(live, access=_DyingAccess)
    finally:
        engines.POLL = poll
        shutil.rmtree(root)
