"""What a group member says about itself when it joins."""

import pytest
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment
from kafka.structs import ConsumerGroupMetadata
from kafka.structs import TopicPartition as LibraryPartition

from pipeline.broker.base import TopicPartition
from pipeline.broker.kafka.ownership import HonestAssignor, NotingListener, RebalanceNotes, RevocationNotTold

MEMBER = ConsumerGroupMetadata("group", 4, "member-1")
OUT = ConsumerGroupMetadata("group", -1, "")


def assignor(notes: RebalanceNotes, membership: ConsumerGroupMetadata) -> HonestAssignor:
    """One that was given partition 0 while it was a member."""
    made = HonestAssignor(notes)
    made.membership = lambda: membership
    made.on_assignment(ConsumerProtocolAssignment(1, [("chunks", [0])], b""), 4)
    return made


def claimed(made: HonestAssignor) -> list[tuple[str, list[int]]]:
    return [(owned.topic, list(owned.partitions)) for owned in made.metadata({"chunks"}).owned_partitions]


def test_a_member_claims_what_it_was_given() -> None:
    notes = RebalanceNotes()

    assert claimed(assignor(notes, MEMBER)) == [("chunks", [0])]
    assert notes.take_lost() == set()


def test_a_member_that_fell_out_claims_nothing_and_notes_its_loss() -> None:
    notes = RebalanceNotes()
    fallen = assignor(notes, OUT)

    assert claimed(fallen) == []
    assert claimed(fallen) == []
    assert notes.take_lost() == {TopicPartition("chunks", 0)}
    assert notes.take_lost() == set()


def test_a_membership_without_a_member_id_is_none() -> None:
    assert claimed(assignor(RebalanceNotes(), ConsumerGroupMetadata("group", 4, ""))) == []


def test_no_join_is_made_before_a_revocation_was_told() -> None:
    notes = RebalanceNotes()
    member = assignor(notes, MEMBER)
    NotingListener(notes).on_partitions_revoked({LibraryPartition("chunks", 0)})
    with pytest.raises(RevocationNotTold):
        member.metadata({"chunks"})
    notes.told()

    assert claimed(member) == [("chunks", [0])]
