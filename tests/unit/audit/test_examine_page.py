"""The page shows every fact and every question, needs nothing from elsewhere, and runs nothing somebody wrote."""

from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest

from pipeline.audit.examine import ExaminationBuilder, ExaminationScope
from pipeline.audit.examine_page import render_examination
from pipeline.audit.nist import QUESTIONS
from pipeline.audit.working_hours import WorkingHours
from tests.unit.audit.records import COMMAND, EVENTS, NOON_MS, record

ATTACK = "<script>alert('x')</script><img src=//evil.example/a onerror=alert(1)>\"'&{{ 7*7 }}"


class _Page(HTMLParser):
    """The elements with their attributes, the text of each table cell and paragraph, and whether tags match."""

    TEXTUAL = frozenset({"td", "th", "p", "h1", "h2", "h3", "caption"})
    VOID = frozenset({"meta", "br", "img"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.unmatched: list[str] = []
        self.feed(html)
        self.close()
        self.unmatched += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)
        if tag in self.TEXTUAL:
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.unmatched.append(tag)

    def handle_data(self, data: str) -> None:
        if self.TEXTUAL & set(self._open):
            self.texts[-1] += data


def _html(*records: dict[str, Any], verification: dict[str, Any] | None = None, reviews: int = 0, **scope: Any) -> str:
    builder = ExaminationBuilder(ExaminationScope(**scope))
    for each in records:
        builder.add(each)
    for number in range(reviews):
        outcome = "overturned" if number == 0 else "upheld"
        builder.add_review({"outcome": outcome, "reviewer": "reviewer-9", "decided_at_ms": NOON_MS})
    return render_examination(builder.finish(verification=verification))


@cache
def _everything() -> str:
    records = [record(event, recorded_at_ms=NOON_MS + number * 3_600_000) for number, event in enumerate(EVENTS)]
    records.append(record(policy={"id": "hipaa-consult", "version": "2"}, rule="abstained:refused"))
    return _html(
        *records,
        verification={"verified": True, "records": 15},
        reviews=4,
        since_ms=NOON_MS - 86_400_000,
        until_ms=NOON_MS + 86_400_000,
        working_hours=WorkingHours.parse("mon-fri 7-19"),
        known_hosts=frozenset({"another"}),
    )


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.question[:40])
def test_each_question_of_nist_is_on_the_page_with_what_answers_it(question: Any) -> None:
    texts = _Page(_everything()).texts

    place = texts.index(question.question)
    answer, commands, settings, metrics = texts[place + 1 : place + 5]
    assert answer == question.answer
    assert commands == (" ".join(question.commands) or "–")
    assert settings == (" ".join(question.settings) or "–")
    assert metrics == (" ".join(question.metrics) or "–")


def test_key_activities_stand_in_the_order_of_the_publication() -> None:
    texts = _Page(_everything()).texts

    headings = [text for text in texts if text in {question.activity for question in QUESTIONS}]
    assert headings == list(dict.fromkeys(question.activity for question in QUESTIONS))


@pytest.mark.parametrize(
    "fact",
    [
        "2026-01-05",
        "12:00",
        "unsafe",
        "tripwire",
        "phi",
        "refused",
        "not_json",
        "reviewer-9",
        "consult.chunks/2",
        "events/0",
        "gpu-box-17",
        COMMAND,
        "never",
        "hipaa-consult 2",
        "mini 2026-01-02 consultguard/1",
        "breaker_opened",
        "Verified: the trail holds.",
        "version: 2; reason: a person's own words",
        "acts_out_of_hours",
    ],
)
def test_the_page_shows_each_fact(fact: str) -> None:
    assert fact in [text.strip() for text in _Page(_everything()).texts]


def test_the_share_of_overturned_verdicts_is_in_words() -> None:
    (sentence,) = [text for text in _Page(_everything()).texts if text.startswith("People upheld")]

    assert sentence.split() == ["People", "upheld", "3", "verdicts", "and", "overturned", "1", "(25.0", "%)."]


@pytest.mark.parametrize(
    ("verification", "words"),
    [
        (None, "Not checked."),
        ({"verified": False, "flaw": "altered"}, "NOT verified: the trail does not hold."),
        ({"verified": "true"}, "NOT verified: the trail does not hold."),
    ],
)
def test_a_trail_that_was_not_verified_is_never_shown_as_sound(verification: dict[str, Any] | None, words: str) -> None:
    html = _html(record(), verification=verification)

    assert any(text.startswith(words) for text in _Page(html).texts)
    assert "Verified: the trail holds." not in html


def test_what_verification_said_is_on_the_page() -> None:
    texts = _Page(_html(record(), verification={"verified": False, "flaw": "altered", "offset": 17})).texts

    assert texts[texts.index("flaw") + 1] == "altered"
    assert texts[texts.index("offset") + 1] == "17"


def test_what_verification_found_is_in_words() -> None:
    flaws = [{"kind": "altered", "chain": "consult.chunks/2", "seq": 7}, {"kind": "tail_cut", "offset": None}]
    chains = {"events/0": {"records": 3, "began": 0}}
    texts = _Page(_html(verification={"verified": False, "flaws": flaws, "chains": chains, "notes": []})).texts

    found = "kind: altered, chain: consult.chunks/2, seq: 7; kind: tail_cut, offset: –"
    assert texts[texts.index("flaws") + 1] == found
    assert texts[texts.index("chains") + 1] == "events/0: records: 3, began: 0"
    assert texts[texts.index("notes") + 1] == "none"


@pytest.mark.parametrize("html", [_everything(), _html(), _html(record("viewed"))], ids=["all", "nothing", "one act"])
def test_every_tag_is_closed_and_nothing_comes_from_elsewhere(html: str) -> None:
    page = _Page(html)

    assert html.startswith("<!doctype html>")
    assert page.unmatched == []
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "img", "link", "iframe", "object", "form", "a"})
    assert not [attrs for _, attrs in page.elements if {"src", "href", "onerror", "onclick"} & set(attrs)]
    policy = [attrs["content"] for tag, attrs in page.elements if tag == "meta" and "http-equiv" in attrs]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]
    assert "url(" not in html
    assert "@import" not in html


def test_the_longest_bar_is_full_and_the_others_are_in_proportion() -> None:
    page = _Page(_html(*(record(outcome=level) for level in ("safe", "safe", "safe", "safe", "unsafe"))))
    styles = [attrs["style"] for tag, attrs in page.elements if tag == "span"]

    assert "width: 100.0%" in styles
    assert "width: 25.0%" in styles


@pytest.mark.parametrize(
    "changes",
    [
        {"actor": ATTACK},
        {"origin": {"host": ATTACK}},
        {"detail": {ATTACK: ATTACK}},
        {"outcome": ATTACK},
        {"event": ATTACK},
        {"chain": {"id": ATTACK, "seq": 1}},
        {"decided_by": ATTACK, "categories": [ATTACK], "rule": f"abstained:{ATTACK}", "event": "judged"},
        {"policy": {"id": ATTACK}, "model": {"name": ATTACK}},
    ],
    ids=["actor", "host", "detail", "outcome", "event", "chain", "finding", "policy and model"],
)
def test_what_somebody_wrote_is_shown_and_never_run(changes: dict[str, Any]) -> None:
    html = _html(record("viewed") | changes, record("viewed"), working_hours=WorkingHours.parse("sat 8-9"))
    page = _Page(html)

    assert any(ATTACK in text for text in page.texts)
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "img"})
    assert page.unmatched == []


def test_what_verification_and_reviewers_wrote_is_never_run() -> None:
    builder = ExaminationBuilder()
    builder.add_review({"outcome": "overturned", "reviewer": ATTACK, "decided_at_ms": NOON_MS})
    page = _Page(render_examination(builder.finish(verification={"verified": False, ATTACK: ATTACK})))

    assert sum(ATTACK in text for text in page.texts) == 3
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "img"})


def test_times_on_the_page_are_those_of_the_zone() -> None:
    assert "2026-01-05 21:00:00" in _html(record("started"), zone="Asia/Tokyo")
