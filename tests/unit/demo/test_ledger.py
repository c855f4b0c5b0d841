"""The ledger: what was accepted survives everything and is counted once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from csconsole.clock import FixedClock
from csconsole.connectors.demo.ledger import Acceptance, Ledger
from csconsole.errors import ConfigError

ROOT = Path(__file__).parents[3]


def acceptance(key: str, text: str = "ค่ะ", account: str = "sms") -> Acceptance:
    return Acceptance(n=0, at=0, tick=0, account=account, thread="t", uid="u", attempt=1, key=key, texts=(text,))


def test_accepts_and_numbers(tmp_path: Path) -> None:
    clock = FixedClock(1_000)
    ledger = Ledger(tmp_path)
    assert ledger.accepted() == [] and ledger.size() == 0
    assert ledger.start(400) == 400
    first, new = ledger.accept(acceptance("a"), clock.now, once=True)
    assert (first.n, first.at, first.tick, new) == (1, 1_000, 600, True)
    clock.at = 10
    second, _ = ledger.accept(acceptance("b"), clock.now, once=False)
    assert second.at == 1_000, "instants never fall, even when the clock does"
    assert Ledger(tmp_path).accepted() == [first, second] == ledger.accepted("sms")
    assert Ledger(tmp_path).start(99) == 400, "time zero is set once"


def test_a_key_is_accepted_once_only_where_keys_are_known(tmp_path: Path) -> None:
    clock = FixedClock(1)
    first, _ = Ledger(tmp_path).accept(acceptance("a"), clock.now, once=True)
    again, new = Ledger(tmp_path).accept(acceptance("a", "other"), clock.now, once=True)
    assert again == first and not new
    _, new = Ledger(tmp_path).accept(acceptance("a"), clock.now, once=False)
    assert new and len(Ledger(tmp_path).accepted()) == 2
    _, new = Ledger(tmp_path).accept(acceptance("a", account="line-siam"), clock.now, once=True)
    assert new, "keys belong to their account"


@pytest.mark.parametrize("lost", range(1, 140, 7))
def test_a_torn_line_was_not_accepted_and_harms_nobody(tmp_path: Path, lost: int) -> None:
    clock = FixedClock(1)
    ledger = Ledger(tmp_path)
    ledger.accept(acceptance("a"), clock.now, once=True)
    whole = ledger.path.stat().st_size
    ledger.accept(acceptance("b"), clock.now, once=True)
    data = ledger.path.read_bytes()
    torn = data[: max(len(data) - lost, whole + 1)]
    ledger.path.write_bytes(torn)

    survivors = [line.key for line in Ledger(tmp_path).accepted()]
    assert survivors == (["a", "b"] if lost == 1 else ["a"]), "only the newline was lost: the line counts"
    Ledger(tmp_path).accept(acceptance("c"), clock.now, once=True)
    assert [line.key for line in Ledger(tmp_path).accepted()] == [*survivors, "c"]
    _, new = Ledger(tmp_path).accept(acceptance("b"), clock.now, once=True)
    assert new == (lost != 1)


def test_a_reader_that_saw_the_torn_line_goes_on_after_its_repair(tmp_path: Path) -> None:
    clock = FixedClock(1)
    writer, reader = Ledger(tmp_path), Ledger(tmp_path)
    writer.accept(acceptance("a"), clock.now, once=True)
    with writer.path.open("ab") as file:
        file.write(b'{"type":"accepted","n":2')
    assert [line.key for line in reader.accepted()] == ["a"]
    Ledger(tmp_path).accept(acceptance("c"), clock.now, once=True)
    assert [line.key for line in reader.accepted()] == ["a", "c"]


def test_many_processes_write_without_losing_a_line(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from csconsole.clock import FixedClock\n"
        "from csconsole.connectors.demo.ledger import Ledger\n"
        "from tests.unit.demo.test_ledger import acceptance\n"
        "for n in range(25):\n"
        "    Ledger(sys.argv[1]).accept(acceptance(f'shared-{n}'), FixedClock(5).now, once=True)\n"
        "    Ledger(sys.argv[1]).accept(acceptance(f'{sys.argv[2]}-{n}'), FixedClock(5).now, once=True)\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path), name], cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
        for name in "xyz"
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    lines = Ledger(tmp_path).accepted()
    assert len(lines) == 100 and len({line.key for line in lines}) == 100
    assert [line.n for line in lines] == list(range(1, 101))


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="data directory"):
        Ledger(tmp_path / "missing").start(1)
