"""The bytes that are hashed are RFC 8785's, whatever an audit record holds."""

from hashlib import sha256

import orjson
import rfc8785
from hypothesis import given

from pipeline.audit.canonical import canonical, hash_of
from pipeline.audit.chain import link
from pipeline.broker.audit_codec import audit_body
from pipeline.domain.audit import GENESIS, AuditRecord
from tests import strategies


@given(strategies.audit_records, strategies.identifiers)
def test_canonical_bytes_equal_those_of_a_reference_implementation(record: AuditRecord, chain_id: str) -> None:
    # Read back from JSON, as a verifier of another make would have it: plain strings, lists and numbers.
    body = orjson.loads(orjson.dumps(audit_body(record, chain_id=chain_id, head=GENESIS)))

    assert canonical(body) == rfc8785.dumps(body)
    assert hash_of(body) == sha256(rfc8785.dumps(body)).hexdigest()


@given(strategies.audit_records, strategies.identifiers)
def test_a_stored_link_is_verified_by_taking_its_hash_out_and_writing_the_rest_again(
    record: AuditRecord, chain_id: str
) -> None:
    stored, head = link(record, chain_id=chain_id, head=GENESIS)
    body = orjson.loads(stored)

    assert body.pop("hash") == head.hash == sha256(rfc8785.dumps(body)).hexdigest()
