"""Vault wraps and unwraps; each way it can fail is told apart, and its token goes nowhere else."""

import socket
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import KeyMissing, KeyRefused, KeysError, KeyUnavailable, SettingsError
from pipeline.keys.base import Wrapped
from pipeline.keys.vault import VaultConfig, VaultKeys
from tests.unit.keys.vault_server import TOKEN, Answer, VaultServer, error

DATA_KEY = bytes(range(50, 82))


@pytest.fixture
def server() -> Iterator[VaultServer]:
    with VaultServer() as running:
        yield running


def _config(server: VaultServer) -> VaultConfig:
    return VaultConfig(server.url, TOKEN, "clinic", timeout_seconds=5)


@pytest.fixture
def keys(server: VaultServer) -> VaultKeys:
    return VaultKeys(_config(server))


def test_a_data_key_is_wrapped_and_unwrapped(keys: VaultKeys) -> None:
    wrapped = keys.wrap(DATA_KEY, context=b"c")

    assert wrapped.provider_key_id == keys.key_id == "vault:transit/clinic/v1"
    assert wrapped.data.startswith(b"vault:v1:")
    assert keys.unwrap(wrapped, context=b"c") == DATA_KEY


def test_it_unwraps_in_its_own_context_only(keys: VaultKeys) -> None:
    wrapped = keys.wrap(DATA_KEY, context=b"c")

    with pytest.raises(KeyRefused, match=r"vault:transit/clinic/v1: .*moved from another consultation"):
        keys.unwrap(wrapped, context=b"d")


def test_vault_sees_no_id_of_a_consultation(server: VaultServer, keys: VaultKeys) -> None:
    keys.unwrap(keys.wrap(DATA_KEY, context=b"consult-of-the-test"), context=b"consult-of-the-test")

    for _, path, headers, body in server.asked:
        seen = f"{path} {headers} {body}".encode() + b64decode(body.get("associated_data", ""))
        assert b"consult-of-the-test" not in seen


def test_after_a_rotation_the_new_version_wraps_and_the_old_still_unwraps(server: VaultServer, keys: VaultKeys) -> None:
    old = keys.wrap(DATA_KEY, context=b"c")

    server.rotate()

    assert keys.key_id == keys.wrap(DATA_KEY, context=b"c").provider_key_id == "vault:transit/clinic/v2"
    assert keys.unwrap(old, context=b"c") == DATA_KEY


def test_a_version_that_is_gone_is_named(server: VaultServer, keys: VaultKeys) -> None:
    old = keys.wrap(DATA_KEY, context=b"c")
    server.rotate()
    server.min_decryption_version = 2

    with pytest.raises(KeyMissing, match="the key vault:transit/clinic/v1 is not there"):
        keys.unwrap(old, context=b"c")


def test_a_key_that_vault_does_not_have_is_named(server: VaultServer) -> None:
    keys = VaultKeys(replace(_config(server), key="other"))

    with pytest.raises(KeyMissing, match="the key vault:transit/other is not there"):
        keys.wrap(DATA_KEY, context=b"c")
    with pytest.raises(KeyMissing):
        _ = keys.key_id
    with pytest.raises(KeyMissing):
        VaultKeys(replace(_config(server), mount="elsewhere")).wrap(DATA_KEY, context=b"c")


@pytest.mark.parametrize(
    "other", ["kek_0", "vault:transit/clinic2/v1", "vault:sys/clinic/v1", "vault:transit/clinic", ""]
)
def test_a_record_does_not_choose_what_vault_is_asked(server: VaultServer, keys: VaultKeys, other: str) -> None:
    with pytest.raises(KeyMissing, match=f"the key {other} is not vault:transit/clinic, which is set"):
        keys.unwrap(Wrapped(other, b"vault:v1:AAAA"), context=b"c")

    assert server.asked == []


@pytest.mark.parametrize("data", [b"", b"vault:v1:", b"vault:v1:!!", b"\xff\xfe", b"vault:v1:AAAA"])
def test_wrapped_bytes_that_were_spoilt_are_refused(keys: VaultKeys, data: bytes) -> None:
    with pytest.raises(KeyRefused, match="was altered"):
        keys.unwrap(Wrapped("vault:transit/clinic/v1", data), context=b"c")


def test_a_token_that_vault_does_not_take_is_refused_with_the_mend(server: VaultServer) -> None:
    keys = VaultKeys(replace(_config(server), token="hvs.stale"))

    with pytest.raises(KeyRefused, match="renew CONSULTGUARD_KEYS_VAULT_TOKEN, or allow it transit/encrypt/clinic"):
        keys.wrap(DATA_KEY, context=b"c")


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (error(503, "Vault is sealed"), KeyUnavailable),
        (error(500, "1 error occurred: not found"), KeyUnavailable),
        (error(429), KeyUnavailable),
        (error(412), KeyUnavailable),
        (error(472), KeyUnavailable),
        (Answer(307, b"", (("Location", "http://127.0.0.1:1/v1/x"),)), KeyUnavailable),
        (Answer(200, b"<html>hello"), KeyUnavailable),
        (Answer(200, b'{"data":{}}'), KeyUnavailable),
        (Answer(200, b'{"data":null}'), KeyUnavailable),
        (Answer(200, b'{"data":{"ciphertext":"v1","plaintext":"!"}}'), KeyUnavailable),
        (Answer(400, b"not json"), KeyRefused),
        (Answer(400, b'{"errors":"word"}'), KeyRefused),
        (error(400, "associated_data is only supported for AEAD ciphers"), KeyRefused),
        (error(405, "unsupported operation"), KeyRefused),
    ],
)
def test_each_answer_that_is_not_vaults_best_becomes_the_fault_it_is(
    server: VaultServer, keys: VaultKeys, answer: Answer, fault: type[KeysError]
) -> None:
    wrapped = keys.wrap(DATA_KEY, context=b"c")
    server.answer = answer

    with pytest.raises(fault):
        keys.wrap(DATA_KEY, context=b"c")
    with pytest.raises(fault):
        keys.unwrap(wrapped, context=b"c")


def test_a_server_that_is_not_there_or_breaks_off_is_unavailable(server: VaultServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        keys = VaultKeys(VaultConfig(f"http://127.0.0.1:{port}", TOKEN, "clinic", timeout_seconds=0.05))
        with pytest.raises(KeyUnavailable, match=rf"127\.0\.0\.1:{port} does not answer \(TimeoutError\)"):
            keys.wrap(DATA_KEY, context=b"c")
    with pytest.raises(KeyUnavailable, match="ConnectionRefusedError"):
        keys.wrap(DATA_KEY, context=b"c")
    server.answer = Answer(200, b"", (("Content-Length", "5"), ("Transfer-Encoding", "chunked")))
    with pytest.raises(KeyUnavailable):
        VaultKeys(_config(server)).wrap(DATA_KEY, context=b"c")


def test_a_name_space_and_a_path_before_the_api_are_used(server: VaultServer) -> None:
    with pytest.raises(KeyMissing):
        VaultKeys(replace(_config(server), address=f"{server.url}/behind/", namespace="north")).wrap(
            DATA_KEY, context=b"c"
        )

    ((_, path, headers, _),) = server.asked
    assert (path, headers["X-Vault-Namespace"]) == ("/behind/v1/transit/encrypt/clinic", "north")


@pytest.mark.parametrize(
    "address", ["", "vault:8200", "ftp://vault", "https://", "https://vault:port", "//vault", "https://a:b@vault"]
)
def test_what_is_no_address_is_refused_by_its_setting(address: str) -> None:
    with pytest.raises(SettingsError, match="CONSULTGUARD_KEYS_VAULT_ADDRESS: must be a URL"):
        VaultKeys(VaultConfig(address, TOKEN, "clinic"))


def test_data_keys_cross_no_network_unencrypted() -> None:
    with pytest.raises(SettingsError, match="CONSULTGUARD_KEYS_VAULT_ADDRESS: must be https"):
        VaultKeys(VaultConfig("http://vault.example:8200", TOKEN, "clinic"))


@pytest.mark.parametrize("token", ["", "hvs.a\r\nX-Other: 1", "hvs.ключ"])
def test_what_is_no_token_is_refused_unquoted(token: str) -> None:
    with pytest.raises(SettingsError, match="CONSULTGUARD_KEYS_VAULT_TOKEN: is no token") as refused:
        VaultKeys(VaultConfig("http://127.0.0.1:1", token, "clinic"))

    assert not token or token not in str(refused.value)


def test_a_certificate_file_that_holds_none_is_refused_by_its_setting(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")

    for file in (tmp_path / "ca.pem", tmp_path / "absent.pem"):
        with pytest.raises(SettingsError, match="CONSULTGUARD_KEYS_VAULT_CA_FILE"):
            VaultKeys(VaultConfig("https://vault.example", TOKEN, "clinic", ca_file=file))
