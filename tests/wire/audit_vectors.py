"""Writes the published test vectors of the audit trail: `python -m tests.wire.audit_vectors`.

Everything in them is invented, and every key is of the vectors alone. The same bytes come out each time.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pipeline.audit.canonical import canonical
from pipeline.audit.chain import link
from pipeline.audit.checkpoint import NO_CHECKPOINT, ChainState, Checkpoint, hash_of_checkpoint, sign
from pipeline.audit.merkle import Frontier, inclusion_path
from pipeline.audit.proof import SCHEMA
from pipeline.audit.signing_key import fingerprint
from pipeline.domain.audit import GENESIS, AuditEvent, AuditRecord, ChainHead, Exchange, SourcePosition
from pipeline.domain.sealing import Sealed

FOLDER = Path(__file__).parents[2] / "schemas" / "vectors" / "audit-trail"
CHAIN = "consult.chunks/0"
ORIGIN = "vectors.example"
KEY = Ed25519PrivateKey.from_private_bytes(sha256(b"consultguard vectors: signing key").digest())
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(sha256(b"consultguard vectors: another key").digest())
DATA_KEY = sha256(b"consultguard vectors: data key").digest()
NONCE = bytes(range(12))
SAID = "Good morning, um, it still hurts on the stairs. \u65e9\u4e0a\u597d"
ISSUED_AT_MS = 1_767_614_400_000


def _record(number: int, *, event: AuditEvent = AuditEvent.SKIPPED, outcome: str = "filler") -> AuditRecord:
    return AuditRecord(
        event=event,
        outcome=outcome,
        recorded_at_ms=ISSUED_AT_MS - 60_000 + number,
        source=SourcePosition("consult.chunks", 0, 10 + number),
        actor="consultguard-worker/0.1.0 vectors-1",
        consult_id="consult-vectors",
        chunk_id=f"chk_{number}",
        seq=number,
    )


RECORDS = (
    _record(0),
    replace(_record(1, outcome="empty"), exchange=Exchange(SAID)),
    _record(2, event=AuditEvent.DUPLICATE, outcome="duplicate"),
    _record(3, event=AuditEvent.DEAD_LETTERED, outcome="text_too_long"),
    _record(4),
)


def _seal(_consult_id: str, plaintext: bytes, bound_to: bytes) -> Sealed:
    return Sealed("dk_vectors", NONCE, AESGCM(DATA_KEY).encrypt(NONCE, plaintext, bound_to))


def _links(records: Sequence[AuditRecord], *, chain_id: str = CHAIN, head: ChainHead = GENESIS) -> list[bytes]:
    values = []
    for record in records:
        value, head = link(record, chain_id=chain_id, head=head, seal=_seal)
        values.append(value)
    return values


def _digest(value: bytes) -> bytes:
    return bytes.fromhex(orjson.loads(value)["hash"])


def _head(value: bytes) -> ChainHead:
    return ChainHead(orjson.loads(value)["chain"]["seq"], _digest(value).hex())


def _signed(
    values: Sequence[bytes], seq: int, prev: str, *, key: Ed25519PrivateKey = KEY, issued_at_ms: int | None = None
) -> bytes:
    tree = Frontier()
    for value in values:
        tree.add(_digest(value))
    state = ChainState.of(CHAIN, head=_digest(values[-1]).hex(), tree=tree)
    issued_at_ms = ISSUED_AT_MS + 60_000 * seq if issued_at_ms is None else issued_at_ms
    return sign(Checkpoint(ORIGIN, seq, prev, issued_at_ms, (state,), fingerprint(key.public_key())), key)


def vectors() -> dict[str, bytes]:
    """Every file by its name."""
    links = _links(RECORDS)
    first = _signed(links[:2], 0, NO_CHECKPOINT)
    second = _signed(links, 1, hash_of_checkpoint(first))
    proof = {
        "schema": SCHEMA,
        "record": links[1].decode(),
        "chain": CHAIN,
        "index": 1,
        "size": 5,
        "path": [found.hex() for found in inclusion_path(map(_digest, links), index=1, size=5)],
        "checkpoint": second.decode(),
    }
    files = {f"record-{number}.json": value for number, value in enumerate(links)}
    files |= {"checkpoint-0.json": first, "checkpoint-1.json": second, "proof.json": canonical(proof)}
    files |= {"public-key.pem": _pem(KEY), "other-public-key.pem": _pem(OTHER_KEY)}
    sealing = {"key_id": "dk_vectors", "key": b64encode(DATA_KEY).decode(), "raw": SAID}
    files["data-key.json"] = orjson.dumps(sealing, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    chains, checkpoints, proofs = _bad_chains(links), _bad_checkpoints(links, first), _bad_proofs(proof)
    tampered, cases = _collected(files, chains, checkpoints, proofs)
    files |= tampered
    files["cases.json"] = orjson.dumps(cases, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return files


_Bad = list[tuple[str, Any, str | None, int | None, str | None]]
"""Name, content, the rule that is broken, the number where it shows, and ConsultGuard's word for it."""


def _bad_chains(links: list[bytes]) -> _Bad:
    altered = links[2].replace(b'"outcome":"duplicate"', b'"outcome":"forgotten"')
    spaced = links[2].replace(b'"seq":2', b'"seq": 2')
    twice = links[2].replace(b'"outcome":', b'"outcome":"other","outcome":')
    other = _links([replace(record, outcome="short") for record in RECORDS])
    stray = _links([_record(9)], head=ChainHead(2, "ab" * 32))[0]
    return [
        ("sound", links, None, None, None),
        ("a field altered", [*links[:2], altered, *links[3:]], "R1", 2, "altered"),
        ("a space put in", [*links[:2], spaced, *links[3:]], "R1", 2, "altered"),
        ("a field given twice", [*links[:2], twice, *links[3:]], "R1", 2, "altered"),
        ("no record at all", [*links[:2], b"{}", *links[3:]], "R1", 2, "unreadable"),
        (
            "a record of another chain",
            [*links[:2], *_links([_record(2)], chain_id="consult.chunks/1", head=_head(links[1])), *links[3:]],
            "R2",
            2,
            "foreign",
        ),
        ("a record left out", [*links[:2], *links[3:]], "R3", 2, "missing"),
        ("two records exchanged", [*links[:2], links[3], links[2], links[4]], "R3", 2, "reordered"),
        ("a record twice", [*links[:3], links[2], *links[3:]], "R3", 3, "duplicated"),
        ("a record put in", [*links[:3], stray, *links[3:]], "R4", 3, "inserted"),
        ("another history from the middle on", [*links[:3], *other[3:]], "R4", 3, "forked"),
        ("the end cut off", links[:4], "R5", 4, "tail_cut"),
        ("another chain, sound in itself", other, "R5", 4, "replaced"),
    ]


def _bad_checkpoints(links: list[bytes], first: bytes) -> _Bad:
    prev = hash_of_checkpoint(first)
    second = _signed(links, 1, prev)
    return [
        ("sound", [first, second], None, None, None),
        ("altered", [first, second.replace(b'"seq":1', b'"seq":2')], "C1", 1, "signature"),
        ("by another key", [first, _signed(links, 1, prev, key=OTHER_KEY)], "C1", 1, "another_key"),
        ("the first left out", [second], "C2", 0, "missing"),
        ("not linked", [first, _signed(links, 1, "ab" * 32)], "C3", 1, "not_linked"),
        ("before the one before it", [first, _signed(links, 1, prev, issued_at_ms=ISSUED_AT_MS - 1)], "C4", 1, "clock"),
        ("rolled back", [first, _signed(links[:1], 1, prev)], "C5", 1, "rolled_back"),
    ]


def _bad_proofs(proof: Mapping[str, Any]) -> _Bad:
    def changed(**changes: Any) -> bytes:
        return canonical({**proof, **changes})

    path = proof["path"]
    record = proof["record"].replace('"outcome":"empty"', '"outcome":"short"')
    return [
        ("sound", canonical(dict(proof)), None, None, None),
        ("a field more", changed(note="trust me"), "P1", None, "unreadable"),
        ("a space put in", canonical(dict(proof)).replace(b'"index":1', b'"index": 1'), "P1", None, "unreadable"),
        ("record altered", changed(record=record), "P2", None, "record"),
        ("index wrong", changed(index=2), "P3", None, "place"),
        ("chain wrong", changed(chain="consult.chunks/1"), "P3", None, "place"),
        (
            "checkpoint altered",
            changed(checkpoint=proof["checkpoint"].replace('"size":5', '"size":6')),
            "P4",
            None,
            "checkpoint",
        ),
        ("size wrong", changed(size=4), "P5", None, "coverage"),
        ("path too short", changed(path=path[:-1]), "P6", None, "path"),
        ("path too long", changed(path=[*path, "ab" * 32]), "P6", None, "path"),
        ("path in another order", changed(path=path[::-1]), "P6", None, "path"),
    ]


def _collected(
    files: Mapping[str, bytes], chains: _Bad, checkpoints: _Bad, proofs: _Bad
) -> tuple[dict[str, bytes], list[dict[str, Any]]]:
    """The files that only tampered cases have, and the cases, which name files."""
    names = {value: name for name, value in files.items()}
    added: dict[str, bytes] = {}

    def name_of(value: bytes, kind: str) -> str:
        if value not in names:
            names[value] = f"tampered/{kind}-{sum(found.startswith(f'tampered/{kind}') for found in added)}.json"
            added[names[value]] = value
        return names[value]

    cases: list[dict[str, Any]] = []
    for kind, bad in (("chain", chains), ("checkpoints", checkpoints)):
        for name, values, rule, at, flaw in bad:
            listed = [name_of(value, "record" if kind == "chain" else "checkpoint") for value in values]
            cases.append({"kind": kind, "name": name, "files": listed, "rule": rule, "at": at, "flaw": flaw})
    for name, value, rule, at, flaw in proofs:
        listed = [name_of(value, "proof")]
        cases.append({"kind": "proof", "name": name, "files": listed, "rule": rule, "at": at, "flaw": flaw})
    return added, cases


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


if __name__ == "__main__":
    for name, value in vectors().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(value)
