"""Plots as SVG, to stand inside a page: text stays text, and nothing is fetched."""

import importlib.util
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pipeline.domain.taxonomy import RiskLevel
from pipeline.errors import MissingExtra
from pipeline.evaluate.band import Point
from pipeline.evaluate.calibration import Bin
from pipeline.evaluate.measure import CategoryScore
from pipeline.evaluate.systems import System

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = {RiskLevel.SAFE: "#2e7d5b", RiskLevel.CONTESTED: "#c98a1b", RiskLevel.UNSAFE: "#b3362b"}
_INK = "#4a5560"
# A plot's parts have ids made from this, so that the same figures give the same file.
_STYLE = {"svg.fonttype": "none", "svg.hashsalt": "consultguard", "font.family": "sans-serif", "font.size": 9}
_NOTHING_ABOUT_ITSELF = dict.fromkeys(("Date", "Creator", "Format", "Type"))


def require_plots() -> None:
    """Raises MissingExtra naming what to install."""
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingExtra("--html needs the extra eval for its plots: pip install 'consultguard[eval]'")


class _Figure:
    """`with _Figure(…) as axes`; then `svg` is what was drawn."""

    def __init__(self, *, width: float = 4.4, height: float = 3.2) -> None:
        self._size = (width, height)
        self.svg = ""

    def __enter__(self) -> "Axes":
        from matplotlib import rc_context
        from matplotlib.figure import Figure

        self._context = rc_context(_STYLE)
        self._context.__enter__()
        self._figure = Figure(figsize=self._size, layout="constrained")
        axes = self._figure.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        return axes

    def __exit__(self, *_: object) -> None:
        out = io.StringIO()
        self._figure.savefig(out, format="svg", metadata=_NOTHING_ABOUT_ITSELF, transparent=True)
        self._context.__exit__(None, None, None)
        drawn = out.getvalue()
        # Without the XML declaration and the DTD's address, which have no place inside a page.
        self.svg = drawn[drawn.index("<svg") :]


def reliability_plot(bins: Sequence[Bin], safe_bins: Sequence[Bin]) -> str:
    """How often a probability came true, beside how often it should have; a dot's size is its number of rows."""
    figure = _Figure()
    with figure as axes:
        axes.plot([0, 1], [0, 1], color="#9aa5b1", linewidth=1, linestyle="--")
        for some, colour, name in ((bins, _INK, "likeliest label"), (safe_bins, _COLOURS[RiskLevel.SAFE], "safe")):
            axes.plot([b.probability for b in some], [b.came_true for b in some], color=colour, linewidth=1, label=name)
            sizes = [12 + 4 * b.rows**0.5 for b in some]
            axes.scatter([b.probability for b in some], [b.came_true for b in some], s=sizes, color=colour)
        axes.set(xlabel="probability given", ylabel="share that came true", xlim=(0, 1.02), ylim=(0, 1.02))
        axes.legend(frameon=False)
    return figure.svg


def scores_plot(scores: Iterable[tuple[RiskLevel, float]]) -> str:
    """The judge's probability of safe, by the row's label."""
    held = list(scores)
    figure = _Figure()
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
    figure = _Figure()
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
    figure = _Figure(width=5.6, height=1.0 + 0.42 * max(1, len(some)))
    with figure as axes:
        places = range(len(some))
        axes.barh([p - 0.2 for p in places], [s.stopped or 0 for s in some], 0.36, color=_INK, label="did not flow on")
        axes.barh([p + 0.2 for p in places], [s.recall or 0 for s in some], 0.36, color="#9fb3c8", label="named")
        axes.set_yticks(list(places), [f"{score.category} ({score.rows})" for score in some])
        axes.set(xlim=(0, 1), xlabel="share of its rows")
        axes.invert_yaxis()
        axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return figure.svg


def systems_plot(systems: Sequence[System]) -> str:
    """False positives and identifiers passed, a pair of bars a system."""
    figure = _Figure(width=8.4, height=1.0 + 0.5 * len(systems))
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
