"""Where a thread spends its time, as a page to read."""

from collections.abc import Callable
from pathlib import Path

from pipeline.errors import MissingExtra


def profiled(run: Callable[[], None], page: Path) -> Callable[[], None]:
    """`run` that also writes `page` (self-contained HTML) when it returns, by samples of the thread it is called on.

    Raises MissingExtra.
    """
    try:
        from pyinstrument import Profiler
    except ImportError as error:
        raise MissingExtra("--profile needs the extra `bench`: pip install 'consultguard[bench]'") from error

    def run_profiled() -> None:
        with Profiler() as profiler:
            run()
        page.write_text(profiler.output_html(), encoding="utf-8")

    return run_profiled
