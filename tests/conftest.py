"""What every test runs under."""

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

# A shared machine may pause any example for longer than a deadline; how fast something is, the bench says.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.fixture(autouse=True)
def _log_of_its_own() -> Iterator[None]:
    """A command that is run inside the process sends the log to a standard error that is closed after its test, and a
    worker of a later test would end on it."""
    yield
    structlog.reset_defaults()
