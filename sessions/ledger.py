"""Checks of bookings, shoots and deliveries; importing this registers them."""

from sessions import booking_ledger, delivery_ledger, shoot_ledger  # noqa: F401
