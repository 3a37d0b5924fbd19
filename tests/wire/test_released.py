"""What is on the wire is what the schemas say, and what was released is still read."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipeline.audit.chain import link
from pipeline.audit.verify import FlawKind, verify
from pipeline.broker.base import Record, RecordRef
from pipeline.broker.codec import encode_chunk, encode_verdict
from pipeline.cli.schema import app, schema_file
from pipeline.domain.audit import GENESIS, AuditRecord, Latency
from pipeline.domain.transcript import CleanChunk, TranscriptChunk
from pipeline.domain.verdict import Verdict
from pipeline.domain.wire import RELEASED, ChunkV1, VerdictV1
from pipeline.source.decode import decode
from pipeline.testing.builders import build_chunk
from tests import strategies

SCHEMAS = Path(__file__).parents[2] / "schemas"
SAMPLES = sorted((SCHEMAS / "samples").glob("*.json"))
CLOSED = ("consult.audit-checkpoint/1", "consult.audit-proof/1")
"""What is signed, or rests on a signature: a field that is not known is refused."""


def _form(sample: Path) -> str:
    return sample.name.split(".json")[0].rsplit(".", 1)[0].replace("-1", "/1")


def _schema(form: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / schema_file(form)).read_bytes())
    return found


VALIDATORS = {form: jsonschema.Draft202012Validator(_schema(form)) for form in RELEASED}


def _agrees(form: str, value: bytes) -> None:
    """The schema, the model and the field `schema` all say that `value` is of this form."""
    body = json.loads(value)
    VALIDATORS[form].validate(body)
    RELEASED[form].model_validate_json(value)
    assert body["schema"] == form


def test_every_released_form_has_samples() -> None:
    assert {_form(sample) for sample in SAMPLES} == set(RELEASED)


@pytest.mark.parametrize("form", RELEASED)
def test_every_schema_is_a_schema(form: str) -> None:
    jsonschema.Draft202012Validator.check_schema(_schema(form))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_released_sample_is_read_by_its_schema_and_its_model(sample: Path) -> None:
    _agrees(_form(sample), sample.read_bytes())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_with_fields_of_a_later_version_is_still_read_unless_a_signature_vouches_for_all_of_it(
    sample: Path,
) -> None:
    form = _form(sample)
    body = json.loads(sample.read_bytes()) | {"later": {"than": "this"}}

    if form not in CLOSED:
        _agrees(form, orjson.dumps(body))
        return
    assert not VALIDATORS[form].is_valid(body)
    with pytest.raises(ValueError, match="later"):
        RELEASED[form].model_validate_json(orjson.dumps(body))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_schema_and_model_agree_on_what_is_missing_or_of_another_type(sample: Path) -> None:
    """Neither accepts what the other refuses, field by field. Rules across fields are the model's alone."""
    form = _form(sample)
    body = json.loads(sample.read_bytes())
    for field in body:
        wrong_values: tuple[Any, ...] = (None, [[]], {"a": {}}, -1, True)
        damaged = [{key: value for key, value in body.items() if key != field}]
        damaged += [body | {field: wrong} for wrong in wrong_values]
        for one in damaged:
            by_schema = VALIDATORS[form].is_valid(one)
            try:
                RELEASED[form].model_validate_json(orjson.dumps(one))
                by_model = True
            except ValueError:
                by_model = False
            assert by_schema == by_model, (field, one.get(field, "missing"))


@pytest.mark.parametrize("sample", [path for path in SAMPLES if "chunk-1" in path.name], ids=lambda path: path.name)
def test_a_chunk_sample_is_decoded_by_the_worker_and_written_back_the_same(sample: Path) -> None:
    body = json.loads(sample.read_bytes())
    record = Record(RecordRef("consult.chunks", 0, 0), body["consult_id"].encode(), sample.read_bytes(), (), 0)

    chunk = decode(record, max_text_chars=8000)

    assert isinstance(chunk, TranscriptChunk)
    assert json.loads(encode_chunk(chunk)) == body


def test_the_audit_samples_are_one_chain_that_verifies() -> None:
    links = sorted(path for path in SAMPLES if "audit-1.chain" in path.name)
    records = [
        Record(RecordRef("consult.audit", 2, offset), None, path.read_bytes(), (), 0)
        for offset, path in enumerate(links)
    ]

    found = verify(records, chain_id="consult.chunks/2")

    assert (found.records, found.flaw) == (3, None)
    flaw = verify(reversed(records), chain_id="consult.chunks/2").flaw
    assert flaw is not None
    assert flaw.kind == FlawKind.REORDERED


def test_the_audit_samples_verify_by_the_published_rule_alone() -> None:
    """What an outsider does: take `hash` out, write the rest as RFC 8785 says, hash it, compare, follow `prev`."""
    prev = "0" * 64
    for path in sorted(path for path in SAMPLES if "audit-1.chain" in path.name):
        body = json.loads(path.read_bytes())
        claimed = body.pop("hash")
        assert sha256(rfc8785.dumps(body)).hexdigest() == claimed
        assert body["chain"]["prev"] == prev
        prev = claimed
    # Frozen: a released chain never changes.
    assert prev == "431d914cb2940d6517606e9e63d187f36be7b8a4936e03d38559a77bc667a3e4"


def test_the_checkpoint_and_proof_samples_are_the_published_vectors() -> None:
    """One set of signed bytes, so that who writes a verifier meets no second key."""
    samples = {path.name: path.read_bytes() for path in SAMPLES}
    vectors = SCHEMAS / "vectors" / "audit-trail"

    assert samples["consult.audit-checkpoint-1.first.json"] == (vectors / "checkpoint-0.json").read_bytes()
    assert samples["consult.audit-checkpoint-1.next.json"] == (vectors / "checkpoint-1.json").read_bytes()
    assert samples["consult.audit-proof-1.full.json"] == (vectors / "proof.json").read_bytes()


@pytest.mark.parametrize("form", RELEASED)
def test_a_later_version_is_not_taken_for_this_one(form: str) -> None:
    sample = next(path for path in SAMPLES if _form(path) == form)
    body = json.loads(sample.read_bytes()) | {"schema": form.replace("/1", "/2")}

    assert not VALIDATORS[form].is_valid(body)


chunks = st.builds(
    build_chunk,
    strategies.text,
    consult_id=strategies.identifiers,
    seq=st.integers(0, 10**12),
    language=st.none() | st.text(st.characters(codec="utf-8"), max_size=35),
)


@given(chunks, st.none() | strategies.probabilities)
def test_every_chunk_written_is_of_the_released_form(chunk: TranscriptChunk, asr_confidence: float | None) -> None:
    value = encode_chunk(replace(chunk, asr_confidence=asr_confidence))

    _agrees("consult.chunk/1", value)
    assert ChunkV1.model_validate_json(value).to_domain() == replace(chunk, asr_confidence=asr_confidence)


@given(strategies.verdicts, chunks, strategies.latencies, st.integers(0, 4_000_000_000_000))
def test_every_verdict_written_is_of_the_released_form(
    verdict: Verdict, chunk: TranscriptChunk, latency: Latency, judged_at_ms: int
) -> None:
    clean = CleanChunk(chunk, chunk.text, tuple(range(len(chunk.text) + 1)), "exact/1")

    value = encode_verdict(verdict, verdict_id="vrd_1", clean=clean, judged_at_ms=judged_at_ms, latency=latency)

    _agrees("consult.verdict/1", value)
    read = VerdictV1.model_validate_json(value)
    assert (read.risk_level, read.text, read.seq) == (verdict.level, chunk.text, chunk.seq)


@given(strategies.audit_records, strategies.identifiers)
def test_every_audit_record_written_is_of_the_released_form(record: AuditRecord, chain_id: str) -> None:
    value, _ = link(record, chain_id=chain_id, head=GENESIS)

    _agrees("consult.audit/1", value)


@given(strategies.audit_records, strategies.verdicts, strategies.text)
def test_no_audit_record_carries_the_models_own_words(record: AuditRecord, verdict: Verdict, words: str) -> None:
    telling, silent = (replace(record, verdict=replace(verdict, reason=reason)) for reason in (words, ""))

    assert link(telling, chain_id="c", head=GENESIS) == link(silent, chain_id="c", head=GENESIS)


def test_the_command_finds_no_drift_between_schemas_samples_and_code() -> None:
    told = CliRunner().invoke(app, ["check", "--dir", str(SCHEMAS)])

    assert told.exit_code == 0, told.output


def test_the_command_finds_a_schema_that_drifted_and_a_sample_no_longer_read(tmp_path: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["write", "--dir", str(tmp_path)]).exit_code == 0
    (tmp_path / "samples").mkdir()
    for sample in SAMPLES:
        (tmp_path / "samples" / sample.name).write_bytes(sample.read_bytes())
    assert runner.invoke(app, ["check", "--dir", str(tmp_path)]).exit_code == 0

    drifted = tmp_path / schema_file("consult.chunk/1")
    drifted.write_bytes(drifted.read_bytes().replace(b'"text"', b'"words"'))
    (tmp_path / "samples" / "consult.review-1.upheld.json").write_text('{"schema": "consult.review/1"}')
    told = runner.invoke(app, ["check", "--dir", str(tmp_path)])

    assert told.exit_code == 1
    assert "consult.chunk-1.schema.json: differs" in told.output
    assert "consult.review-1.upheld.json: no longer read" in told.output
