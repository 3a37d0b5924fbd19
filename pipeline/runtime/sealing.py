"""The data keys that a worker seals with, from the settings."""

from contextlib import suppress

import structlog

from pipeline.clock import Clock
from pipeline.errors import KeyRefused
from pipeline.keys.base import KeyProvider
from pipeline.keys.consultation_keys import ConsultationKeys
from pipeline.keys.key_file import init_key_file
from pipeline.keys.providers import build_key_provider, key_file_of
from pipeline.settings import Settings


def build_keys(settings: Settings, *, clock: Clock) -> ConsultationKeys:
    """Ready to seal: the provider has a key.

    On the embedded log a missing key file is made, beside the log: one machine has one owner, and a first start should
    not need a second command. On Kafka several machines share the key, so that somebody has to bring it to each.

    Raises SettingsError, MissingExtra, KeyMissing, KeyRefused, KeyUnavailable.
    """
    if settings.broker == "local" and settings.keys.provider == "file" and not key_file_of(settings).exists():
        with suppress(KeyRefused):  # another process made it meanwhile
            init_key_file(key_file_of(settings), clock=clock)
            structlog.get_logger().info("key_file_made")
    provider: KeyProvider = build_key_provider(settings)
    _ = provider.key_id  # asks it once: who cannot seal may not judge
    return ConsultationKeys(provider, clock=clock)
