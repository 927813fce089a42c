"""Found by itself; the parts register themselves."""

from students import picture_waiting, register_waiting, roster_waiting  # noqa: F401
