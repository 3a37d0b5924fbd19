"""structlog, configured once. A line carries ids, levels and timings; protected text is refused wherever it comes from.

Three doors are shut: protected field names are replaced by a marker, exceptions are logged by type and place and never
by message (a library's message may quote its input), and libraries that print record values at debug level are kept
at warning.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

from pipeline.errors import ConsultGuardError

PROTECTED_FIELDS = frozenset(
    {"text", "raw", "name", "speaker", "prompt", "content", "messages", "value", "key", "record", "chunk", "window",
     "turn", "turns", "body", "headers", "reason_text", "ref"}
)  # fmt: skip
"""Field names that hold what was said or who said it. Ids and codes have names of their own."""

_REFUSED = "[protected]"
_QUIET_LIBRARIES = ("kafka", "aiohttp", "asyncio", "urllib3", "botocore", "boto3")


def configure(*, level: str, form: Literal["auto", "json", "console"]) -> None:
    """Send every log line to standard error, one JSON object a line, or readable on a terminal."""
    numeric = logging.getLevelNamesMapping()[level.upper()]
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    renderer: Any = structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            refuse_protected,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    for library in _QUIET_LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING)


def refuse_protected(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace protected fields, and exceptions by their safe description."""
    for field in PROTECTED_FIELDS.intersection(event):
        event[field] = _REFUSED
    fault = _fault_of(event.pop("exc_info", None))
    if fault is not None:
        event["fault"] = fault
    event.pop("stack_info", None)
    for field, value in event.items():
        event[field] = _safe(value)
    return event


def _fault_of(exc_info: object) -> BaseException | None:
    """The exception behind each form of `exc_info` that logging knows: True, an exception, or a triple."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return next((part for part in exc_info if isinstance(part, BaseException)), None)
    return sys.exc_info()[1] if exc_info else None


def _safe(value: Any) -> Any:
    """`value` with what lies inside it treated like the fields of the line itself."""
    match value:
        case BaseException():
            return describe_fault(value)
        case dict():
            return {key: _REFUSED if key in PROTECTED_FIELDS else _safe(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_safe(inner) for inner in value]
        case _:
            return value


def describe_fault(fault: BaseException) -> str:
    """An exception as its type, its message where the message is ours, and where it was raised."""
    frames = traceback.extract_tb(fault.__traceback__)[-3:]
    places = " < ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in reversed(frames))
    said = f": {fault}" if isinstance(fault, ConsultGuardError) else ""
    return f"{type(fault).__name__}{said}" + (f" ({places})" if places else "")
