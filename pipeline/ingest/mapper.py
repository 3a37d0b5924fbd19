"""Utterances made chunks: roles, pseudonyms, numbers, and pieces short enough to judge."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.domain.transcript import SourceRef, Speaker, SpeakerRole, TranscriptChunk
from pipeline.ingest.segment import split_points
from pipeline.ingest.utterance import Utterance

_WORDS_OF_ROLE = {
    SpeakerRole.CLINICIAN: ("doctor", "clinician", "physician", "nurse", "therapist", "dr", "医生", "护士"),
    SpeakerRole.PATIENT: ("patient", "client", "患者", "病人"),
    SpeakerRole.INTERPRETER: ("interpreter", "translator", "翻译", "口译", "口译员"),
    SpeakerRole.OTHER: ("other", "family", "caregiver", "家属"),
}
_ROLE_BY_WORD = {word: role for role, words in _WORDS_OF_ROLE.items() for word in words}
_TITLE = re.compile(r"(?:dr|doctor|prof)\.?\s+\S", re.IGNORECASE)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_LETTER = re.compile(r"[A-Za-z]{2}")
_MAX_CHARS = 2000
# The wire's limit for a speaker's name.
_LONGEST_NAME = 400


@dataclass(frozen=True, slots=True)
class Consultation:
    """What the utterances of one file have in common.

    `recorded_at` is when time 0 of the utterances was; it carries its zone. `roles` maps a speaker's name as written
    in the file to a role, and wins over what the name itself says. `language` is the main one, as a BCP 47 tag.
    """

    tenant: str
    consult_id: str
    source: SourceRef
    recorded_at: datetime
    language: str | None = None
    roles: Mapping[str, SpeakerRole] | None = None
    max_chars: int = _MAX_CHARS


def consult_id_for(path: Path, identifier: str) -> str:
    """The id of a dialogue of which the caller knows no better: the file's stem and the dialogue's own id."""
    return f"{path.stem}-{identifier}"


def to_chunks(utterances: Iterable[Utterance], consultation: Consultation) -> Iterator[TranscriptChunk]:
    """Chunks in the order in which they start, `seq` from 0; those that start together stay in the order of the file.

    Arrival order would put an answer before its question, or a listener's sound after it. Parts of a long utterance
    have their share of its time, so what was said in the middle of it stands between them. A speaker's id is `spk_1`,
    `spk_2`, … by first appearance, never the name; utterances without a name share one.
    """
    speakers: dict[str | None, Speaker] = {}
    pieces = [piece for utterance in utterances for piece in _pieces(utterance, consultation.max_chars)]
    pieces.sort(key=lambda piece: piece.started_at_ms)
    for seq, piece in enumerate(pieces):
        speaker = speakers.get(piece.speaker_name)
        if speaker is None:
            role = role_of(piece.speaker_name, consultation.roles or {})
            name = piece.speaker_name[:_LONGEST_NAME] if piece.speaker_name else None
            speaker = Speaker(f"spk_{len(speakers) + 1}", role, name)
            speakers[piece.speaker_name] = speaker
        yield _chunk(piece, speaker, consultation, seq=seq)


def role_of(name: str | None, roles: Mapping[str, SpeakerRole]) -> SpeakerRole:
    """The mapped role; else what the name says of itself (`Doctor`, `Dr. Alvarez`, `患者`); else unknown."""
    if name is None:
        return SpeakerRole.UNKNOWN
    if name in roles:
        return roles[name]
    word = name.strip().lower().rstrip(".")
    if word in _ROLE_BY_WORD:
        return _ROLE_BY_WORD[word]
    return SpeakerRole.CLINICIAN if _TITLE.match(name.strip()) else SpeakerRole.UNKNOWN


def _chunk(piece: Utterance, speaker: Speaker, consultation: Consultation, *, seq: int) -> TranscriptChunk:
    spoken = consultation.recorded_at.astimezone(UTC) + timedelta(milliseconds=piece.started_at_ms)
    return TranscriptChunk(
        tenant=consultation.tenant,
        consult_id=consultation.consult_id,
        seq=seq,
        speaker=speaker,
        text=piece.text,
        started_at_ms=piece.started_at_ms,
        ended_at_ms=piece.ended_at_ms,
        spoken_at=spoken.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        source=consultation.source,
        language=language_of(piece.text, consultation.language),
    )


def language_of(text: str, stated: str | None) -> str | None:
    """The stated language unless the script contradicts it: an interpreter's turns are in two languages.

    Han characters without kana are Chinese; plain Latin text in a Chinese consultation is English.
    """
    if _HAN.search(text):
        return stated if _KANA.search(text) or (stated or "").startswith(("zh", "ja", "yue", "cmn")) else "zh"
    if stated is not None and stated.startswith(("zh", "yue", "cmn")) and text.isascii() and _LETTER.search(text):
        return "en"
    return stated


def _pieces(utterance: Utterance, max_chars: int) -> Iterator[Utterance]:
    """The utterance, or parts of at most `max_chars` with their share of its time."""
    size = len(utterance.text)
    if size <= max_chars:
        yield utterance
        return
    duration = utterance.ended_at_ms - utterance.started_at_ms
    start = 0
    for end in split_points(utterance.text, max_chars):
        began = utterance.started_at_ms + duration * start // size
        ended = utterance.started_at_ms + duration * end // size
        text = utterance.text[start:end].strip()
        if text:
            yield Utterance(utterance.speaker_name, text, began, ended)
        start = end
