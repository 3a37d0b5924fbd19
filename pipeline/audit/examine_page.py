"""The examination as one HTML page that needs nothing else: no script, no style, no font, no picture from elsewhere."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.audit.examination import Examination
from pipeline.audit.nist import QUESTIONS, SOURCE

_HOURS = tuple(f"{hour:02d}:00" for hour in range(24))


def render_examination(examination: Examination) -> str:
    """The page. Everything from the records is escaped: actors, hosts and details are whatever somebody wrote."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., object]] = {
        "time": partial(_time, zone=ZoneInfo(examination.zone)),
        "share": _share,
        "bars": _bars,
        "dash": _dash,
    }
    environment.filters |= filters
    return environment.get_template("examine.html.jinja").render(
        found=examination,
        by_hour=dict(zip(_HOURS, examination.by_hour, strict=True)),
        tables={
            "Events": examination.events,
            "Levels": examination.levels,
            "Decided by": examination.decided_by,
            "Categories": examination.categories,
            "Abstentions, by reason": examination.abstentions,
            "Dead letters, by code": examination.dead_letters,
            "Outcomes, by event": examination.outcomes,
        },
        activities=[(activity, list(rows)) for activity, rows in groupby(QUESTIONS, attrgetter("activity"))],
        source=SOURCE,
    )


def _time(epoch_ms: int | None, *, zone: ZoneInfo) -> str:
    if epoch_ms is None:
        return "–"
    try:
        return f"{datetime.fromtimestamp(epoch_ms // 1000, tz=UTC).astimezone(zone):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return f"{epoch_ms} ms"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def _dash(value: object) -> object:
    return "–" if value is None else value


def _bars(counts: Mapping[str, int]) -> Iterable[tuple[str, int, float]]:
    """Name, count, and the length of its bar in per cent of the longest."""
    longest = max(counts.values(), default=0) or 1
    return [(name, count, round(100 * count / longest, 1)) for name, count in counts.items()]
