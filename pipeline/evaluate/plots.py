"""The plots of an evaluation."""

from collections.abc import Iterable, Sequence

from pipeline.domain.taxonomy import RiskLevel
from pipeline.evaluate.band import Point
from pipeline.evaluate.calibration import Bin
from pipeline.evaluate.figure import INK, Figure
from pipeline.evaluate.measure import CategoryScore
from pipeline.evaluate.systems import System

_COLOURS = {RiskLevel.SAFE: "#2e7d5b", RiskLevel.CONTESTED: "#c98a1b", RiskLevel.UNSAFE: "#b3362b"}


def reliability_plot(bins: Sequence[Bin], safe_bins: Sequence[Bin]) -> str:
    """How often a probability came true, beside how often it should have; a dot's size is its number of rows."""
    figure = Figure()
    with figure as axes:
        axes.plot([0, 1], [0, 1], color="#9aa5b1", linewidth=1, linestyle="--")
        for some, colour, name in ((bins, INK, "likeliest label"), (safe_bins, _COLOURS[RiskLevel.SAFE], "safe")):
            axes.plot([b.probability for b in some], [b.came_true for b in some], color=colour, linewidth=1, label=name)
            sizes = [12 + 4 * b.rows**0.5 for b in some]
            axes.scatter([b.probability for b in some], [b.came_true for b in some], s=sizes, color=colour)
        axes.set(xlabel="probability given", ylabel="share that came true", xlim=(0, 1.02), ylim=(0, 1.02))
        axes.legend(frameon=False)
    return figure.svg


def scores_plot(scores: Iterable[tuple[RiskLevel, float]]) -> str:
    """The judge's probability of safe, by the row's label."""
    held = list(scores)
    figure = Figure()
    with figure as axes:
        axes.hist(
            [[p for label, p in held if label is level] for level in RiskLevel],
            bins=[edge / 20 for edge in range(21)],
            stacked=True,
            color=[_COLOURS[level] for level in RiskLevel],
            label=[f"labelled {level}" for level in RiskLevel],
        )
        axes.set(xlabel="probability of safe", ylabel="rows")
        axes.legend(frameon=False)
    return figure.svg


def trade_plot(curve: Sequence[Point]) -> str:
    """What the safe threshold trades: unsafe rows passed against safe rows sent to a person."""
    figure = Figure()
    with figure as axes:
        places = [one.safe_from for one in curve]
        for values, colour, name in (
            ([one.unsafe_to_safe for one in curve], _COLOURS[RiskLevel.UNSAFE], "unsafe passed as safe"),
            ([one.safe_to_contested for one in curve], _COLOURS[RiskLevel.CONTESTED], "safe sent to a person"),
        ):
            drawn = [float("nan") if value is None else value for value in values]
            axes.plot(places, drawn, color=colour, marker=".", label=name)
        axes.set(xlabel="safe from a probability of", ylabel="share", ylim=(0, None))
        axes.legend(frameon=False)
    return figure.svg


def categories_plot(scores: Sequence[CategoryScore]) -> str:
    """Of each category's rows, how many did not flow on and how many were named."""
    some = [score for score in scores if score.rows]
    figure = Figure(width=5.6, height=1.0 + 0.42 * max(1, len(some)))
    with figure as axes:
        places = range(len(some))
        axes.barh([p - 0.2 for p in places], [s.stopped or 0 for s in some], 0.36, color=INK, label="did not flow on")
        axes.barh([p + 0.2 for p in places], [s.recall or 0 for s in some], 0.36, color="#9fb3c8", label="named")
        axes.set_yticks(list(places), [f"{score.category} ({score.rows})" for score in some])
        axes.set(xlim=(0, 1), xlabel="share of its rows")
        axes.invert_yaxis()
        axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return figure.svg


def systems_plot(systems: Sequence[System]) -> str:
    """False positives and identifiers passed, a pair of bars a system."""
    figure = Figure(width=8.4, height=1.0 + 0.5 * len(systems))
    with figure as axes:
        places = range(len(systems))
        stopped = [system.false_positive_rate or 0 for system in systems]
        passed = [system.phi_passed or 0 for system in systems]
        axes.barh([p - 0.2 for p in places], stopped, 0.36, color=_COLOURS[RiskLevel.CONTESTED], label="safe stopped")
        axes.barh([p + 0.2 for p in places], passed, 0.36, color=_COLOURS[RiskLevel.UNSAFE], label="identifiers passed")
        axes.set_yticks(list(places), [system.name for system in systems])
        axes.set(xlim=(0, 1), xlabel="share of the rows")
        axes.invert_yaxis()
        axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return figure.svg
