"""A signing key is kept from others, is never lost by overwriting, and what is no such key is refused by name."""

import os
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from pipeline.audit.signing_key import (
    fingerprint,
    load_private_key,
    load_public_key,
    make_signing_key,
    write_private_key,
    write_public_key,
)
from pipeline.errors import KeyMissing, KeyRefused, KeyUnavailable


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def test_a_key_comes_back_as_it_was_written(tmp_path: Path) -> None:
    key = make_signing_key()

    write_private_key(key, tmp_path / "key.pem")
    write_public_key(key.public_key(), tmp_path / "key.pub")

    assert load_private_key(tmp_path / "key.pem").private_bytes_raw() == key.private_bytes_raw()
    assert load_public_key(tmp_path / "key.pub") == key.public_key()


def test_only_the_owner_may_read_a_private_key_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_private_key(make_signing_key(), tmp_path / "key.pem")
    finally:
        os.umask(before)

    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600


def test_a_key_is_never_written_over_another_file(tmp_path: Path) -> None:
    path = _file(tmp_path / "key.pem", b"kept")

    with pytest.raises(KeyRefused, match="never overwritten"):
        write_private_key(make_signing_key(), path)
    with pytest.raises(KeyRefused, match="never overwritten"):
        write_public_key(make_signing_key().public_key(), path)
    assert path.read_bytes() == b"kept"


def test_a_key_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.pem").symlink_to(tmp_path / "elsewhere.pem")

    with pytest.raises(KeyRefused):
        write_private_key(make_signing_key(), tmp_path / "link.pem")
    assert not (tmp_path / "elsewhere.pem").exists()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailable, match="none"):
        write_private_key(make_signing_key(), tmp_path / "none" / "key.pem")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for load in (load_private_key, load_public_key):
        with pytest.raises(KeyMissing, match=r"absent\.pem"):
            load(tmp_path / "absent.pem")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o622, 0o644])
def test_a_private_key_open_to_others_is_refused_with_the_mend(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key.pem"
    write_private_key(make_signing_key(), path)
    path.chmod(mode)

    with pytest.raises(KeyRefused, match=f"{mode:04o}.*chmod 600"):
        load_private_key(path)


def test_another_kind_of_key_is_refused(tmp_path: Path) -> None:
    other = generate_private_key(SECP256R1())
    private = _file(tmp_path / "a.pem", other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = _file(tmp_path / "a.pub", other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    with pytest.raises(KeyRefused, match="Ed25519 private key"):
        load_private_key(private)
    with pytest.raises(KeyRefused, match="Ed25519 public key"):
        load_public_key(public)


def test_a_key_behind_a_passphrase_is_refused(tmp_path: Path) -> None:
    locked = make_signing_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))

    with pytest.raises(KeyRefused, match="passphrase"):
        load_private_key(_file(tmp_path / "key.pem", locked))


@pytest.mark.parametrize(
    "content", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_key_is_refused_without_quoting_it(tmp_path: Path, content: bytes) -> None:
    for load in (load_private_key, load_public_key):
        with pytest.raises(KeyRefused) as caught:
            load(_file(tmp_path / "key.pem", content))
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None


def test_a_private_key_given_as_the_public_one_is_refused(tmp_path: Path) -> None:
    write_private_key(make_signing_key(), tmp_path / "key.pem")

    with pytest.raises(KeyRefused, match="public key"):
        load_public_key(tmp_path / "key.pem")


def test_the_fingerprint_is_of_the_raw_public_key() -> None:
    public = make_signing_key().public_key()

    assert fingerprint(public) == sha256(public.public_bytes_raw()).hexdigest()[:16]
    assert fingerprint(public) != fingerprint(make_signing_key().public_key())
