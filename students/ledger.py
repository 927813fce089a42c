"""Checks of this app; importing this registers them."""

from students import picture_ledger, register_ledger, roster_ledger  # noqa: F401
