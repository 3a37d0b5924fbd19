"""What leaves the building is valid, says what happened, and names nobody."""

import contextlib
import csv
import io
from typing import Any, get_args

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.audit.export import COLUMNS, Form, export
from pipeline.audit.pseudonymous import pseudonymizer
from pipeline.domain.audit import AuditEvent
from pipeline.errors import InputError, SettingsError
from tests.unit.audit.records import COMMAND, CONSULT, EVENTS, REVIEWER, WORKER, first_version, record

FORMS: tuple[Form, ...] = get_args(Form)
FHIR_FORMS: tuple[Form, ...] = ("fhir-r4", "fhir-r5")
PSEUDONYM = pseudonymizer(b"k" * 32)
BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."


def _written(*records: dict[str, Any], form: Form, validate: bool | None = True) -> str:
    out = io.BytesIO()
    assert export(records, form=form, pseudonym=PSEUDONYM, out=out, validate=validate) == len(records)
    return out.getvalue().decode()


def _resource(body: dict[str, Any], form: Form) -> dict[str, Any]:
    resource: dict[str, Any] = orjson.loads(_written(body, form=form))
    return resource


def _rows(*records: dict[str, Any]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(_written(*records, form="csv"), newline="")))


def test_the_records_of_these_tests_are_of_every_event_there_is() -> None:
    assert set(EVENTS) == {str(event) for event in AuditEvent}


@pytest.mark.parametrize("form", FHIR_FORMS)
@pytest.mark.parametrize("event", [*EVENTS, "an_event_of_a_later_version"])
@pytest.mark.parametrize("actor", [WORKER, COMMAND, REVIEWER])
@pytest.mark.parametrize("of_first_version", [False, True])
def test_every_event_becomes_a_valid_audit_event(event: str, actor: str, of_first_version: bool, form: Form) -> None:
    body = record(event, actor=actor)

    resource = _resource(first_version(body) if of_first_version else body, form)

    assert resource["resourceType"] == "AuditEvent"
    assert sum(agent["requestor"] for agent in resource["agent"]) == 1


@pytest.mark.parametrize("form", FHIR_FORMS)
def test_validation_fails_for_what_is_no_audit_event(form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"pipeline.audit.export.audit_event_{form[-2:]}", lambda _: {"resourceType": "AuditEvent"})

    with pytest.raises(InputError, match=r"chain consult\.chunks/2, seq 7.*not a valid AuditEvent at .*agent"):
        _written(record(), form=form)


def test_without_validation_nothing_is_held_against_the_structure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.audit.export.audit_event_r4", lambda _: {"resourceType": "Nothing"})

    assert _written(record(), form="fhir-r4", validate=False) == '{"resourceType":"Nothing"}\n'


@pytest.mark.parametrize(
    ("event", "family", "action", "outcome"),
    [
        ("judged", "110113", "E", "8"),
        ("skipped", "110100", "E", "0"),
        ("duplicate", "110100", "E", "0"),
        ("dead_lettered", "110107", "C", "4"),
        ("started", "110100", "E", "0"),
        ("stopped", "110100", "E", "0"),
        ("configuration_changed", "110113", "U", "0"),
        ("policy_changed", "110113", "U", "0"),
        ("key_rotated", "110113", "U", "0"),
        ("breaker_opened", "110100", "E", "8"),
        ("breaker_closed", "110100", "E", "0"),
        ("verified", "110101", "R", "0"),
        ("exported", "110106", "R", "0"),
        ("erased", "rest", "D", "0"),
        ("viewed", "rest", "R", "0"),
    ],
)
def test_family_action_and_outcome_are_the_same_in_both_releases(
    event: str, family: str, action: str, outcome: str
) -> None:
    r4, r5 = (_resource(record(event), form) for form in FHIR_FORMS)

    assert (r4["type"]["code"], r4["action"], r4["outcome"]) == (family, action, outcome)
    assert (r5["category"][0]["coding"][0]["code"], r5["action"], r5["outcome"]["code"]["code"]) == (
        family,
        action,
        outcome,
    )
    assert r4["subtype"] == r5["code"]["coding"]
    assert r4["subtype"][-1] == {
        "system": "urn:consultguard:audit-event",
        "code": event,
        "display": event.replace("_", " "),
    }


@pytest.mark.parametrize(("level", "code"), [("safe", "0"), ("contested", "4"), ("unsafe", "8")])
def test_a_verdict_that_holds_a_chunk_back_is_a_failure_to_pass(level: str, code: str) -> None:
    assert _resource(record(outcome=level), "fhir-r4")["outcome"] == code


@pytest.mark.parametrize("outcome", ["flawed", "unverified", "anything_new"])
def test_a_verification_is_a_success_only_where_its_outcome_says_so(outcome: str) -> None:
    assert _resource(record("verified", outcome=outcome), "fhir-r4")["outcome"] == "8"


def test_a_look_at_a_consultation_follows_the_patient_read_pattern() -> None:
    resource = _resource(record("viewed", actor=REVIEWER), "fhir-r4")

    assert resource["meta"]["profile"] == [BALP + "PatientRead"]
    assert {"system": "http://hl7.org/fhir/restful-interaction", "code": "read", "display": "read"} in resource[
        "subtype"
    ]
    client, server, user = (_agent(resource, code) for code in ("110152", "110153", "IRCP"))
    assert client["network"]
    assert server["network"]
    assert user["requestor"] is True
    assert "network" not in user
    _assert_patient_and_one_thing(resource)


@pytest.mark.parametrize("form", FHIR_FORMS)
def test_who_ran_a_command_asked_for_it_and_not_the_command(form: Form) -> None:
    command, person = _resource(record("verified"), form)["agent"]

    assert command["who"]["display"] == "consultguard-audit/0.1.0"
    assert (command["requestor"], person["requestor"]) == (False, True)
    assert person["who"]["identifier"] == {"system": "urn:consultguard:person", "value": PSEUDONYM("r.osei@laptop-3")}


@pytest.mark.parametrize("form", FHIR_FORMS)
def test_a_worker_acts_by_itself(form: Form) -> None:
    (worker,) = _resource(record("started", actor=WORKER), form)["agent"]

    assert worker["requestor"] is True
    assert worker["who"]["identifier"]["value"] == PSEUDONYM("north-ward-1")


def test_a_worker_that_ended_of_itself_is_a_major_failure() -> None:
    assert _resource(record("stopped", outcome="fault"), "fhir-r4")["outcome"] == "12"
    assert _resource(record("stopped", outcome="fault"), "fhir-r5")["severity"] == "error"


def test_an_erasure_follows_the_patient_delete_pattern() -> None:
    resource = _resource(record("erased", actor=REVIEWER), "fhir-r4")

    assert resource["meta"]["profile"] == [BALP + "PatientDelete"]
    assert [coding["code"] for coding in resource["subtype"]] == ["delete", "erased"]
    assert _agent(resource, "110150")["network"]
    assert _agent(resource, "custodian")["network"]
    assert _agent(resource, "AUT")["requestor"] is True
    _assert_patient_and_one_thing(resource)


@pytest.mark.parametrize("form", FHIR_FORMS)
def test_an_erasure_that_is_only_asked_for_deletes_nothing(form: Form) -> None:
    resource = _resource(record("erased", outcome="asked"), form)

    assert resource["action"] == "E"
    assert "meta" not in resource
    assert "delete" not in _written(record("erased", outcome="asked"), form=form)


@pytest.mark.parametrize(("event", "outcome"), [("erased", "unfinished"), ("key_rotated", "incomplete")])
def test_what_was_done_in_part_is_a_minor_failure_and_claims_no_pattern(event: str, outcome: str) -> None:
    resource = _resource(record(event, outcome=outcome), "fhir-r4")

    assert resource["outcome"] == "4"
    assert "meta" not in resource


def test_handing_a_consultation_on_follows_the_disclosure_pattern() -> None:
    body = record("exported", consult_id=CONSULT, detail={"recipient": "ehr.clinic.example"})
    resource = _resource(body, "fhir-r4")

    assert resource["meta"]["profile"] == [BALP + "PrivacyDisclosure.Source"]
    assert resource["type"]["code"] == "110106"
    assert "disclose" in [coding["code"] for coding in resource["subtype"]]
    assert _agent(resource, "110153")["who"] == resource["source"]["observer"]
    assert _agent(resource, "110152")["who"]["identifier"]["value"] == PSEUDONYM("ehr.clinic.example")
    _assert_patient_and_one_thing(resource)


@pytest.mark.parametrize(
    "changes",
    [{"consult_id": None}, {"origin": None}, {"outcome": "refused"}],
    ids=["no consultation", "no host", "it did not happen"],
)
@pytest.mark.parametrize("event", ["viewed", "erased", "exported"])
def test_no_pattern_is_claimed_that_is_not_met(event: str, changes: dict[str, Any]) -> None:
    assert "meta" not in _resource(record(event) | {"detail": {"recipient": "ehr"}} | changes, "fhir-r4")


def test_r5_names_patient_and_encounter_by_pseudonym() -> None:
    resource = _resource(record(), "fhir-r5")

    assert resource["patient"]["identifier"]["value"] == PSEUDONYM(CONSULT)
    assert resource["encounter"]["identifier"]["value"] == PSEUDONYM(CONSULT)
    assert resource["severity"] == "warning"


def test_details_carry_finding_policy_model_and_place_in_the_input() -> None:
    details = {one["type"]: one["valueString"] for one in _resource(record(), "fhir-r4")["entity"][-1]["detail"]}

    assert details["rule"] == "tripwire"
    assert details["categories"] == "phi"
    assert details["policy"] == "hipaa-consult 1"
    assert details["model"] == "mini 2026-01-02"
    assert details["score unsafe"] == "0.5"
    assert details["input offset"] == "1093"


def test_details_that_can_only_be_codes_stay_and_all_others_are_pseudonyms() -> None:
    detail = {"groups": "worker cache", "flaws": "2", "from": "hipaa-consult/1", "judge": "two words?", "reason": "2"}
    line = orjson.loads(_written(record("configuration_changed", detail=detail), form="jsonl"))

    kept = {"groups": "worker cache", "flaws": "2", "from": "hipaa-consult/1"}
    assert line["detail"] == kept | {"judge": PSEUDONYM("two words?"), "reason": PSEUDONYM("2")}


def test_a_number_beyond_32_bits_is_written_as_a_string_in_r5() -> None:
    source = {"topic": "consult.chunks", "partition": 2, "offset": 2**40}
    details = _resource(record(source=source), "fhir-r5")["entity"][-1]["detail"]

    assert {"type": {"text": "input offset"}, "valueString": str(2**40)} in details
    assert {"type": {"text": "input partition"}, "valueInteger": 2} in details


def test_the_same_record_has_the_same_id_again_and_another_record_another() -> None:
    first, again, other = (
        _resource(first_version(body), "fhir-r4")["id"]
        for body in (record(), record(), record(chain={"id": "consult.chunks/2", "seq": 8}))
    )

    assert first == again != other


SECRET_TEXT = "Mrs Okonjo said the lump is back"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("event", EVENTS)
def test_no_form_holds_an_id_a_name_a_hash_or_a_sealed_part(event: str, form: Form) -> None:
    body = record(event, actor=REVIEWER, text=SECRET_TEXT, raw={"text": SECRET_TEXT}, outcome=SECRET_TEXT)
    body["detail"] = {"reason": SECRET_TEXT, "version": SECRET_TEXT, SECRET_TEXT: "1", "path": "/srv/okonjo"}

    written = _written(body, record(event), form=form)

    hidden = [
        SECRET_TEXT,
        "okonjo",
        CONSULT,
        "chk_visit_42",
        "vrd_visit_42",
        REVIEWER,
        "north-ward-1",
        "r.osei",
        "laptop-3",
    ]
    hidden += ["gpu-box-17", f"evt-{event}-1", "ab" * 32, "cd" * 32, "k-83ab", "c2VhbGVkdGV4dA", "bm9uY2Vub25jZQ"]
    assert [value for value in hidden if value.lower() in written.lower()] == []


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(sorted(record())),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
            max_leaves=5,
        ),
        max_size=4,
    ),
    st.sampled_from(FORMS),
)
def test_a_record_of_any_shape_is_written_or_refused_and_never_a_crash(changes: dict[str, Any], form: Form) -> None:
    with contextlib.suppress(InputError):
        assert _written(record() | changes, form=form)


@pytest.mark.parametrize("field", ["chain", "event", "outcome", "recorded_at_ms"])
def test_what_is_no_audit_record_is_refused_by_its_place(field: str) -> None:
    body = record()
    del body[field]

    with pytest.raises(InputError, match=rf"record 2 of the export .*: not an audit record: {field}"):
        _written(record(), body, form="jsonl")


def test_csv_has_the_documented_columns_in_order_and_one_row_a_record() -> None:
    heading, *rows = _written(record(), record("stopped"), form="csv").split("\r\n")

    assert heading == ",".join(COLUMNS)
    assert len(rows) == 3
    assert rows[-1] == ""
    assert COLUMNS[:6] == ("chain_id", "chain_seq", "event_id", "event", "outcome", "recorded_at")


def test_csv_keeps_findings_and_times() -> None:
    (row,) = _rows(record(categories=["phi", "jailbreak"]))

    assert row["recorded_at"] == "2026-01-05T12:00:00.000Z"
    assert row["categories"] == "phi jailbreak"
    assert row["latency_total_ms"] == "60"
    assert row["sealed"] == "true"
    assert orjson.loads(row["detail"]) == {"version": "2", "reason": PSEUDONYM("a person's own words")}


@pytest.mark.parametrize("opening", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_of_the_csv_can_be_taken_for_a_formula(opening: str) -> None:
    out = io.BytesIO()
    export([record()], form="csv", pseudonym=lambda _: f'{opening}HYPERLINK("x";"y")', out=out)
    (row,) = csv.DictReader(io.StringIO(out.getvalue().decode(), newline=""))

    assert row["consult"] == f'\'{opening}HYPERLINK("x";"y")'
    assert not any(cell.startswith(opening) for cell in row.values())


def test_json_lines_and_csv_have_the_same_members() -> None:
    line = orjson.loads(_written(record(), form="jsonl"))

    assert tuple(line) == ("schema", *COLUMNS)
    assert line["schema"] == "consult.audit-export/1"


@pytest.mark.parametrize("form", FORMS)
def test_records_are_written_while_they_are_read(form: Form) -> None:
    out = io.BytesIO()
    seen: list[int] = []

    def records() -> Any:
        for _ in range(3):
            seen.append(len(out.getvalue()))
            yield record()

    export(records(), form=form, pseudonym=PSEUDONYM, out=out)

    assert seen == sorted(set(seen))


def test_pseudonyms_are_32_hex_digits_that_depend_on_value_and_secret() -> None:
    other = pseudonymizer(b"o" * 32)

    assert PSEUDONYM("visit-1") == PSEUDONYM("visit-1") != PSEUDONYM("visit-2")
    assert PSEUDONYM("visit-1") != other("visit-1")
    assert len(PSEUDONYM("visit-1")) == 32
    assert int(PSEUDONYM("visit-1"), 16)


def test_a_short_secret_for_pseudonyms_is_refused() -> None:
    with pytest.raises(SettingsError, match="has 31 bytes; it needs 32"):
        pseudonymizer(b"k" * 31)


def _agent(resource: dict[str, Any], code: str) -> dict[str, Any]:
    (agent,) = (each for each in resource["agent"] if each["type"]["coding"][0]["code"] == code)
    return dict(agent)


def _assert_patient_and_one_thing(resource: dict[str, Any]) -> None:
    """BALP: exactly one entity of type Person, in role Patient, a reference to a Patient; exactly one System Object."""
    by_type = [(entity["type"]["code"], entity["role"]["code"]) for entity in resource["entity"]]
    assert by_type.count(("1", "1")) == 1
    assert [kind for kind, _ in by_type].count("2") == 1
    patient = next(entity for entity in resource["entity"] if entity["type"]["code"] == "1")
    assert patient["what"]["type"] == "Patient"
    assert patient["what"]["identifier"]["value"] == PSEUDONYM(CONSULT)
    assert set(patient) == {"what", "type", "role"}
