"""The released JSON forms. A field's meaning never changes once released; consumers ignore fields they do not know.

These are pydantic models because they are the border: what comes in is checked strictly, what goes out is written from
domain values. `consultguard schema write` makes the JSON Schemas in schemas/ from them.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipeline.domain.audit import AuditEvent
from pipeline.domain.ids import chunk_id_of
from pipeline.domain.review import ReviewOutcome
from pipeline.domain.taxonomy import Category, EvidenceKind, RiskLevel
from pipeline.domain.transcript import SourceRef, Speaker, SpeakerRole, TranscriptChunk
from pipeline.domain.verdict import DecidedBy

_MAX_EXACT_INT = 2**53 - 1
"""Above it a JSON number is not exact in every reader (RFC 8259, section 6)."""

Identifier = Annotated[str, Field(min_length=1, max_length=200)]
Count = Annotated[int, Field(ge=0, le=_MAX_EXACT_INT)]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Base64 = Annotated[str, Field(pattern="^[A-Za-z0-9+/]+={0,2}$")]
Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Wire(BaseModel):
    """Strict in types, open to fields of later versions."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class _Closed(_Wire):
    """Of exactly these fields: in what a signature vouches for, nothing may stand that one reader passes over."""

    model_config = ConfigDict(extra="forbid")


class SpeakerV1(_Wire):
    id: Identifier
    name: Annotated[str, Field(max_length=400)] | None = None
    role: SpeakerRole = SpeakerRole.UNKNOWN


class SourceV1(_Wire):
    system: Identifier
    kind: Identifier
    ref: Annotated[str, Field(max_length=1000)]


class ChunkV1(_Wire):
    """`consult.chunk/1`, what producers write to `consult.chunks`; the record's key is `consult_id` in UTF-8."""

    schema_: Literal["consult.chunk/1"] = Field(alias="schema")
    tenant: Identifier
    consult_id: Identifier
    seq: Count
    chunk_id: Identifier
    speaker: SpeakerV1
    text: str
    language: Annotated[str, Field(max_length=35)] | None = None
    started_at_ms: Count
    ended_at_ms: Count
    spoken_at: Annotated[str, Field(max_length=40)]
    source: SourceV1
    asr_confidence: Probability | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "ChunkV1":
        # The field's name opens the message: the decoder turns it into a code, and no value may be in it.
        if self.ended_at_ms < self.started_at_ms:
            raise ValueError("ended_at_ms: before started_at_ms")
        if self.chunk_id != chunk_id_of(self.consult_id, self.seq):
            raise ValueError("chunk_id: not the id of this consult_id and seq")
        return self

    def to_domain(self) -> TranscriptChunk:
        return TranscriptChunk(
            tenant=self.tenant,
            consult_id=self.consult_id,
            seq=self.seq,
            speaker=Speaker(self.speaker.id, self.speaker.role, self.speaker.name),
            text=self.text,
            started_at_ms=self.started_at_ms,
            ended_at_ms=self.ended_at_ms,
            spoken_at=self.spoken_at,
            source=SourceRef(self.source.system, self.source.kind, self.source.ref),
            language=self.language,
            asr_confidence=self.asr_confidence,
        )


class EvidenceV1(_Wire):
    kind: EvidenceKind
    start: Count
    end: Count
    confidence: Probability


class ScoresV1(_Wire):
    safe: Probability
    contested: Probability
    unsafe: Probability


class PolicyV1(_Wire):
    id: Identifier
    version: Identifier


class ModelV1(_Wire):
    name: Identifier
    revision: Identifier
    prompt_version: Identifier


class LatencyV1(_Wire):
    queue: Count
    clean: Count
    judge: Count
    total: Count


class SealedV1(_Wire):
    """AES-256-GCM under data key `key`: 96-bit `nonce`, and `text` the ciphertext with its 128-bit tag, in base64."""

    key: Identifier
    nonce: Base64
    text: Base64


class VerdictV1(_Wire):
    """`consult.verdict/1`, on the topic of its level. Evidence spans are half-open, in characters of the raw text.

    `text` is empty where `sealed` holds it, bound to the `verdict_id`.
    """

    schema_: Literal["consult.verdict/1"] = Field(alias="schema")
    verdict_id: Identifier
    chunk_id: Identifier
    consult_id: Identifier
    seq: Count
    tenant: Identifier
    risk_level: RiskLevel
    categories: tuple[Category, ...]
    reason: str
    evidence: tuple[EvidenceV1, ...]
    scores: ScoresV1 | None
    decided_by: DecidedBy
    rule: Identifier
    policy: PolicyV1
    model: ModelV1
    text: str
    language: str | None
    speaker_role: SpeakerRole
    judged_at: str
    latency_ms: LatencyV1
    sealed: SealedV1 | None = None


class SourcePositionV1(_Wire):
    topic: Identifier
    partition: Count
    offset: Count


class ChainV1(_Wire):
    """Where the record stands: `id` is input topic/partition, `seq` counts from 0, `prev` is the hash before."""

    id: Identifier
    seq: Count
    prev: Hash


class OriginV1(_Wire):
    host: Identifier
    process: Count
    version: Identifier


class SamplingV1(_Wire):
    temperature: Count
    max_tokens: Count
    seed: Count


class AuditV1(_Wire):
    """`consult.audit/1`. `hash` is SHA-256 over the canonical JSON (RFC 8785) of every other field.

    Fields that default to None were added later; records of the first version do not have them. `source` is null for
    what happened to the service itself.
    """

    schema_: Literal["consult.audit/1"] = Field(alias="schema")
    event: AuditEvent
    outcome: Identifier
    recorded_at_ms: Count
    actor: Identifier
    source: SourcePositionV1 | None
    consult_id: Identifier | None
    chunk_id: Identifier | None
    seq: Count | None
    verdict_id: Identifier | None
    rule: Identifier | None
    decided_by: DecidedBy | None
    categories: tuple[Category, ...]
    scores: ScoresV1 | None
    label_mass: float | None
    policy: PolicyV1 | None
    model: ModelV1 | None
    cleaner_version: Identifier | None
    latency_ms: LatencyV1 | None
    event_id: Identifier | None = None
    origin: OriginV1 | None = None
    sampling: SamplingV1 | None = None
    detail: dict[str, str] | None = None
    sealed: SealedV1 | None = None
    chain: ChainV1
    hash: Hash


class ReviewV1(_Wire):
    """`consult.review/1`, a person's decision about a verdict."""

    schema_: Literal["consult.review/1"] = Field(alias="schema")
    verdict_id: Identifier
    outcome: ReviewOutcome
    reviewer: Identifier
    reason: Annotated[str, Field(min_length=1)]
    decided_at_ms: Count


class KeyV1(_Wire):
    """`consult.key/1`: the data key `key_id` of a consultation, wrapped under the key-encryption key
    `provider_key_id`, in base64.

    The record's key is `consult_id/key_id` in UTF-8, on a compacted topic; a record without a value destroys the key,
    and with it the text sealed under it.
    """

    schema_: Literal["consult.key/1"] = Field(alias="schema")
    consult_id: Identifier
    key_id: Identifier
    provider_key_id: Identifier
    wrapped: Annotated[str, Field(min_length=4, max_length=16_384, pattern="^[A-Za-z0-9+/]+={0,2}$")]
    created_at_ms: Count


class CheckpointChainV1(_Closed):
    """A chain of `size` links: the hash of the last (zeros for none), the root of the Merkle tree over their hashes
    (RFC 9162, section 2.1) and the roots of the perfect subtrees it is made of, the oldest and largest first."""

    id: str
    size: Count
    head: Hash
    root: Hash
    frontier: tuple[Hash, ...]


class CheckpointV1(_Closed):
    """`consult.audit-checkpoint/1`, canonical JSON (RFC 8785): how far every chain of `origin` had come, by their ids.

    `prev` is SHA-256 over all bytes of the checkpoint before, zeros for the first; `key` the first 16 hex digits of
    SHA-256 over the raw public key; `signature` that key's Ed25519 over the canonical form without it, in base64.
    """

    schema_: Literal["consult.audit-checkpoint/1"] = Field(alias="schema")
    origin: str
    seq: Count
    prev: Hash
    issued_at_ms: Count
    chains: tuple[CheckpointChainV1, ...]
    key: str
    signature: Annotated[str, Field(pattern="^[A-Za-z0-9+/]*={0,2}$")]


class ProofV1(_Closed):
    """`consult.audit-proof/1`, canonical JSON (RFC 8785): `record` is link `index` of `chain`, of which `checkpoint`
    covers `size` links. Both are stored bytes, as text; `path` leads to the signed root (RFC 9162, section 2.1.3)."""

    schema_: Literal["consult.audit-proof/1"] = Field(alias="schema")
    record: str
    chain: str
    index: Count
    size: Count
    path: tuple[Hash, ...]
    checkpoint: str


RELEASED: dict[str, type[_Wire]] = {
    "consult.chunk/1": ChunkV1,
    "consult.verdict/1": VerdictV1,
    "consult.audit/1": AuditV1,
    "consult.review/1": ReviewV1,
    "consult.key/1": KeyV1,
    "consult.audit-checkpoint/1": CheckpointV1,
    "consult.audit-proof/1": ProofV1,
}
"""Schema name to model; each has a JSON Schema and samples under schemas/."""
