"""What every test runs under."""

from hypothesis import HealthCheck, settings

# A shared machine may pause any example for longer than a deadline; how fast something is, the bench says.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
