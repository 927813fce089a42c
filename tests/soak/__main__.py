"""`make soak`: the long runs. With --sample a small part of each, as the pipeline runs it.

python -m tests.soak [--sample] [--scale X] [arguments for pytest]
"""

from __future__ import annotations

import argparse
import sys

from tests.run import run_pytest

SAMPLE = 0.01


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--sample", action="store_true", help="a small part of each run")
    parser.add_argument("--scale", type=float, default=1.0, help="how much of each run; 1 is all of it")
    options, rest = parser.parse_known_args()
    scale = SAMPLE if options.sample else options.scale
    title = "soak, a sample" if options.sample else "soak"
    # A sample waits more than it computes; a whole run measures, alone.
    together = ["-n", "3"] if options.sample else []
    return run_pytest(title, {"PHOTOCAMPUS_SOAK_SCALE": str(scale)}, "tests/soak", *together, *rest)


if __name__ == "__main__":
    sys.exit(main())
