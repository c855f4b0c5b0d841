"""Runs the measurements, prints the table, writes bench/out/result.json; ends 1 when a budget is missed."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from importlib.metadata import version as package_version

from bench import cases, subjects


def table(results: list[cases.Result]) -> str:
    """Returns the results as lines of text."""
    lines = [f"{'id':3} {'ours':>10} {'floor':>10} {'unit':4} {'ratio':>7} {'budget':>7}  what"]
    for result in results:
        lines.append(
            f"{result.id:3} {result.ours:10.1f} {result.floor:10.1f} {result.unit:4} {result.ratio:7.2f} "
            f"{result.budget:7.2f}  {result.what}{'' if result.met else '   MISSED'}"
        )
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    """Parses the options and runs what they ask for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures csconsole against its budgets.")
    parser.add_argument("--rounds", type=int, default=9, help="rounds of each measurement (9)")
    parser.add_argument("--conversations", type=int, default=100_000, help="size of the demo data (100000)")
    parser.add_argument("--only", nargs="*", choices=["start", "version", "cursor"], help="measure only these")
    options = parser.parse_args(argv)
    wanted = set(options.only or ["start", "version", "cursor"])
    if not subjects.CSCONSOLE.exists():
        print("bench: csconsole is not installed beside this Python: run make setup", file=sys.stderr)
        return 2
    began = time.time()
    results: list[cases.Result] = []
    if "version" in wanted:
        results += cases.version(options.rounds)
    if wanted & {"start", "cursor"}:
        big = subjects.console(options.conversations)
        if "start" in wanted:
            small = subjects.console(1000)
            results += cases.start_up(options.rounds, big, small, subjects.bare())
        if "cursor" in wanted:
            peer = subjects.neomutt(options.conversations)
            if peer is None:
                print("bench: W1, K1 and K2 not measured: neomutt is not installed (apt-get install neomutt)")
            else:
                results += cases.cursor(options.rounds, big, peer)
    print(table(results))
    subjects.OUT.mkdir(parents=True, exist_ok=True)
    record = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began)),
        "seconds": round(time.time() - began, 1),
        "load": os.getloadavg()[0],
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "python": platform.python_version(),
        "textual": package_version("textual"),
        "rounds": options.rounds,
        "conversations": options.conversations,
        "results": [result.as_dict() for result in results],
    }
    (subjects.OUT / "result.json").write_text(json.dumps(record, indent=2) + "\n")
    return 0 if all(result.met for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
