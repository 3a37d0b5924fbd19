"""Every setting, typed, in one model; the only module that reads the environment.

A setting comes from, in this order: the environment (`CONSULTGUARD_…`, a group's settings as `CONSULTGUARD_KAFKA_…`),
the file `.env` in the working directory, and a TOML file (`consultguard.toml` there, or the one that
`CONSULTGUARD_CONFIG_FILE` names; groups are tables). The first that has it wins.
"""

import difflib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import (
    SettingsError as _SourceError,
)

from pipeline.errors import SettingsError

PREFIX = "CONSULTGUARD_"
_CONFIG_VARIABLE = PREFIX + "CONFIG_FILE"
_SIX_YEARS_MS = 6 * 365 * 24 * 3_600_000 + 2 * 24 * 3_600_000

Positive = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0)]


def _default_data_dir() -> Path:
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "consultguard"


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid")


class KafkaSettings(_Group):
    """Connection to Apache Kafka. Producer and consumer of a worker share it."""

    bootstrap_servers: str = Field("localhost:9092", description="host:port, several separated by commas")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    ssl_cafile: Path | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None
    ssl_password: SecretStr | None = None
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    session_timeout_ms: Positive = Field(10_000, description="a worker silent for so long loses its partitions")
    transaction_timeout_ms: Positive = Field(
        10_000, description="the broker aborts a transaction of a dead worker after so long"
    )
    commit_timeout_seconds: Seconds = Field(8.0, description="after it a commit counts as unknown and is settled")

    @model_validator(mode="after")
    def _complete(self) -> "KafkaSettings":
        if self.security_protocol.startswith("SASL") and not (
            self.sasl_mechanism and self.sasl_username and self.sasl_password
        ):
            raise ValueError(f"{self.security_protocol} needs sasl_mechanism, sasl_username and sasl_password")
        return self


class VllmSettings(_Group):
    """The vLLM OpenAI-compatible server."""

    endpoints: str = Field("http://localhost:8000", description="base URLs, several separated by commas")
    model: str = Field("qwen3guard-gen-8b", description="the name the server serves it under")
    profile: Literal["consultguard", "qwen3guard", "instruct"] = Field(
        "qwen3guard",
        description="qwen3guard: the stock model; consultguard: the mini guard or our adapter; instruct: any other",
    )
    revision: str | None = Field(None, description="revision of the weights, for the audit trail")
    api_key: SecretStr | None = None
    ca_file: Path | None = None
    cache_salt: SecretStr | None = Field(None, description="separates the prefix cache of tenants")
    connect_timeout_seconds: Seconds = 3.0
    timeout_seconds: Seconds = Field(10.0, description="for one request")
    max_concurrency: Positive = 64
    breaker_failures: Positive = Field(5, description="failures in a row that open the breaker")
    breaker_cooldown_seconds: Seconds = 5.0


class ExplainerSettings(_Group):
    """A second model that writes the reason of what is not safe; the built-in sentence stands where it does not."""

    endpoint: str | None = Field(None, description="base URL of a vLLM server with an instruction model; unset: none")
    model: str = Field("explainer", description="the name the server serves it under")
    api_key: SecretStr | None = None
    ca_file: Path | None = None
    timeout_seconds: Seconds = Field(2.0, description="after it the verdict goes out with the built-in reason")


class EmbeddedSettings(_Group):
    """The mini guard in the process."""

    model_dir: Path | None = Field(None, description="an ONNX Runtime GenAI folder; default: the one shipped")
    threads: Positive = Field(
        default_factory=lambda: min(4, os.cpu_count() or 1), description="windows judged at a time, each on one core"
    )


class CacheSettings(_Group):
    """What the worker remembers of the judge's answers, in memory, under digests."""

    enabled: bool = Field(True, description="the same window under the same model and policy is judged once")
    templates: bool = Field(False, description="short phrases that carry nothing are learned, and a sample re-judged")
    entries: Positive = Field(50_000, description="windows remembered")
    template_entries: Positive = Field(20_000, description="phrases on trial, promoted and refused, each")
    promote_after: Annotated[int, Field(ge=2)] = Field(
        20, description="consultations in which a phrase must be surely safe, and nothing else, before it is known"
    )
    recheck_every: Positive = Field(50, description="one in so many hits of a phrase is judged all the same")


class WorkerSettings(_Group):
    """The worker's loop."""

    group: str = "consultguard-worker"
    instance_id: str = Field(
        default_factory=socket.gethostname,
        description="names this worker for ever; a second live one with the same id takes over from the first",
    )
    max_in_flight: Positive = Field(512, description="chunks admitted and not yet committed")
    commit_interval_ms: Positive = 50
    drain_timeout_seconds: Seconds = Field(20.0, description="for finishing what is in flight on SIGTERM")
    max_text_chars: Positive = Field(8_000, description="a longer chunk is a dead letter")
    dead_letter_run: Positive = Field(100, description="dead letters in a row that stop the worker")
    dead_letter_ratio: Annotated[float, Field(gt=0, le=1)] = 0.5
    dead_letter_window: Positive = 1000


class ContextSettings(_Group):
    """How much of a consultation a chunk is read with."""

    max_turns: Annotated[int, Field(ge=0, le=64)] = 12
    max_tokens: Annotated[int, Field(ge=0)] = 384
    horizon_hours: Annotated[float, Field(gt=0)] = Field(24.0, description="a silent consultation is forgotten after")
    max_consults: Positive = Field(20_000, description="consultations remembered for each partition")


class KeySettings(_Group):
    """Where the keys come from that wrap the data keys of consultations."""

    provider: Literal["file", "environment", "vault", "aws-kms"] = "file"
    file: Path | None = Field(None, description="default: keys.json in the data folder; `consultguard keys init`")
    secret: SecretStr | None = Field(
        None, description="environment: 32 bytes in base64; older keys that still unwrap follow after commas"
    )
    vault_address: str | None = Field(None, description="https://host:port")
    vault_token: SecretStr | None = None
    vault_key: str | None = Field(None, description="name of the transit key")
    vault_mount: str = "transit"
    vault_namespace: str | None = None
    vault_ca_file: Path | None = None
    aws_key_id: str | None = Field(None, description="a KMS key's id, ARN or alias/NAME")
    aws_region: str | None = None
    aws_endpoint: str | None = Field(None, description="default: AWS's own for the region")
    timeout_seconds: Seconds = Field(5.0, description="for one request to Vault or KMS")

    @model_validator(mode="after")
    def _complete(self) -> "KeySettings":
        needed = {
            "file": (),
            "environment": ("secret",),
            "vault": ("vault_address", "vault_token", "vault_key"),
            "aws-kms": ("aws_key_id",),
        }[self.provider]
        if not all(getattr(self, name) for name in needed):
            raise ValueError(f"the provider {self.provider} needs {', '.join(needed)}")
        return self


class TopicSettings(_Group):
    """The topics, as `topics ensure` creates them and refuses less."""

    prefix: Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{1,100}$")] = "consult"
    partitions: Positive = 6
    replication: Positive = 1
    min_insync_replicas: Positive = 1
    audit_retention: Literal["hipaa", "astm"] = Field(
        "hipaa", description="hipaa: six years, 45 CFR 164.316(b)(2)(i); astm: ten, ASTM E2147-18"
    )
    audit_retention_ms: Annotated[int, Field(ge=_SIX_YEARS_MS)] = Field(
        _SIX_YEARS_MS, description="where it is to be longer than that"
    )


class AuditSettings(_Group):
    """The signed checkpoints over the audit trail, and where they are kept."""

    origin: Annotated[str, Field(min_length=1, max_length=200)] = Field(
        "consultguard", description="names this deployment in its checkpoints, for ever"
    )
    anchor: str | None = Field(None, description="file:/folder, s3://bucket/prefix or https://…, out of our power")
    anchor_token: SecretStr | None = Field(None, description="a webhook's bearer token")
    anchor_endpoint: str | None = Field(None, description="of an S3-compatible store other than Amazon's")
    anchor_retain_days: Positive = Field(2192, description="object lock: a bucket deletes nothing before")
    signing_key_file: Path | None = Field(None, description="default: audit-signing-key.pem in the data folder")
    public_key_file: Path | None = Field(None, description="for audit verify, instead of --public-key")
    seal_verdict_text: bool = Field(False, description="contested and unsafe verdicts carry their text sealed")
    checkpoint_records: Positive = Field(10_000, description="a checkpoint after so many records")
    checkpoint_seconds: Seconds = Field(60.0, description="and after so long, whether there were any or not")


class Settings(BaseSettings):
    """What `consultguard doctor --settings` prints."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="_",
        env_nested_max_split=1,
        env_file=".env",
        dotenv_filtering="match_prefix",  # the file may be shared with other programs
        extra="forbid",
        nested_model_default_partial_update=True,
        hide_input_in_errors=True,
    )

    broker: Literal["local", "kafka"] = "local"
    judge: Literal["embedded", "vllm"] = "embedded"
    data_dir: Path = Field(default_factory=_default_data_dir, description="the local broker's log and all keys")
    policy_file: Path | None = Field(None, description="default: the built-in policy hipaa-consult")
    policy_preset: Literal["none", "strict", "loose"] | None = Field(
        None, description="shifts the policy's thresholds, instead of the preset that the policy file names"
    )
    tenant: str = "default"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "json", "console"] = Field("auto", description="auto: console on a terminal")
    kafka: KafkaSettings = KafkaSettings()
    vllm: VllmSettings = VllmSettings()
    explainer: ExplainerSettings = ExplainerSettings()
    embedded: EmbeddedSettings = Field(default_factory=EmbeddedSettings)
    cache: CacheSettings = CacheSettings()
    worker: WorkerSettings = Field(default_factory=WorkerSettings)
    context: ContextSettings = ContextSettings()
    topics: TopicSettings = TopicSettings()
    audit: AuditSettings = AuditSettings()
    keys: KeySettings = KeySettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is the library's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        toml = TomlConfigSettingsSource(settings_cls, Path(os.environ.get(_CONFIG_VARIABLE, "consultguard.toml")))
        return init_settings, env_settings, dotenv_settings, toml


def load_settings(**overrides: Any) -> Settings:
    """The settings in force; `overrides` (from command-line options) win over every source.

    Raises SettingsError naming the setting, what is wrong and the mend.
    """
    unknown = sorted(set(_variables()) - set(known_variables()))
    if unknown:
        raise SettingsError(_no_such(unknown[0]))
    named = os.environ.get(_CONFIG_VARIABLE)
    if named and not Path(named).is_file():
        raise SettingsError(f"{_CONFIG_VARIABLE}: there is no file {named}")
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = variable(*(str(part) for part in first["loc"]))
        wrong = _no_such(name) if first["type"] == "extra_forbidden" else f"{name}: {first['msg']}"
        raise SettingsError(wrong) from error
    except (_SourceError, ValueError) as error:
        raise SettingsError(f"settings cannot be read: {error}") from error


def _no_such(name: str) -> str:
    near = difflib.get_close_matches(name, known_variables(), n=1)
    return f"{name}: no such setting" + (f"; did you mean {near[0]}?" if near else "")


def variable(*path: str) -> str:
    """The environment variable of a setting: `variable("kafka", "ssl_cafile")` is `CONSULTGUARD_KAFKA_SSL_CAFILE`."""
    return PREFIX + "_".join(path).upper()


def known_variables() -> list[str]:
    """Every environment variable that is a setting."""
    return [_CONFIG_VARIABLE, *(variable(*path) for path in _paths())]


def _paths() -> Iterator[tuple[str, ...]]:
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, _Group):
            yield from ((name, inner) for inner in field.annotation.model_fields)
        else:
            yield (name,)


def _variables() -> Iterator[str]:
    return (name.upper() for name in os.environ if name.upper().startswith(PREFIX))
