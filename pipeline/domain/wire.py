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


class _Wire(BaseModel):
    """Strict in types, open to fields of later versions."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


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
    prev: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


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
    hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


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


RELEASED: dict[str, type[_Wire]] = {
    "consult.chunk/1": ChunkV1,
    "consult.verdict/1": VerdictV1,
    "consult.audit/1": AuditV1,
    "consult.review/1": ReviewV1,
    "consult.key/1": KeyV1,
}
"""Schema name to model; each has a JSON Schema and samples under schemas/."""
