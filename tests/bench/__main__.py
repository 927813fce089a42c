"""`make bench`: each `bench_*.py` in a process and a data folder of its own, then one table.

    python -m tests.bench [name …]

A benchmark is a module with `run() -> None` that emits rows (tests/bench/table.py); the database is migrated
before it starts. Exit status 1 if a benchmark failed; a bound that was missed is printed, not punished.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.table import Row, print_table, read_row

HERE = Path(__file__).resolve().parent


def run_benchmark(name: str) -> tuple[list[Row], int]:
    """All rows of one benchmark; what else it prints goes to standard error."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="photocampus-bench-") as folder:
        environment = {
            **os.environ,
            "PHOTOCAMPUS_VAR": folder,
            "DJANGO_SETTINGS_MODULE": "photocampus.settings",
        }
        command = [sys.executable, "-m", "tests.bench.child", name]
        with subprocess.Popen(
            command, cwd=HERE.parent.parent, env=environment, stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            for line in child.stdout:
                if row := read_row(line):
                    rows.append(row)
                    print(f"  {row.what}", file=sys.stderr, flush=True)
                else:
                    sys.stderr.write(line)
    return rows, child.returncode


def main(names: list[str]) -> int:
    known = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    if unknown := set(names) - set(known):
        print(
            f"No such benchmark: {', '.join(sorted(unknown))}. There are: {', '.join(known)}.",
            file=sys.stderr,
        )
        return 2
    rows: list[Row] = []
    failed = []
    for name in names or known:
        print(f"{name} …", file=sys.stderr, flush=True)
        more, status = run_benchmark(name)
        rows += more
        if status:
            failed.append(name)
    print_table(rows)
    for name in failed:
        print(f"FAILED: {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
