"""Settings of the Kafka broker that contradict each other are refused; secrets stay out of sight."""

from typing import Any

import pytest

from pipeline.broker.kafka.config import KafkaConfig
from pipeline.errors import SettingsError


def config(**changes: Any) -> KafkaConfig:
    return KafkaConfig(**{"bootstrap_servers": ("broker:9092",), **changes})


def test_secrets_do_not_appear_in_the_representation() -> None:
    text = repr(
        config(
            security_protocol="SASL_SSL",
            sasl_mechanism="PLAIN",
            sasl_username="worker",
            sasl_password="hush-1",
            ssl_password="hush-2",
        )
    )

    assert "worker" in text
    assert "hush" not in text


@pytest.mark.parametrize(
    "wrong",
    [
        {"bootstrap_servers": ()},
        {"commit_timeout_seconds": 10.0},
        {"delivery_timeout_ms": 9_000},
        {"request_timeout_ms": 7_500},
        {"session_timeout_ms": 4_000},
        {"session_timeout_ms": 70_000},
        {"security_protocol": "SASL_SSL"},
    ],
    ids=lambda wrong: next(iter(wrong)) if isinstance(wrong, dict) else "",
)
def test_contradicting_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        config(**wrong)
