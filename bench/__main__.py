"""Runs the measurements, prints the table, writes bench/out/result.json; ends 1 when a budget is missed."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import version as package_version

from bench import keys, load, mail, quiet, start, store, subjects, writes
from bench.results import Result, table

Part = Callable[[int, int], list[Result]]

PARTS: dict[str, tuple[str, Part]] = {
    "version": ("S3", lambda rounds, _: start.version(rounds)),
    "start": ("S1 S2 M1", start.measure),
    "keys": ("W1 W2 W3 K1 K2", keys.measure),
    "load": ("K2 during imports", load.measure),
    "queue": ("Q1 Q2", store.queue),
    "search": ("F1 F2 F3", store.find),
    "action": ("A1", writes.action),
    "ingest": ("I1", lambda rounds, _: writes.ingest(rounds)),
    "mail": ("I2 I3", lambda rounds, _: mail.measure(rounds)),
    "idle": ("wake-ups", quiet.idle),
    "build": ("demo build", lambda rounds, _: quiet.build(rounds)),
}


def main(argv: list[str]) -> int:
    """Parses the options and runs what they ask for."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures csconsole against its budgets, floors and peers in the same rounds.",
        epilog="Parts: " + "; ".join(f"{name} ({what})" for name, (what, _) in PARTS.items()),
    )
    parser.add_argument("--rounds", type=int, help="rounds of each measurement (9; 3 with --short)")
    parser.add_argument("--conversations", type=int, help="size of the demo data (100000; 20000 with --short)")
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, metavar="PART", default=list(PARTS), help="only these parts"
    )
    parser.add_argument("--short", action="store_true", help="fewer rounds on less data: under two minutes a part")
    options = parser.parse_args(argv)
    rounds = options.rounds or (3 if options.short else 9)
    conversations = options.conversations or (20_000 if options.short else 100_000)
    if not subjects.CSCONSOLE.exists():
        print("bench: csconsole is not installed beside this Python: run make setup", file=sys.stderr)
        return 2
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a start without compiled modules is not what a user has
    subjects.OUT.mkdir(parents=True, exist_ok=True)
    began = time.time()
    results: list[Result] = []
    for name in options.only:
        print(f"{name} ({PARTS[name][0]}) ...", flush=True)
        found = PARTS[name][1](rounds, conversations)
        print(table(found), flush=True)
        results += found
        _record(began, rounds, conversations, options.only, results)
    if len(options.only) > 1:
        print("\n" + table(results))
    missed = sorted({one.id for one in results if not one.met})
    print(f"missed: {' '.join(missed)}" if missed else "every budget measured is met")
    return 1 if missed else 0


def _record(began: float, rounds: int, conversations: int, parts: list[str], results: list[Result]) -> None:
    record = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began)),
        "seconds": round(time.time() - began, 1),
        "load": os.getloadavg()[0],
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "python": platform.python_version(),
        "textual": package_version("textual"),
        "rounds": rounds,
        "conversations": conversations,
        "parts": parts,
        "results": [one.as_dict() for one in results],
    }
    (subjects.OUT / "result.json").write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
