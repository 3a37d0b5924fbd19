"""The sample consultations can be read whole and show what they are for."""

import pytest

from pipeline.clean.cleaner import Cleaner
from pipeline.domain.taxonomy import EvidenceKind
from pipeline.domain.transcript import CleanChunk, SpeakerRole
from pipeline.domain.window import ContextWindow
from pipeline.ingest.samples import SAMPLES, Sample, read_sample
from pipeline.tripwire.scan import Tripwires


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.consult_id)
def test_a_sample_has_25_to_40_chunks_and_a_role_for_every_speaker(sample: Sample) -> None:
    chunks = list(read_sample(sample))
    assert 25 <= len(chunks) <= 40
    assert {chunk.consult_id for chunk in chunks} == {sample.consult_id}
    assert {chunk.speaker.name for chunk in chunks} == set(sample.roles)
    assert SpeakerRole.UNKNOWN not in {chunk.speaker.role for chunk in chunks}
    assert [chunk.seq for chunk in chunks] == list(range(len(chunks)))


def test_the_mixed_sample_tells_the_language_of_each_turn() -> None:
    (mixed,) = [sample for sample in SAMPLES if "mixed" in sample.file]
    assert {chunk.language for chunk in read_sample(mixed)} == {"en", "zh"}


@pytest.mark.parametrize(
    ("consult_id", "kinds"),
    [
        ("sample-en-1", {EvidenceKind.DATE_OF_BIRTH, EvidenceKind.SPOKEN_DIGITS, EvidenceKind.RECORD_NUMBER}),
        ("sample-zh-1", {EvidenceKind.DATE_OF_BIRTH, EvidenceKind.SPOKEN_DIGITS, EvidenceKind.RECORD_NUMBER}),
        ("sample-mixed-1", {EvidenceKind.INSURANCE_NUMBER, EvidenceKind.SPELLED_NAME, EvidenceKind.SPOKEN_DIGITS}),
    ],
)
def test_the_identifiers_in_a_sample_are_found_and_nothing_else_is(consult_id: str, kinds: set[EvidenceKind]) -> None:
    (sample,) = [sample for sample in SAMPLES if sample.consult_id == consult_id]
    cleaner, tripwires = Cleaner(), Tripwires()
    cleaned = [result for chunk in read_sample(sample) if isinstance(result := cleaner.clean(chunk), CleanChunk)]
    assert {evidence.kind for clean in cleaned for evidence in tripwires.find(ContextWindow(clean))} == kinds


def test_reading_a_sample_twice_gives_the_same_chunks() -> None:
    assert list(read_sample(SAMPLES[0])) == list(read_sample(SAMPLES[0]))
