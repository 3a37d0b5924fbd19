"""How to reach a Kafka cluster, and the times a transaction may take."""

from dataclasses import dataclass, field
from typing import Any, Literal

from pipeline.errors import SettingsError

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
Compression = Literal["gzip"]


@dataclass(frozen=True, slots=True)
class KafkaConfig:
    """Connection and timing of every session; raises SettingsError where the times contradict each other.

    The times are nested so that the client gives up before the broker does: a request within a delivery, a delivery
    within a commit, a commit within the transaction. A fenced answer that arrives in time then means a newer
    instance, and never the broker's own clean-up of a transaction that took too long.
    """

    bootstrap_servers: tuple[str, ...]
    client_id: str = "consultguard"
    security_protocol: SecurityProtocol = "PLAINTEXT"
    ssl_cafile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    ssl_password: str | None = field(default=None, repr=False)
    sasl_mechanism: SaslMechanism | None = None
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    transactional_id_prefix: str = "consultguard"
    transaction_timeout_ms: int = 10_000
    session_timeout_ms: int = 10_000
    heartbeat_interval_ms: int = 3_000
    max_poll_interval_ms: int = 60_000
    commit_timeout_seconds: float = 8.0
    request_timeout_ms: int = 5_000
    delivery_timeout_ms: int = 7_000
    compression_type: Compression | None = None
    linger_ms: int = 2
    fetch_max_wait_ms: int = 100

    def __post_init__(self) -> None:
        commit_ms = self.commit_timeout_seconds * 1000
        if not self.bootstrap_servers:
            raise SettingsError("kafka bootstrap_servers is empty: name at least one host:port")
        request_ms = self.linger_ms + self.request_timeout_ms
        if not request_ms <= self.delivery_timeout_ms <= commit_ms < self.transaction_timeout_ms:
            raise SettingsError(
                "kafka times must rise: linger_ms + request_timeout_ms <= delivery_timeout_ms <= "
                f"commit_timeout_seconds < transaction_timeout_ms, not {request_ms} ms, {self.delivery_timeout_ms} ms, "
                f"{self.commit_timeout_seconds} s, {self.transaction_timeout_ms} ms"
            )
        if not self.heartbeat_interval_ms * 3 <= self.session_timeout_ms <= self.max_poll_interval_ms:
            raise SettingsError(
                "kafka session_timeout_ms must be at least three heartbeats and at most max_poll_interval_ms"
            )
        if self.security_protocol.startswith("SASL") and not (
            self.sasl_mechanism and self.sasl_username and self.sasl_password
        ):
            raise SettingsError(
                "kafka security_protocol with SASL needs sasl_mechanism, sasl_username and sasl_password"
            )

    def connection_options(self) -> dict[str, Any]:
        """Keyword arguments shared by every client of the library. They hold secrets: never log them."""
        return {
            "bootstrap_servers": list(self.bootstrap_servers),
            "client_id": self.client_id,
            "security_protocol": self.security_protocol,
            "ssl_cafile": self.ssl_cafile,
            "ssl_certfile": self.ssl_certfile,
            "ssl_keyfile": self.ssl_keyfile,
            "ssl_password": self.ssl_password,
            "sasl_mechanism": self.sasl_mechanism,
            "sasl_plain_username": self.sasl_username,
            "sasl_plain_password": self.sasl_password,
            "request_timeout_ms": self.request_timeout_ms,
            "bootstrap_timeout_ms": self.request_timeout_ms,
            "reconnect_backoff_max_ms": 1_000,
        }
