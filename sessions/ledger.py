"""Checks of bookings, shoots, deliveries and problems; importing this registers them."""

from sessions import booking_ledger, delivery_ledger, problem_ledger, shoot_ledger  # noqa: F401
