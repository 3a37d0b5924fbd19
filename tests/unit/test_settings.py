"""Settings come from where they should, in that order, and a wrong one is refused by name."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pipeline.errors import SettingsError
from pipeline.settings import PREFIX, Settings, known_variables, load_settings, variable

Environment = Callable[[Mapping[str, str]], None]


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty working directory, and no variable of ours."""
    for name in list(os.environ):
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Environment:
    def put(variables: Mapping[str, str]) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return put


def test_without_any_source_the_demo_settings_hold() -> None:
    settings = load_settings()

    assert (settings.broker, settings.judge, settings.tenant) == ("local", "embedded", "default")
    assert settings.worker.max_in_flight == 512


def test_the_environment_wins_over_dotenv_and_dotenv_over_toml(tmp_path: Path, environment: Environment) -> None:
    names = ("bootstrap_servers", "sasl_username", "ssl_cafile")
    (tmp_path / "consultguard.toml").write_text("[kafka]\n" + "\n".join(f'{name} = "toml"' for name in names))
    dotenv = [f"{variable('kafka', name)}=dotenv" for name in names[:2]]
    (tmp_path / ".env").write_text("\n".join(dotenv))
    environment({variable("kafka", names[0]): "environment"})

    kafka = load_settings().kafka

    found = (kafka.bootstrap_servers, kafka.sasl_username, str(kafka.ssl_cafile))
    assert found == ("environment", "dotenv", "toml")


def test_an_override_wins_over_every_source_and_leaves_the_rest_of_its_group(environment: Environment) -> None:
    environment({"CONSULTGUARD_WORKER_GROUP": "env", "CONSULTGUARD_WORKER_MAX_IN_FLIGHT": "7"})

    worker = load_settings(worker={"group": "option"}).worker

    assert (worker.group, worker.max_in_flight) == ("option", 7)


def test_a_named_toml_file_is_read_in_place_of_the_default_one(tmp_path: Path, environment: Environment) -> None:
    (tmp_path / "consultguard.toml").write_text('tenant = "default-file"')
    (tmp_path / "other.toml").write_text('tenant = "named-file"')
    environment({"CONSULTGUARD_CONFIG_FILE": str(tmp_path / "other.toml")})

    assert load_settings().tenant == "named-file"


def test_a_named_toml_file_that_is_not_there_is_refused(environment: Environment) -> None:
    environment({"CONSULTGUARD_CONFIG_FILE": "/nowhere/at-all.toml"})

    with pytest.raises(SettingsError, match="CONSULTGUARD_CONFIG_FILE: there is no file"):
        load_settings()


def test_an_unknown_variable_is_refused_with_the_nearest_known_one(environment: Environment) -> None:
    environment({"CONSULTGUARD_WORKER_MAX_INFLIGHT": "7"})

    with pytest.raises(SettingsError) as refused:
        load_settings()

    assert str(refused.value) == (
        "CONSULTGUARD_WORKER_MAX_INFLIGHT: no such setting; did you mean CONSULTGUARD_WORKER_MAX_IN_FLIGHT?"
    )


@pytest.mark.parametrize("name", ["CONSULTGUARD_KAFKA", "CONSULTGUARD_", "CONSULTGUARD_ZZZZ"])
def test_a_variable_that_is_near_nothing_or_a_whole_group_is_refused(name: str, environment: Environment) -> None:
    environment({name: "{}"})

    with pytest.raises(SettingsError, match=f"{name}: no such setting"):
        load_settings()


def test_a_misspelt_name_in_dotenv_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CONSULTGUARD_WORKER_MAX_INFLIGHT=7\n")

    with pytest.raises(SettingsError, match="MAX_INFLIGHT: no such setting; did you mean CONSULTGUARD_WORKER_MAX_IN_F"):
        load_settings()


def test_a_misspelt_key_in_toml_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "consultguard.toml").write_text("[worker]\nmax_inflight = 7\n")

    with pytest.raises(SettingsError, match="MAX_INFLIGHT: no such setting; did you mean CONSULTGUARD_WORKER_MAX_IN_F"):
        load_settings()


def test_other_programs_variables_in_dotenv_are_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DATABASE_URL=postgres://x\nCONSULTGUARD_TENANT=north\n")

    assert load_settings().tenant == "north"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONSULTGUARD_BROKER", "rabbit"),
        ("CONSULTGUARD_JUDGE", ""),
        ("CONSULTGUARD_LOG_LEVEL", "loud"),
        ("CONSULTGUARD_WORKER_MAX_IN_FLIGHT", "0"),
        ("CONSULTGUARD_WORKER_MAX_IN_FLIGHT", "many"),
        ("CONSULTGUARD_WORKER_DRAIN_TIMEOUT_SECONDS", "0"),
        ("CONSULTGUARD_WORKER_DEAD_LETTER_RATIO", "1.5"),
        ("CONSULTGUARD_CONTEXT_MAX_TURNS", "-1"),
        ("CONSULTGUARD_CONTEXT_HORIZON_HOURS", "nan"),
        ("CONSULTGUARD_TOPICS_PREFIX", "a b"),
        ("CONSULTGUARD_TOPICS_AUDIT_RETENTION_MS", "1000"),
        ("CONSULTGUARD_KAFKA_SECURITY_PROTOCOL", "TLS"),
        ("CONSULTGUARD_VLLM_TIMEOUT_SECONDS", "-1"),
        ("CONSULTGUARD_KEYS_PROVIDER", "paper"),
    ],
)
def test_a_wrong_value_is_refused_naming_its_variable(name: str, value: str, environment: Environment) -> None:
    environment({name: value})

    with pytest.raises(SettingsError) as refused:
        load_settings()

    assert str(refused.value).startswith(f"{name}: ")


def test_sasl_without_its_parts_is_refused_naming_them(environment: Environment) -> None:
    environment({"CONSULTGUARD_KAFKA_SECURITY_PROTOCOL": "SASL_SSL"})

    with pytest.raises(SettingsError, match=r"CONSULTGUARD_KAFKA.*sasl_mechanism, sasl_username and sasl_password"):
        load_settings()


@pytest.mark.parametrize(
    ("provider", "needed"),
    [
        ("environment", "needs secret"),
        ("vault", "needs vault_address, vault_token, vault_key"),
        ("aws-kms", "needs aws_key_id"),
    ],
)
def test_a_key_provider_without_its_parts_is_refused_naming_them(
    provider: str, needed: str, environment: Environment
) -> None:
    environment({"CONSULTGUARD_KEYS_PROVIDER": provider})

    with pytest.raises(SettingsError, match=f"CONSULTGUARD_KEYS: .*{provider} {needed}"):
        load_settings()


def test_a_toml_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "consultguard.toml").write_text("tenant = ")

    with pytest.raises(SettingsError, match="settings cannot be read"):
        load_settings()


SECRETS = {
    "CONSULTGUARD_AUDIT_ANCHOR_TOKEN": "hunter2-anchor",
    "CONSULTGUARD_KAFKA_SASL_PASSWORD": "hunter2-sasl",
    "CONSULTGUARD_KAFKA_SSL_PASSWORD": "hunter2-ssl",
    "CONSULTGUARD_VLLM_API_KEY": "hunter2-api",
    "CONSULTGUARD_VLLM_CACHE_SALT": "hunter2-salt",
    "CONSULTGUARD_EXPLAINER_API_KEY": "hunter2-explainer",
    "CONSULTGUARD_KEYS_SECRET": "hunter2-key",
    "CONSULTGUARD_KEYS_VAULT_TOKEN": "hunter2-vault",
}


def test_secrets_are_hidden_in_every_printed_form(environment: Environment) -> None:
    environment(SECRETS)
    settings = load_settings()

    printed = repr(settings) + str(settings) + str(settings.model_dump()) + settings.model_dump_json()

    assert "hunter2" not in printed
    assert settings.vllm.api_key is not None
    assert settings.vllm.api_key.get_secret_value() == "hunter2-api"


def test_a_refused_setting_never_repeats_a_secret_beside_it(environment: Environment) -> None:
    environment({**SECRETS, "CONSULTGUARD_KAFKA_SECURITY_PROTOCOL": "SASL_SSL"})

    with pytest.raises(SettingsError) as refused:
        load_settings()

    cause = refused.value.__cause__
    assert "hunter2" not in f"{refused.value} {cause} {cause!r}"


def test_every_setting_has_one_variable_of_its_own() -> None:
    names = known_variables()

    assert len(names) == len(set(names))
    assert all(name.startswith(PREFIX) and name == name.upper() for name in names)
    assert set(Settings.model_fields) <= {name.removeprefix(PREFIX).lower() for name in names} | {
        "kafka", "vllm", "explainer", "embedded", "cache", "worker", "context", "topics", "audit", "keys"
    }  # fmt: skip


@pytest.mark.parametrize("name", [name for name in known_variables() if not name.endswith("CONFIG_FILE")])
def test_every_variable_reaches_its_setting(name: str, environment: Environment) -> None:
    """A value that no type but text takes is either refused by that very name, or is found in the settings."""
    environment({name: "a-value-of-its-own"})
    try:
        told = load_settings().model_dump_json()
    except SettingsError as refused:
        told = str(refused)
    seen = "**********" if name in SECRETS else "a-value-of-its-own"
    assert told.startswith(f"{name}: ") or seen in told


def test_names_of_variables_are_read_in_either_case(environment: Environment) -> None:
    environment({"consultguard_tenant": "north"})

    assert load_settings().tenant == "north"
