"""Ready means running with partitions; every change is one whole new state."""

from pipeline.runtime.health import Health


def test_a_worker_is_ready_only_while_it_runs_and_owns_something() -> None:
    health = Health()
    ready = [health.state.ready]
    health.started()
    ready.append(health.state.ready)
    health.owns(2)
    ready.append(health.state.ready)
    health.owns(0)
    ready.append(health.state.ready)
    health.owns(1)
    health.stopping()
    ready.append(health.state.ready)

    assert ready == [False, False, True, False, False]


def test_committed_records_add_up_and_the_breaker_is_told() -> None:
    health = Health()
    health.committed(3)
    health.committed(4)
    health.breaker("open")

    assert (health.state.committed, health.state.breaker) == (7, "open")
