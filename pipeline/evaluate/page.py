"""The report as one HTML page that needs nothing else: no script, no style, no font and no picture from elsewhere."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.domain.taxonomy import RiskLevel
from pipeline.evaluate.attacks_report import Group
from pipeline.evaluate.figure import drawn
from pipeline.evaluate.judged import Judged
from pipeline.evaluate.measure import labelled
from pipeline.evaluate.plots import categories_plot, reliability_plot, scores_plot, systems_plot, trade_plot
from pipeline.evaluate.report import Engine, Report

_ATTACK_GROUPS = {
    Group.NUMERIC: "Rows with a numeric identifier",
    Group.PHI: "Rows of category phi",
    Group.ALL: "All unsafe rows",
}


def render(report: Report, readings: Mapping[str, Sequence[Judged]]) -> str:
    """The page. `readings` are the rows of each engine, by the engine's name. Plots need the extra `eval`."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"share": in_percent, "figure": _figure}
    return environment.get_template("page.html.jinja").render(
        report=report,
        levels=list(RiskLevel),
        attack_groups=_ATTACK_GROUPS,
        plots={engine.judge: _plots(engine, readings[engine.judge]) for engine in report.engines},
        systems_plot=drawn(systems_plot(report.systems)) if report.systems else None,
    )


def in_percent(value: float | None) -> str:
    """A share as people read it; a dash where there is none."""
    return "–" if value is None else f"{100 * value:.1f} %"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def _plots(engine: Engine, judged: Sequence[Judged]) -> dict[str, Markup]:
    group = engine.labelled
    if group is None:
        return {}
    scores = [(label, one.scores.safe) for label, one in labelled(judged) if one.scores is not None]
    plots = {
        "What a probability is worth": reliability_plot(group.calibration.bins, group.calibration.safe_bins),
        "Probability of safe, by label": scores_plot(scores),
        "What the safe threshold trades": trade_plot(group.contested_band.curve),
        "By category": categories_plot(group.categories),
    }
    return {title: drawn(svg) for title, svg in plots.items()}
