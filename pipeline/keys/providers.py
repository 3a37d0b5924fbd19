"""The key provider that the settings name. Each library is imported only where it is used."""

from pathlib import Path
from typing import assert_never

from pydantic import SecretStr

from pipeline.errors import MissingExtra
from pipeline.keys.base import KeyProvider
from pipeline.keys.environment import EnvironmentKeys
from pipeline.keys.key_file import FileKeys
from pipeline.settings import KeySettings, Settings, variable


def build_key_provider(settings: Settings) -> KeyProvider:
    """Asks nothing yet: a key file that is missing, or a Vault that is away, shows when a key is wanted.

    Raises SettingsError, MissingExtra (boto3), KeyRefused (AWS not set up).
    """
    keys = settings.keys
    match keys.provider:
        case "file":
            return FileKeys(key_file_of(settings))
        case "environment":
            return EnvironmentKeys(_secret(keys.secret), variable=variable("keys", "secret"))
        case "vault":
            return _vault(keys)
        case "aws-kms":
            return _aws_kms(keys)
        case _:
            assert_never(keys.provider)


def key_file_of(settings: Settings) -> Path:
    """Where the file provider's keys lie."""
    return settings.keys.file or settings.data_dir / "keys.json"


def source_of(settings: Settings) -> str:
    """Where the keys come from, for people."""
    keys = settings.keys
    match keys.provider:
        case "file":
            return str(key_file_of(settings))
        case "environment":
            return variable("keys", "secret")
        case "vault":
            return f"{keys.vault_address} {keys.vault_mount}/{keys.vault_key}"
        case "aws-kms":
            return f"AWS KMS {keys.aws_key_id}"
        case _:
            assert_never(keys.provider)


def _vault(keys: KeySettings) -> KeyProvider:
    from pipeline.keys.vault import VaultConfig, VaultKeys

    return VaultKeys(
        VaultConfig(
            address=keys.vault_address or "",
            token=_secret(keys.vault_token),
            key=keys.vault_key or "",
            mount=keys.vault_mount,
            namespace=keys.vault_namespace,
            ca_file=keys.vault_ca_file,
            timeout_seconds=keys.timeout_seconds,
        )
    )


def _aws_kms(keys: KeySettings) -> KeyProvider:
    try:
        from pipeline.keys.aws_kms import AwsKmsConfig, AwsKmsKeys
    except ImportError as error:
        raise MissingExtra(
            f"{variable('keys', 'provider')}=aws-kms needs the extra kms-aws: pip install 'consultguard[kms-aws]'"
        ) from error
    return AwsKmsKeys(
        AwsKmsConfig(
            key=keys.aws_key_id or "",
            region=keys.aws_region,
            endpoint=keys.aws_endpoint,
            timeout_seconds=keys.timeout_seconds,
        )
    )


def _secret(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()
