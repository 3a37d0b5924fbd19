"""Ids are functions of what they name, and of nothing else."""

from hypothesis import given

from pipeline.domain.ids import chunk_id_of, verdict_id_of
from tests import strategies


def test_released_ids_never_change() -> None:
    assert chunk_id_of("consult-1", 0) == "chk_a5a3aa40cc17ed9135e08a92ebcdea35"
    assert (
        verdict_id_of("chk_1", policy_version="p/1", model_revision="m/1", prompt_version="q/1")
        == "vrd_2cd424e736c291de0545ca0b23e6a666"
    )


@given(strategies.text, strategies.counts, strategies.text, strategies.counts)
def test_two_chunks_share_an_id_only_if_they_are_the_same(one: str, first: int, other: str, second: int) -> None:
    same = (one, first) == (other, second)

    assert (chunk_id_of(one, first) == chunk_id_of(other, second)) == same


@given(strategies.identifiers, strategies.counts)
def test_a_consultation_cannot_be_named_so_that_its_chunk_takes_anothers_id(consult_id: str, seq: int) -> None:
    assert chunk_id_of(f"{consult_id}\x1f{seq}", 0) != chunk_id_of(consult_id, seq)


def test_each_part_that_may_change_a_verdict_changes_its_id() -> None:
    parts = {"policy_version": "1", "model_revision": "2", "prompt_version": "3"}
    ids = {verdict_id_of("chk_1", **parts)}
    ids |= {verdict_id_of("chk_1", **(parts | {name: "other"})) for name in parts}
    ids.add(verdict_id_of("chk_2", **parts))

    assert len(ids) == 5
