"""The checkpointer that settings describe, and where its key lies."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from pipeline.audit.anchor import anchor_of
from pipeline.audit.checkpointer import Checkpointer
from pipeline.audit.signing_key import load_private_key
from pipeline.broker.base import Broker, TopicPartition
from pipeline.broker.topics import TopicNames
from pipeline.clock import Clock
from pipeline.errors import KeyMissing
from pipeline.runtime.checkpointing import Cadence, CheckpointService
from pipeline.settings import Settings, variable

_PUBLISHER = "audit-checkpoints"


@contextmanager
def open_checkpointing(
    settings: Settings, broker: Broker, *, clock: Clock, earlier_keys: Sequence[Ed25519PublicKey] = ()
) -> Iterator[CheckpointService]:
    """The service that the settings describe, over every chain of the deployment.

    Raises KeyMissing (with the mend), KeyRefused, SettingsError, MissingExtra, TopicMismatch.
    """
    key_file, audit = signing_key_file_of(settings), settings.audit
    if not key_file.exists():
        raise KeyMissing(
            f"there is no signing key {key_file}: make one with `consultguard keys signing`, or name it by "
            f"{variable('audit', 'signing_key_file')}; it is never made silently"
        )
    key = load_private_key(key_file)
    anchor = None
    if audit.anchor is not None:
        anchor = anchor_of(
            audit.anchor,
            clock=clock,
            token=None if audit.anchor_token is None else audit.anchor_token.get_secret_value(),
            retain_days=audit.anchor_retain_days,
            endpoint_url=audit.anchor_endpoint,
        )
    names = TopicNames(settings.topics.prefix)
    partitions = broker.partitions(names.audit)
    with closing(broker.reader()) as reader, closing(broker.publisher(publisher_id=_PUBLISHER)) as publisher:
        checkpointer = Checkpointer(
            reader,
            audit_topic=names.audit,
            partitions=partitions,
            origin=audit.origin,
            key=key,
            clock=clock,
            also=[TopicPartition(names.audit_events, 0)],
        )
        yield CheckpointService(
            checkpointer,
            reader=reader,
            publisher=publisher,
            topic=TopicPartition(names.checkpoints, 0),
            anchor=anchor,
            public_keys=(key.public_key(), *earlier_keys),
            cadence=Cadence(audit.checkpoint_records, audit.checkpoint_seconds),
            clock=clock,
        )


def signing_key_file_of(settings: Settings) -> Path:
    """Where the private key that signs checkpoints lies."""
    return settings.audit.signing_key_file or settings.data_dir / "audit-signing-key.pem"


def public_key_beside(private: Path) -> Path:
    """Where the public half lies unless it was put elsewhere."""
    return private.with_suffix(".public.pem")
