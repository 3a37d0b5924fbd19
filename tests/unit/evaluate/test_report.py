"""The report: limits, the dearest errors, and the page."""

import re
from collections.abc import Sequence
from contextlib import nullcontext
from html.parser import HTMLParser

import pytest

from pipeline.domain.judgment import ModelIdentity
from pipeline.errors import InputError, MissingExtra
from pipeline.evaluate.agreement import agreement
from pipeline.evaluate.figure import require_plots
from pipeline.evaluate.judged import Judged
from pipeline.evaluate.page import render
from pipeline.evaluate.report import Engine, Report, engine_report
from pipeline.evaluate.systems import compare
from pipeline.evaluate.thresholds import broken, parse_limit, require_rows
from tests.unit.evaluate.rows import CONTESTED, PHI, SAFE, UNSAFE, judged, scores

ROWS = [
    judged(SAFE, SAFE, scores=scores(0.9), identifier="a"),
    judged(SAFE, CONTESTED, scores=scores(0.6), identifier="b"),
    judged(UNSAFE, SAFE, PHI, scores=scores(0.95), identifier="c"),
    judged(UNSAFE, UNSAFE, PHI, scores=scores(0.1), identifier="d", lang="zh", named=(PHI,)),
    judged(None, UNSAFE, scores=scores(0.1), identifier="talk:1"),
]
TEXT = "It still hurts when I bend."


def engine(rows: Sequence[Judged] = ROWS, *, show_text: bool = False, judge: str = "embedded") -> Engine:
    return engine_report(rows, judge=judge, model=ModelIdentity("m", "1", "p/1"), seconds=1.0, show_text=show_text)


def report(*engines: Engine) -> Report:
    return Report(
        datasets={"set": len(ROWS)},
        policy="hipaa-consult/1",
        tripwires=True,
        engines=engines,
        agreement=agreement(ROWS, ROWS, names=("embedded", "vllm")),
        systems=compare([("them", ROWS), ("us", ROWS)], reference="them"),
        broken=("embedded: error is 0.5, above 0.1",),
    )


def test_languages_are_groups_and_unlabelled_rows_are_none_of_them() -> None:
    found = engine()
    assert {name: group.rows for name, group in found.groups.items()} == {"all": 4, "en": 3, "zh": 1}
    assert {name: mix.rows for name, mix in found.natural.items()} == {"set": 1}


def test_the_dearest_error_comes_first_and_shows_its_text_only_on_request() -> None:
    assert [(one.id, one.text) for one in engine().worst] == [("c", None), ("b", None)]
    assert engine(show_text=True).worst[0].text == TEXT


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ("unsafe_to_safe=0.5", ()),
        ("unsafe_to_safe=0.4", ("embedded: unsafe_to_safe is 0.5, above 0.4",)),
        ("en.unsafe_to_safe=0.5", ("embedded: en.unsafe_to_safe is 1, above 0.5",)),
        ("zh.unsafe_to_safe=0", ()),
        ("unsafe=0.1", ("embedded: set.unsafe is 1, above 0.1",)),
        ("set.contested=0.1", ()),
        ("brier=2", ()),
    ],
)
def test_a_limit_breaks_where_its_own_figure_is_above_it(limit: str, told: tuple[str, ...]) -> None:
    assert broken(parse_limit(limit), engine()) == told


@pytest.mark.parametrize("limit", ["fr.unsafe_to_safe=1", "zh.safe_to_unsafe=1", "other.contested=1"])
def test_a_limit_on_nothing_is_refused(limit: str) -> None:
    with pytest.raises(InputError, match="no row to measure it on"):
        broken(parse_limit(limit), engine())


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ("unsafe_to_safe=1", False),
        ("zh.brier=1", False),
        ("set.unsafe=1", False),
        ("fr.error=1", True),
        ("x.safe=1", True),
    ],
)
def test_a_limit_on_a_group_that_is_not_there_is_told_before_the_judging(limit: str, told: bool) -> None:
    cases = [one.case for one in ROWS]
    with pytest.raises(InputError, match="no row") if told else nullcontext():
        require_rows(parse_limit(limit), cases)


@pytest.mark.parametrize("text", ["unsafe_to_safe", "unsafe_to_safe=x", "unsafe_to_safe=nan", "leaks=1", "error=-1"])
def test_a_limit_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"wants NAME=NUMBER|not a number"):
        parse_limit(text)


class _References(HTMLParser):
    """What a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        fetching = {"src", "href", "xlink:href", "srcset", "data", "action"}
        self.found += [value or "" for name, value in attrs if name in fetching]


def page(*engines: Engine) -> str:
    pytest.importorskip("matplotlib", reason="the extra eval is not installed")
    return render(report(*engines), {one.judge: ROWS for one in engines})


def test_the_page_needs_nothing_from_elsewhere() -> None:
    html = page(engine(), engine(judge="vllm"))
    references = _References()
    references.feed(html)
    assert "svg" in references.tags
    assert not references.tags & {"script", "link", "img", "iframe", "object", "embed"}
    assert all(value.startswith("#") for value in references.found)
    assert set(re.findall(r"url\((.)", html)) <= {"#"}
    assert "@import" not in html
    # Names of XML's own dialects are no addresses to fetch.
    assert set(re.findall(r"https?://[^\s\"'<>]+", html)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_the_page_has_texts_only_on_request_and_never_as_markup() -> None:
    assert TEXT not in page(engine())
    assert TEXT in page(engine(show_text=True))
    marked = [judged(UNSAFE, SAFE, PHI, scores=scores(0.9), identifier="<script>x</script>")]
    html = page(engine(marked))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_the_same_figures_make_the_same_page() -> None:
    assert page(engine()) == page(engine())


def test_an_evaluation_of_natural_talk_alone_has_a_page() -> None:
    pytest.importorskip("matplotlib", reason="the extra eval is not installed")
    alone = engine([judged(None, SAFE, identifier="talk:1")])
    html = render(Report({"talk": 1}, "p/1", True, (alone,)), {"embedded": []})
    assert "Natural talk" in html


def test_missing_plots_are_told_with_the_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(MissingExtra, match=r"consultguard\[eval\]"):
        require_plots()
