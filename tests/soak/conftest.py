"""How long the long runs are."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker("soak")


@pytest.fixture
def rounds() -> Callable[[int], int]:
    """`rounds(1000)`: a thousand rounds in a full soak, at least one in a sample."""
    scale = float(os.environ.get("PHOTOCAMPUS_SOAK_SCALE", "1"))
    return lambda full: max(1, round(full * scale))
