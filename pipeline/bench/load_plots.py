"""The plots of a load run."""

from collections.abc import Callable, Sequence

from pipeline.bench.load_figures import LoadReport, Point
from pipeline.evaluate.figure import INK, Figure

_LINES = ("#2e7d5b", "#c98a1b", "#b3362b", "#5b6fa8", "#8a5a9e", "#3c8d93", "#9aa5b1")
_WIDE = 8.4
_LOW = 2.8


def lag_plot(report: LoadReport) -> str:
    """Chunks sent and not yet seen as verdicts, over time."""
    figure = Figure(width=_WIDE, height=_LOW)
    with figure as axes:
        axes.plot([point.at_seconds for point in report.points], [point.lag for point in report.points], color=INK)
        axes.set(xlabel="seconds", ylabel="chunks waiting", ylim=(0, None))
    return figure.svg


def latency_plot(report: LoadReport) -> str:
    """Spoken to committed, over the time at which chunks were due."""
    figure = Figure(width=_WIDE, height=_LOW)
    with figure as axes:
        places = [one.at_seconds for one in report.latency_over_time]
        axes.plot(places, [one.p50 for one in report.latency_over_time], color=_LINES[0], label="p50")
        axes.plot(places, [one.p99 for one in report.latency_over_time], color=_LINES[2], label="p99")
        axes.set(xlabel="due after, seconds", ylabel="milliseconds", ylim=(0, None))
        axes.legend(frameon=False)
    return figure.svg


def memory_plot(report: LoadReport) -> str:
    return _by_process(report, "MB", lambda point: point.rss_mb)


def descriptors_plot(report: LoadReport) -> str:
    return _by_process(report, "open file descriptors", lambda point: point.fds)


def threads_plot(report: LoadReport) -> str:
    return _by_process(report, "threads", lambda point: point.threads)


def _by_process(report: LoadReport, what: str, read: Callable[[Point], Sequence[float | None]]) -> str:
    """A line for each process, broken where it was gone."""
    figure = Figure(width=_WIDE, height=_LOW)
    with figure as axes:
        places = [point.at_seconds for point in report.points]
        for number, process in enumerate(report.processes):
            values = [float("nan") if (one := read(point)[number]) is None else one for point in report.points]
            axes.plot(places, values, color=_LINES[number % len(_LINES)], label=process.name)
        axes.set(xlabel="seconds", ylabel=what, ylim=(0, None))
        axes.legend(frameon=False)
    return figure.svg
