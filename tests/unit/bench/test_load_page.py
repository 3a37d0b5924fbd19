"""The page of a load run."""

import re

import pytest

from pipeline.bench.latency import Throughput
from pipeline.bench.load_page import render_load
from pipeline.bench.thresholds import Thresholds, held_to
from tests.unit.bench.runs import load_plan, load_run, observed, report_of

pytest.importorskip("matplotlib")


def test_the_page_has_a_plot_of_everything_over_time_and_needs_nothing_from_elsewhere() -> None:
    page = render_load(report_of(load_run(), ceiling=(Throughput(2.0, 2.0), Throughput(2.0, 2.0))))
    assert page.count("<svg") == 5
    assert "share of the judge alone" in page
    assert "<script" not in page
    assert set(re.findall(r'https?://[^"\s]+', page)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_what_is_broken_stands_on_the_page() -> None:
    page = render_load(held_to(report_of(load_run(found=observed(lost=7))), Thresholds()))
    assert '<p class="broken">lost: 7</p>' in page


def test_a_backlog_is_shown_without_latencies() -> None:
    page = render_load(report_of(load_run(), plan=load_plan(steps=())))
    assert page.count("<svg") == 4
    assert "spoken to committed" not in page


def test_a_name_that_looks_like_markup_is_text() -> None:
    run = load_run()
    run.processes = ("<b>worker</b>", "bench")
    page = render_load(report_of(run))
    assert "<b>worker</b>" not in page
    assert "&lt;b&gt;worker&lt;/b&gt;" in page
