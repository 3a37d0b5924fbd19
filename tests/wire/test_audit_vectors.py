"""The published test vectors of the audit trail, by their README's rules alone, and then by ConsultGuard.

The first half is a verifier of somebody else's: it imports nothing of ours.
"""

import json
from base64 import b64decode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from pipeline.audit.checkpoint import read
from pipeline.audit.checkpoint_series import follow
from pipeline.audit.proof import Disproved, verify_proof
from pipeline.audit.verify import Signed, verify
from pipeline.broker.base import Record, RecordRef
from tests.wire.audit_vectors import vectors

FOLDER = Path(__file__).parents[2] / "schemas" / "vectors" / "audit-trail"
CASES = json.loads((FOLDER / "cases.json").read_bytes())
CHAIN = "consult.chunks/0"
ZEROS = "0" * 64
Found = tuple[str, int] | None
"""The rule that is broken, and at which number."""


def _file(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def _key() -> Ed25519PublicKey:
    key = load_pem_public_key(_file("public-key.pem"))
    assert isinstance(key, Ed25519PublicKey)
    return key


def _canonical(body: Any) -> bytes:
    """RFC 8785, for what is in these files: ASCII keys and whole numbers."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _hash_of_record(value: bytes) -> str | None:
    """R1."""
    body = json.loads(value)
    claimed = body.pop("hash", None)
    clear = _canonical(body)
    stored = clear[:-1] + b',"hash":"' + str(claimed).encode() + b'"}'
    return claimed if sha256(clear).hexdigest() == claimed and stored == value else None


def _leaf(digest: str) -> bytes:
    return sha256(b"\x00" + bytes.fromhex(digest)).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def _root(leaves: list[bytes]) -> bytes:
    """The tree as RFC 9162 defines it."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return _node(_root(leaves[:split]), _root(leaves[split:]))


def _root_by_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """From the root down, by the tree's own definition; None where the path is of another length."""
    if size == 1:
        return leaf if not path else None
    if not path:
        return None
    split = 1 << (size - 1).bit_length() - 1
    if index < split:
        inner = _root_by_path(leaf, index, split, path[:-1])
        return None if inner is None else _node(inner, path[-1])
    inner = _root_by_path(leaf, index - split, size - split, path[:-1])
    return None if inner is None else _node(path[-1], inner)


def _checkpoint(value: bytes) -> dict[str, Any] | None:
    """C1."""
    body: dict[str, Any] = json.loads(value)
    if _canonical(body) != value:
        return None
    signature = b64decode(body.pop("signature"), validate=True)
    raw = _key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    try:
        _key().verify(signature, _canonical(body))
    except InvalidSignature:
        return None
    for chain in body["chains"]:
        folded = [bytes.fromhex(found) for found in chain["frontier"]]
        while len(folded) > 1:
            folded[-2:] = [_node(*folded[-2:])]
        if folded[0].hex() != chain["root"]:
            return None
    return body if body["key"] == sha256(raw).hexdigest()[:16] else None


def _check_chain(values: list[bytes]) -> Found:
    hashes: list[str] = []
    for number, value in enumerate(values):
        found = _hash_of_record(value)
        if found is None:
            return "R1", number
        chain = json.loads(value)["chain"]
        if chain["id"] != CHAIN:
            return "R2", number
        if chain["seq"] != number:
            return "R3", number
        if chain["prev"] != (hashes[-1] if hashes else ZEROS):
            return "R4", number
        hashes.append(found)
    (signed,) = json.loads(_file("checkpoint-1.json"))["chains"]
    size = signed["size"]
    if len(hashes) < size:
        return "R5", len(hashes)
    if hashes[size - 1] != signed["head"] or _root([_leaf(one) for one in hashes[:size]]).hex() != signed["root"]:
        return "R5", size - 1
    return None


def _check_checkpoints(values: list[bytes]) -> Found:
    before: dict[str, Any] = {"issued_at_ms": 0, "chains": []}
    prev = ZEROS
    for number, value in enumerate(values):
        found = _checkpoint(value)
        if found is None:
            return "C1", number
        if found["seq"] != number:
            return "C2", number
        if found["prev"] != prev:
            return "C3", number
        if found["issued_at_ms"] < before["issued_at_ms"]:
            return "C4", number
        sizes = {chain["id"]: chain["size"] for chain in found["chains"]}
        if any(sizes.get(chain["id"], -1) < chain["size"] for chain in before["chains"]):
            return "C5", number
        before, prev = found, sha256(value).hexdigest()
    return None


def _check_proof(value: bytes) -> str | None:
    body = json.loads(value)
    fields = {"schema", "record", "chain", "index", "size", "path", "checkpoint"}
    if _canonical(body) != value or body.keys() != fields or body["schema"] != "consult.audit-proof/1":
        return "P1"
    digest = _hash_of_record(body["record"].encode())
    if digest is None:
        return "P2"
    place = json.loads(body["record"])["chain"]
    if (place["id"], place["seq"]) != (body["chain"], body["index"]):
        return "P3"
    checkpoint = _checkpoint(body["checkpoint"].encode())
    if checkpoint is None:
        return "P4"
    covered = {chain["id"]: chain for chain in checkpoint["chains"]}.get(body["chain"])
    if covered is None or covered["size"] != body["size"] or not 0 <= body["index"] < body["size"]:
        return "P5"
    path = [bytes.fromhex(found) for found in body["path"]]
    root = _root_by_path(_leaf(digest), body["index"], body["size"], path)
    return None if root is not None and root.hex() == covered["root"] else "P6"


def _of(kind: str) -> Any:
    cases = [case for case in CASES if case["kind"] == kind]
    return pytest.mark.parametrize("case", cases, ids=lambda case: case["name"])


def _values(case: dict[str, Any]) -> list[bytes]:
    return [_file(name) for name in case["files"]]


def _expected(case: dict[str, Any]) -> Found:
    return None if case["rule"] is None else (case["rule"], case["at"])


@_of("chain")
def test_each_chain_is_judged_by_the_published_rules_as_it_says(case: dict[str, Any]) -> None:
    assert _check_chain(_values(case)) == _expected(case)


@_of("checkpoints")
def test_each_series_is_judged_by_the_published_rules_as_it_says(case: dict[str, Any]) -> None:
    assert _check_checkpoints(_values(case)) == _expected(case)


@_of("proof")
def test_each_proof_is_judged_by_the_published_rules_as_it_says(case: dict[str, Any]) -> None:
    (value,) = _values(case)
    assert _check_proof(value) == case["rule"]


def test_what_is_sealed_opens_by_the_published_rule() -> None:
    body, given = json.loads(_file("record-1.json")), json.loads(_file("data-key.json"))
    sealed = body["sealed"]
    bound_to = _canonical({name: value for name, value in body.items() if name not in ("sealed", "hash")})

    opened = AESGCM(b64decode(given["key"])).decrypt(b64decode(sealed["nonce"]), b64decode(sealed["text"]), bound_to)

    assert (sealed["key"], json.loads(opened)["raw"]) == (given["key_id"], given["raw"])


@_of("chain")
def test_each_chain_is_named_by_consultguard_as_it_says(case: dict[str, Any]) -> None:
    records = [
        Record(RecordRef("consult.audit", 0, offset), None, value, (), 0) for offset, value in enumerate(_values(case))
    ]
    (signed,) = read(_file("checkpoint-1.json"), public_key=_key()).chains

    flaw = verify(records, chain_id=CHAIN, signed=Signed(signed.size, signed.head)).flaw

    assert (None if flaw is None else flaw.kind) == case["flaw"]


@_of("checkpoints")
def test_each_series_is_named_by_consultguard_as_it_says(case: dict[str, Any]) -> None:
    found = follow(_values(case), public_key=_key(), origin="vectors.example")

    assert (None if found.flaw is None else found.flaw.name.lower()) == case["flaw"]
    assert found.seq == case["at"]


@_of("proof")
def test_each_proof_is_named_by_consultguard_as_it_says(case: dict[str, Any]) -> None:
    (value,) = _values(case)
    found = verify_proof(value, public_key=_key(), origin="vectors.example")

    assert (found.flaw if isinstance(found, Disproved) else None) == case["flaw"]


def test_the_vectors_are_what_is_made_today() -> None:
    """Released: a record, checkpoint or proof never changes its form."""
    published = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}

    made = vectors()

    assert published == {*made, "README.md"}
    assert [name for name, value in made.items() if _file(name) != value] == []
