"""What was said never reaches a log line, whichever way it is handed over."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import BrokerUnavailable, ConsultGuardError
from pipeline.log import PROTECTED_FIELDS, configure, describe_fault, refuse_protected

SAID = "my name is Odo Quill"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    stream = StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure(level="info", form="json")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()


Lines = Callable[[], list[dict[str, Any]]]


def test_a_line_is_one_json_object_with_event_level_and_time(lines: Lines) -> None:
    structlog.get_logger().info("verdict_emitted", consult_id="c-1", latency_ms=3)

    (line,) = lines()
    assert (line["event"], line["level"], line["consult_id"], line["latency_ms"]) == (
        "verdict_emitted",
        "info",
        "c-1",
        3,
    )
    assert line["timestamp"].endswith("Z")


def test_lines_below_the_level_are_not_written(lines: Lines) -> None:
    structlog.get_logger().debug("detail")

    assert lines() == []


@pytest.mark.parametrize("field", sorted(PROTECTED_FIELDS))
def test_a_protected_field_is_replaced_by_a_marker(field: str, lines: Lines) -> None:
    structlog.get_logger().info("chunk_read", **{field: SAID})
    structlog.get_logger().bind(**{field: SAID}).warning("chunk_read")

    assert [line[field] for line in lines()] == ["[protected]"] * 2


def test_a_protected_field_inside_a_value_is_replaced_too(lines: Lines) -> None:
    structlog.get_logger().info("chunk_read", detail={"text": SAID, "seq": 1}, found=[{"speaker": SAID}])

    (line,) = lines()
    assert line["detail"] == {"text": "[protected]", "seq": 1}
    assert line["found"] == [{"speaker": "[protected]"}]


def _foreign() -> ValueError:
    try:
        raise ValueError(SAID)
    except ValueError as error:
        return error


@pytest.mark.parametrize(
    "fields",
    [
        {"fault": _foreign()},
        {"exc_info": _foreign()},
        {"exc_info": (ValueError, _foreign(), None)},
        {"faults": [_foreign(), (_foreign(),)]},
        {"detail": {"cause": _foreign()}},
    ],
)
def test_a_foreign_exception_is_logged_by_type_and_never_by_message(fields: dict[str, Any], lines: Lines) -> None:
    structlog.get_logger().error("broken", **fields)

    (line,) = lines()
    assert SAID not in json.dumps(line)
    assert "ValueError" in json.dumps(line)


def test_an_exception_being_handled_is_logged_by_type_and_place(lines: Lines) -> None:
    try:
        raise ValueError(SAID)
    except ValueError:
        structlog.get_logger().exception("broken")

    (line,) = lines()
    assert line["fault"].startswith("ValueError (test_log.py:")
    assert SAID not in json.dumps(line)


def test_our_own_exception_is_logged_with_its_message_and_without_its_causes(lines: Lines) -> None:
    try:
        raise BrokerUnavailable("no broker answered in 3 s") from _foreign()
    except BrokerUnavailable as error:
        structlog.get_logger().warning("broker_unavailable", fault=error)

    (line,) = lines()
    assert line["fault"].startswith("BrokerUnavailable: no broker answered in 3 s (")
    assert SAID not in json.dumps(line)


def test_every_exception_of_ours_says_its_message_and_no_other_does() -> None:
    assert describe_fault(ConsultGuardError("ours")) == "ConsultGuardError: ours"
    assert describe_fault(KeyError("theirs")) == "KeyError"


@given(st.dictionaries(st.sampled_from(sorted(PROTECTED_FIELDS)) | st.text(max_size=5), st.integers(), max_size=5))
def test_every_other_field_is_left_as_it_is(event: dict[str, Any]) -> None:
    kept = {name: value for name, value in event.items() if name not in PROTECTED_FIELDS}

    found = refuse_protected(None, "info", dict(event))

    assert {name: value for name, value in found.items() if name not in PROTECTED_FIELDS} == kept
    assert set(found) == set(event)


def test_libraries_that_print_values_at_debug_are_kept_at_warning(lines: Lines) -> None:
    assert {logging.getLogger(name).level for name in ("kafka", "aiohttp", "asyncio", "urllib3")} == {logging.WARNING}
