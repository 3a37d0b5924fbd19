"""What each error of kafka-python means in our tree. The library's own text is never copied into a message."""

from collections.abc import Iterator
from contextlib import contextmanager

from kafka import errors as library

from pipeline.errors import (
    BrokerError,
    BrokerRefused,
    BrokerUnavailable,
    CommitAborted,
    Fenced,
    TopicMismatch,
)

_FENCED = (library.ProducerFencedError, library.InvalidProducerEpochError, library.FencedInstanceIdError)

# The member or the transaction is no longer what the broker knows; a fresh start over the committed offsets cures it.
_ABORTED = (
    library.CommitFailedError,
    library.IllegalGenerationError,
    library.UnknownMemberIdError,
    library.RebalanceInProgressError,
    library.StaleMemberEpochError,
    library.FencedMemberEpochError,
    library.TransactionAbortedError,
    library.TransactionAbortableError,
    library.TransactionCoordinatorFencedError,
    library.InvalidTxnStateError,
    library.InvalidProducerIdMappingError,
    library.UnknownProducerIdError,
    library.OutOfOrderSequenceNumberError,
    library.DuplicateSequenceNumberError,
    library.OperationNotAttemptedError,
)

_TOPIC = (
    library.UnknownTopicOrPartitionError,
    library.UnknownTopicIdError,
    library.InconsistentTopicIdError,
    library.InvalidTopicError,
    library.TopicAlreadyExistsError,
)

# The library marks these as final, but another broker or a later moment answers them.
_UNAVAILABLE = (
    library.RetriableError,
    library.BrokerNotAvailableError,
    library.UnknownBrokerIdError,
    library.StaleBrokerEpochError,
    library.StaleControllerEpochError,
    library.MemberIdRequiredError,
    library.NewLeaderElectedError,
    library.UnknownControllerIdError,
    OSError,
)


def mapped(error: Exception, *, doing: str) -> BrokerError:
    """Our exception for `error`; `doing` says what was attempted, as in "join the group"."""
    kind = _kind(error)
    return kind(f"cannot {doing}: {type(error).__name__}")


@contextmanager
def translating(doing: str) -> Iterator[None]:
    """Raise the library's errors as ours, chained."""
    try:
        yield
    # Besides its own tree the library raises ValueError, TypeError, RuntimeError and the socket's errors.
    except (library.KafkaError, ValueError, TypeError, RuntimeError, OSError) as error:
        raise mapped(error, doing=doing) from error


def _kind(error: Exception) -> type[BrokerError]:
    # A missing topic counts as retriable in the library, so topics come first.
    if isinstance(error, _TOPIC):
        return TopicMismatch
    if isinstance(error, _FENCED):
        return Fenced
    if isinstance(error, _ABORTED):
        return CommitAborted
    if isinstance(error, _UNAVAILABLE):
        return BrokerUnavailable
    return BrokerRefused
