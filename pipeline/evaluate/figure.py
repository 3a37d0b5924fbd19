"""One plot as SVG, to stand inside a page: text stays text, and nothing is fetched."""

import importlib.util
import io
from typing import TYPE_CHECKING

from markupsafe import Markup

from pipeline.errors import MissingExtra

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#4a5560"
# A plot's parts have ids made from this, so that the same figures give the same file.
_STYLE = {"svg.fonttype": "none", "svg.hashsalt": "consultguard", "font.family": "sans-serif", "font.size": 9}
_NOTHING_ABOUT_ITSELF = dict.fromkeys(("Date", "Creator", "Format", "Type"))


def require_plots() -> None:
    """Raises MissingExtra naming what to install."""
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingExtra("--html needs the extra eval for its plots: pip install 'consultguard[eval]'")


class Figure:
    """`with Figure(…) as axes`; then `svg` is what was drawn. `width` and `height` in inches."""

    def __init__(self, *, width: float = 4.4, height: float = 3.2) -> None:
        self._size = (width, height)
        self.svg = ""

    def __enter__(self) -> "Axes":
        from matplotlib import rc_context
        from matplotlib.figure import Figure as Sheet

        self._context = rc_context(_STYLE)
        self._context.__enter__()
        self._figure = Sheet(figsize=self._size, layout="constrained")
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


def drawn(svg: str) -> Markup:
    """For a template. Ours, not a transcript's: names in it are set by matplotlib, which escapes them."""
    return Markup(svg)  # noqa: S704
