"""Every error of kafka-python lands on one of ours."""

import inspect

import pytest
from kafka import errors as library

from pipeline.broker.kafka.errors import mapped, translating
from pipeline.errors import (
    BrokerError,
    BrokerRefused,
    BrokerUnavailable,
    CommitAborted,
    Fenced,
    TopicMismatch,
)

LIBRARY_ERRORS = sorted(
    {
        kind
        for _, kind in inspect.getmembers(library, inspect.isclass)
        if issubclass(kind, library.KafkaError) and kind is not library.NoError
    },
    key=lambda kind: kind.__name__,
)
LEAVES = {BrokerUnavailable, BrokerRefused, CommitAborted, Fenced, TopicMismatch}


def raised(kind: type[Exception]) -> Exception:
    """An instance, made without knowing what its constructor wants."""
    return kind.__new__(kind)


@pytest.mark.parametrize("kind", LIBRARY_ERRORS, ids=lambda kind: kind.__name__)
def test_every_library_error_becomes_one_of_ours(kind: type[Exception]) -> None:
    assert type(mapped(raised(kind), doing="poll")) in LEAVES


@pytest.mark.parametrize("kind", LIBRARY_ERRORS, ids=lambda kind: kind.__name__)
def test_what_the_library_would_retry_is_never_final_except_for_a_topic(kind: type[Exception]) -> None:
    ours = mapped(raised(kind), doing="poll")
    if kind.retriable and not isinstance(ours, TopicMismatch):
        assert ours.retriable


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        (library.ProducerFencedError, Fenced),
        (library.InvalidProducerEpochError, Fenced),
        (library.FencedInstanceIdError, Fenced),
        (library.CommitFailedError, CommitAborted),
        (library.IllegalGenerationError, CommitAborted),
        (library.UnknownMemberIdError, CommitAborted),
        (library.UnknownTopicOrPartitionError, TopicMismatch),
        (library.TopicAlreadyExistsError, TopicMismatch),
        (library.KafkaTimeoutError, BrokerUnavailable),
        (library.KafkaConnectionError, BrokerUnavailable),
        (library.BrokerNotAvailableError, BrokerUnavailable),
        (library.TopicAuthorizationFailedError, BrokerRefused),
        (library.SaslAuthenticationFailedError, BrokerRefused),
        (library.MessageSizeTooLargeError, BrokerRefused),
        (library.UnsupportedVersionError, BrokerRefused),
        (ConnectionResetError, BrokerUnavailable),
        (ValueError, BrokerRefused),
    ],
)
def test_the_errors_a_flow_decides_by_are_told_apart(kind: type[Exception], ours: type[BrokerError]) -> None:
    assert type(mapped(raised(kind), doing="poll")) is ours


def test_the_cause_is_chained_and_its_text_is_not_repeated() -> None:
    with pytest.raises(BrokerRefused) as caught, translating("send"):
        raise library.InvalidRecordError("the patient said so")

    assert isinstance(caught.value.__cause__, library.InvalidRecordError)
    assert "patient" not in str(caught.value)
    assert str(caught.value) == "cannot send: InvalidRecordError"
