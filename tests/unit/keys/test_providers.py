"""The settings choose where keys come from."""

import base64
import os
import sys
from pathlib import Path

import pytest

from pipeline.errors import KeyMissing, MissingExtra
from pipeline.keys.key_file import init_key_file
from pipeline.keys.providers import build_key_provider, key_file_of, source_of
from pipeline.keys.ring import fingerprint
from pipeline.settings import PREFIX, Settings
from pipeline.testing.fake_clock import FakeClock
from tests.unit.keys.providers import SECRET
from tests.unit.keys.vault_server import TOKEN, VaultServer


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_without_settings_keys_are_in_a_file_of_the_data_folder(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    provider = build_key_provider(settings)

    with pytest.raises(KeyMissing, match="consultguard keys init"):
        _ = provider.key_id
    made = init_key_file(key_file_of(settings), clock=FakeClock())

    assert provider.key_id == made.id
    assert source_of(settings) == str(tmp_path / "keys.json")


def test_keys_of_the_environment_are_the_ones_set() -> None:
    settings = Settings.model_validate(
        {"keys": {"provider": "environment", "secret": base64.b64encode(SECRET).decode()}}
    )

    assert build_key_provider(settings).key_id == fingerprint(SECRET)
    assert source_of(settings) == "CONSULTGUARD_KEYS_SECRET"


def test_keys_of_vault_are_asked_for_as_set() -> None:
    with VaultServer() as server:
        vault = {"vault_address": server.url, "vault_token": TOKEN, "vault_key": "clinic"}
        settings = Settings.model_validate({"keys": {"provider": "vault", **vault}})

        provider = build_key_provider(settings)
        assert server.asked == []
        assert provider.unwrap(provider.wrap(bytes(32), context=b"c"), context=b"c") == bytes(32)
        assert source_of(settings) == f"{server.url} transit/clinic"


def test_without_the_extra_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    monkeypatch.delitem(sys.modules, "pipeline.keys.aws_kms", raising=False)
    monkeypatch.delitem(sys.modules, "boto3.session", raising=False)
    settings = Settings.model_validate({"keys": {"provider": "aws-kms", "aws_key_id": "k"}})

    with pytest.raises(MissingExtra, match=r"pip install 'consultguard\[kms-aws\]'"):
        build_key_provider(settings)


def test_keys_of_aws_are_asked_for_as_set(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("boto3", reason="the extra kms-aws is not installed")
    from tests.unit.keys.kms_server import FIRST, KmsServer

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "invented")
    with KmsServer() as server:
        aws = {"aws_key_id": "alias/clinic", "aws_region": "eu-west-1", "aws_endpoint": server.url}
        settings = Settings.model_validate({"keys": {"provider": "aws-kms", **aws}})

        assert build_key_provider(settings).key_id == f"aws-kms:{FIRST}"
        assert source_of(settings) == "AWS KMS alias/clinic"
