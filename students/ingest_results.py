"""What becomes of an incoming file, and how the job breaks off with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from students.models import Photo


@dataclass
class Result:
    """What became of a file."""

    state: str
    reason: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    photo: Photo | None = None


class Stays(Exception):
    """The file is not filed; carries the result that says why."""

    def __init__(
        self, state: str, reason: str = "", data: Mapping[str, Any] | None = None, photo: Photo | None = None
    ):
        super().__init__(reason)
        self.result = Result(state, reason, data or {}, photo)


class Settled(Exception):
    """What became of the file is written already, together with what it has changed."""


class TakenBack(Exception):
    """Somebody took the file's assignment back while it was being read: nothing of it may be written."""
