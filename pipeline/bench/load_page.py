"""A load run as one HTML page that needs nothing else: no script, and nothing from elsewhere."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import pipeline.evaluate.figure
from pipeline.bench.load_figures import LoadReport
from pipeline.bench.load_plots import descriptors_plot, lag_plot, latency_plot, memory_plot, threads_plot
from pipeline.evaluate.figure import drawn

# The pages of the package look alike: one style sheet, beside the evaluation's page.
_FOLDERS = (Path(__file__).parent, Path(pipeline.evaluate.figure.__file__).parent)


def render_load(report: LoadReport) -> str:
    """The page. Its plots need the extra `eval`."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDERS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = _figure
    plots = {"Chunks sent and not yet committed": lag_plot(report)}
    if report.latency_over_time:
        plots["Latency, from the schedule to a reader of committed records"] = latency_plot(report)
    plots |= {
        "Resident memory": memory_plot(report),
        "Open file descriptors": descriptors_plot(report),
        "Threads": threads_plot(report),
    }
    page = environment.get_template("load_page.html.jinja")
    return page.render(report=report, plots={title: drawn(svg) for title, svg in plots.items()})


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"
