"""A short walk of the model of booking with a fixed seed; `make soak` goes much further."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.shoots.booking_machine import BookingMachine

pytestmark = pytest.mark.django_db


def test_random_steps_never_lose_or_double_an_hour() -> None:
    run_state_machine_as_test(
        BookingMachine,
        settings=settings(
            max_examples=2,
            stateful_step_count=30,
            derandomize=True,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
