"""What the topic says of its checkpoints is held against what the anchor holds."""

from pipeline.audit.checkpoint import NO_CHECKPOINT, Checkpoint, Flaw, hash_of_checkpoint, sign
from pipeline.audit.checkpoint_sources import Trusted, seq_of, trusted
from pipeline.audit.signing_key import fingerprint, make_signing_key

KEY, FORGER = make_signing_key(), make_signing_key()


def _series(count: int, *, begin: int = 0, prev: str = NO_CHECKPOINT, at_ms: int = 1_000) -> list[bytes]:
    values: list[bytes] = []
    for seq in range(begin, begin + count):
        values.append(sign(Checkpoint("site", seq, prev, at_ms + seq, (), fingerprint(KEY.public_key())), KEY))
        prev = hash_of_checkpoint(values[-1])
    return values


def _trusted(topic: list[bytes], anchor: list[bytes] | None) -> Trusted:
    return trusted(topic=topic, anchor=anchor, public_key=KEY.public_key(), origin="site")


def _flaws(found: Trusted) -> list[tuple[str, Flaw, int | None]]:
    return [(flaw.where, flaw.flaw, flaw.seq) for flaw in found.flaws]


def test_the_newest_that_the_anchor_holds_is_trusted() -> None:
    values = _series(5)

    found = _trusted(values, values[:4])

    assert found.flaws == ()
    assert found.checkpoint is not None
    assert (found.checkpoint.seq, found.count) == (3, 4)


def test_without_an_anchor_the_topics_newest_is() -> None:
    found = _trusted(_series(3), None)

    assert found.checkpoint is not None
    assert (found.checkpoint.seq, found.flaws) == (2, ())


def test_a_deployment_without_a_checkpoint_yet_has_none_and_no_flaw() -> None:
    assert _trusted([], []) == Trusted(None, 0, ())


def test_a_topic_put_back_to_an_older_state_is_rolled_back() -> None:
    values = _series(6)

    assert _flaws(_trusted(values[:4], values)) == [("topic", Flaw.ROLLED_BACK, 4)]
    assert _flaws(_trusted([], values)) == [("topic", Flaw.ROLLED_BACK, 0)]


def test_a_topic_gone_on_with_after_it_was_put_back_is_forked() -> None:
    values = _series(6)
    anew = _series(4, begin=3, prev=hash_of_checkpoint(values[2]), at_ms=5_000)

    assert _flaws(_trusted([*values[:3], *anew], values)) == [("topic", Flaw.FORKED, 5)]


def test_a_series_written_anew_with_another_key_is_found_in_it() -> None:
    body = Checkpoint("site", 0, NO_CHECKPOINT, 1_000, (), fingerprint(FORGER.public_key()))

    found = _trusted([sign(body, FORGER)], None)

    assert _flaws(found) == [("topic", Flaw.ANOTHER_KEY, 0)]


def test_a_topic_whose_beginning_retention_cut_is_followed_from_there() -> None:
    values = _series(6)

    found = trusted(
        topic=values[2:], anchor=values[:5], public_key=KEY.public_key(), origin="site", topic_begins=seq_of(values[2])
    )

    assert found.flaws == ()
    assert _flaws(_trusted(values[2:], values)) == [("topic", Flaw.MISSING, 0)]


def test_the_newest_that_is_as_old_as_asked_is_told_of_the_place_that_is_trusted() -> None:
    values = _series(6)

    def aged(anchor: list[bytes] | None, aged_ms: int) -> int | None:
        found = trusted(topic=values, anchor=anchor, public_key=KEY.public_key(), origin="site", aged_ms=aged_ms).aged
        return None if found is None else found.seq

    assert aged(None, 1_004) == 4
    assert aged(values[:3], 1_004) == 2
    assert aged(None, 999) is None


def test_what_is_wrong_with_the_anchor_is_named_as_the_anchors() -> None:
    values = _series(5)

    assert _flaws(_trusted(values, [*values[:2], *values[3:]])) == [("anchor", Flaw.MISSING, 2)]
