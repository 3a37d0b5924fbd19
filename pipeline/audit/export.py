"""The audit trail in forms that others read: FHIR AuditEvent resources, JSON lines, CSV. One record at a time.

All of them are made from `pipeline.audit.pseudonymous.Entry`, so none holds a transcript's text, a real id or a name.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any, BinaryIO, Literal, assert_never

import orjson

from pipeline.audit.fhir_r4 import audit_event_r4
from pipeline.audit.fhir_r5 import audit_event_r5
from pipeline.audit.fhir_structure import structure_check
from pipeline.audit.pseudonymous import Entry, Pseudonym, pseudonymous
from pipeline.errors import InputError

Form = Literal["fhir-r4", "fhir-r5", "jsonl", "csv"]

COLUMNS = tuple(field.name for field in fields(Entry))
"""The columns of the CSV form, in order. New ones are added at the end; none changes its meaning."""

_SCHEMA = "consult.audit-export/1"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet take a cell for a formula (OWASP, CSV Injection; the wide forms for Excel in Japanese)."""


def export(
    records: Iterable[Mapping[str, Any]],
    *,
    form: Form,
    pseudonym: Pseudonym,
    out: BinaryIO,
    validate: bool | None = None,
) -> int:
    """Write each parsed `consult.audit/1` to `out`, which stays open; returns how many. UTF-8, one record a line.

    - `fhir-r4`, `fhir-r5`: NDJSON of AuditEvent resources, as a FHIR bulk import takes it.
    - `jsonl`: `consult.audit-export/1`, the members of `Entry`.
    - `csv`: RFC 4180 with a heading (`COLUMNS`); categories parted by spaces, details as JSON, a cell that a
      spreadsheet would compute opened by an apostrophe.

    `validate` holds FHIR resources against the published structure: None where the extra `fhir` is installed, True
    always (MissingExtra where it is not), False never. Raises InputError, naming the record's place, where one is no
    audit record or its resource does not validate; what was written before it stands.
    """
    write = _writer(form, validate=validate)
    if form == "csv":
        out.write(_row(COLUMNS))
    count = 0
    for record in records:
        try:
            out.write(write(pseudonymous(record, pseudonym)))
        except InputError as error:
            raise InputError(f"record {count + 1} of the export ({_place(record)}): {error}") from error
        count += 1
    return count


def _writer(form: Form, *, validate: bool | None) -> Callable[[Entry], bytes]:
    match form:
        case "fhir-r4" | "fhir-r5":
            check = None if validate is False else structure_check(form, required=validate is True)
            resource_of = audit_event_r4 if form == "fhir-r4" else audit_event_r5

            def resource_line(entry: Entry) -> bytes:
                resource = resource_of(entry)
                if check is not None:
                    check(resource)
                return orjson.dumps(resource, option=orjson.OPT_APPEND_NEWLINE)

            return resource_line
        case "jsonl":
            return lambda entry: orjson.dumps({"schema": _SCHEMA, **asdict(entry)}, option=orjson.OPT_APPEND_NEWLINE)
        case "csv":
            return lambda entry: _row(_cell(value) for value in asdict(entry).values())
        case _:
            assert_never(form)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case tuple():
            text = " ".join(value)
        case dict():
            text = orjson.dumps(value).decode() if value else ""
        case _:
            text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _row(cells: Iterable[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_MINIMAL).writerow(cells)
    return line.getvalue().encode()


def _place(record: Mapping[str, Any]) -> str:
    chain = record.get("chain")
    return f"chain {chain.get('id')}, seq {chain.get('seq')}" if isinstance(chain, dict) else "without a chain"
