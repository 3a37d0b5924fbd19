"""Every exception ConsultGuard raises on purpose.

::

    ConsultGuardError
    ├── SettingsError            a setting is wrong; names it and the mend
    ├── PolicyError              a policy file is wrong
    ├── InputError               a file handed to a command cannot be read as what it should be
    ├── MissingExtra             an optional part is asked for and not installed; names what to install
    ├── BrokerError
    │   ├── BrokerUnavailable    no broker answered in time                      (retriable)
    │   ├── CommitAborted        a transaction was rolled back; nothing written  (retriable)
    │   ├── CommitUnknown        a commit's outcome is not known                 (retriable)
    │   ├── Fenced               another instance took over; this one must stop
    │   ├── TopicMismatch        a topic is missing or weaker than asked
    │   └── BrokerRefused        authorization, unsupported version, message too large
    ├── JudgeError
    │   ├── JudgeUnavailable     refused, 429, 5xx, time-out, cut connection     (retriable)
    │   └── JudgeMisconfigured   the model or its tokenizer is not what the profile says
    ├── KeysError
    │   ├── KeyUnavailable       the key provider does not answer                (retriable)
    │   ├── KeyMissing           the key asked for is not there (any more); names its id
    │   └── KeyRefused           wrong key, altered or misplaced ciphertext, access denied, loose file permissions
    ├── AuditBroken              the chain read back does not continue
    ├── CheckpointForged         a checkpoint is not what the deployment's key signed; names the flaw
    ├── ProofUnsound             an inclusion proof has not the form that its place asks for
    ├── ProofUnavailable         a proof cannot be made, or not yet; names what is missing
    ├── AnchorError
    │   ├── AnchorUnavailable    the place outside did not answer now             (retriable)
    │   └── AnchorRefused        it will not keep this, or keeps something else under the number
    ├── BenchFailed              a measurement could not be made; names the part that did not come up
    └── DeadLetterLimitReached   too much unreadable input; the worker stops

`retriable` sits on the class: the flow decides by it, never by the message. Messages never carry transcript text.
"""

from typing import ClassVar


class ConsultGuardError(Exception):
    """Base of the tree."""

    retriable: ClassVar[bool] = False


class SettingsError(ConsultGuardError):
    """A setting is missing or wrong."""


class PolicyError(ConsultGuardError):
    """A policy file cannot be read or contradicts itself."""


class InputError(ConsultGuardError):
    """A file given to a command is not what the command reads."""


class MissingExtra(ConsultGuardError):
    """A part that is installed only on request is not there."""


class BrokerError(ConsultGuardError):
    """Base of what a broker adapter raises; library errors are mapped to these and chained."""


class BrokerUnavailable(BrokerError):
    """No broker answered before the deadline."""

    retriable = True


class CommitAborted(BrokerError):
    """The transaction was rolled back: nothing of it is or will be visible."""

    retriable = True


class CommitUnknown(BrokerError):
    """The commit was sent and no answer came: it may or may not have happened."""

    retriable = True


class Fenced(BrokerError):
    """A newer instance with the same id took over; continuing could write twice."""


class TopicMismatch(BrokerError):
    """A topic is missing, or its settings are weaker than the contract asks."""


class BrokerRefused(BrokerError):
    """The broker answered no, and would again."""


class JudgeError(ConsultGuardError):
    """Base of what a judge engine raises."""


class JudgeUnavailable(JudgeError):
    """The engine did not answer now; it may later, and not before `retry_after_seconds` where it said so."""

    retriable = True

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class JudgeMisconfigured(JudgeError):
    """The engine answers, but is not the model or template the profile describes."""


class KeysError(ConsultGuardError):
    """Base of what keys and their providers raise. Messages carry ids of keys, never keys."""


class KeyUnavailable(KeysError):
    """The key provider did not answer in time, or not usefully; it may later."""

    retriable = True


class KeyMissing(KeysError):
    """The key-encryption key is not there: never made, destroyed, or lost in a rotation that did not keep it."""


class KeyRefused(KeysError):
    """What is opened does not fit the key and the place it is bound to, or the key may not be used."""


class AuditBroken(ConsultGuardError):
    """The last committed audit record does not fit the chain; the worker refuses to write after it."""


class CheckpointForged(ConsultGuardError):
    """A checkpoint cannot be believed. `flaw` is one of `pipeline.audit.checkpoint.Flaw`."""

    def __init__(self, message: str, *, flaw: str) -> None:
        super().__init__(message)
        self.flaw = flaw


class ProofUnsound(ConsultGuardError):
    """An inclusion path is too short, too long or no path at all for its leaf's index and the tree's size."""


class ProofUnavailable(ConsultGuardError):
    """What a proof is made of is not there: no such record, no checkpoint over it yet, or a beginning cut off."""


class AnchorError(ConsultGuardError):
    """Base of what an anchor raises; library errors are mapped to these and chained."""


class AnchorUnavailable(AnchorError):
    """The anchor did not answer, or not in time: the same checkpoint may be put again."""

    retriable = True


class AnchorRefused(AnchorError):
    """The anchor answered no and would again, or it holds other bytes under the same number."""


class BenchFailed(ConsultGuardError):
    """What was to be measured did not start, or ended before it could be."""


class DeadLetterLimitReached(ConsultGuardError):
    """Too many records in a row, or too large a share, could not be read."""
