"""Whatever is printed, logged or raised, no key is in it: neither data key, nor key-encryption key, nor token."""

import base64
import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import orjson
import pytest
import structlog

from pipeline.errors import ConsultGuardError, KeyRefused
from pipeline.keys.base import KeyProvider, Wrapped
from pipeline.keys.consultation_keys import ConsultationKeys
from pipeline.keys.data_keys import new_data_key, open_sealed, unwrap_data_key, wrap_data_key
from pipeline.keys.environment import EnvironmentKeys
from pipeline.keys.key_file import FileKeys, init_key_file, read_key_file, rotate_key_file
from pipeline.keys.ring import KeyRing, RingKey
from pipeline.keys.vault import VaultConfig, VaultKeys
from pipeline.log import configure
from pipeline.testing.fake_clock import FakeClock
from tests.unit.keys.providers import SECRET, BreakableKeys
from tests.unit.keys.vault_server import TOKEN, Answer, VaultServer

ENVIRONMENT = base64.b64encode(SECRET).decode()
DATA_KEY = bytes(range(200, 232))
CONTEXT = b"consult.key/1 4 dk_1 c-1"


def _shown(secret: bytes, told: str) -> bool:
    """In any form that somebody may print: bytes, their escapes, hexadecimal, base64, text."""
    forms = (
        repr(secret)[2:-1],
        secret.hex(),
        base64.b64encode(secret).decode().rstrip("="),
        base64.urlsafe_b64encode(secret).decode().rstrip("="),
        secret.decode("latin-1"),
        repr(list(secret))[1:-1],
    )
    return any(form in told for form in forms)


def _told(thing: object) -> str:
    held = [getattr(thing, name) for name in getattr(thing, "__slots__", ())]
    return f"{thing!r} {thing} {thing:} {[thing]} {type(thing).__qualname__}" + (
        "" if isinstance(thing, RingKey | VaultConfig) else f" {held}"
    )


def _told_of(raised: BaseException) -> str:
    """An exception with everything it drags along: what it was raised from, while, and their arguments."""
    told = "".join(traceback.format_exception(raised))
    seen: list[BaseException] = []
    pending: list[BaseException | None] = [raised]
    while pending:
        fault = pending.pop()
        if fault is None or fault in seen:
            continue
        seen.append(fault)
        told += f" {fault!r} {fault.args!r} {vars(fault)!r} {getattr(fault, 'doc', '')}"
        pending += [fault.__cause__, fault.__context__]
    return told


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """Everything logged, ours and the libraries', at the lowest level."""
    stream = StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure(level="debug", form="json")
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream.getvalue
    root.removeHandler(handler)
    root.setLevel(before)
    structlog.reset_defaults()


def test_the_check_itself_finds_a_key_in_each_form() -> None:
    for told in (repr(SECRET), SECRET.hex(), ENVIRONMENT, str(list(SECRET)), f"{ {'a': SECRET} }"):
        assert _shown(SECRET, told)
    assert _shown(SECRET, _told_of(ValueError("x", SECRET)))
    assert not _shown(SECRET, "kek_0")


def test_no_object_shows_the_keys_it_holds(tmp_path: Path) -> None:
    key = init_key_file(tmp_path / "keys.json", clock=FakeClock())
    files = FileKeys(tmp_path / "keys.json")
    consultations = ConsultationKeys(files, clock=FakeClock())
    sealed = consultations.seal("c-1", b"words", bound_to=b"")
    (wrapped,) = consultations.unpublished(["c-1"])
    data_key = unwrap_data_key(files, wrapped)
    config = VaultConfig("http://127.0.0.1:1", TOKEN, "clinic")
    things: list[object] = [
        RingKey(SECRET),
        KeyRing([RingKey(SECRET)], source="test"),
        EnvironmentKeys(ENVIRONMENT, variable="V"),
        key,
        read_key_file(tmp_path / "keys.json"),
        files,
        consultations,
        sealed,
        wrapped,
        config,
        VaultKeys(config),
        files.wrap(DATA_KEY, context=CONTEXT),
    ]

    told = "".join(_told(thing) for thing in things)

    for secret in (SECRET, key.secret, data_key, DATA_KEY, TOKEN.encode()):
        assert not _shown(secret, told)


def _spoilt_file(path: Path, spoil: Callable[[dict[str, Any]], object]) -> None:
    body = orjson.loads(path.read_bytes())
    spoil(body["keys"][0])
    path.write_bytes(orjson.dumps(body))


def test_no_fault_shows_a_key_even_through_what_it_was_raised_from(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    secrets = [init_key_file(path, clock=FakeClock()).secret, SECRET, DATA_KEY, TOKEN.encode()]
    secrets.append(rotate_key_file(path, clock=FakeClock()).secret)
    ring = KeyRing([RingKey(SECRET)], source="test")
    wrapped = ring.wrap(DATA_KEY, context=CONTEXT)
    key = wrap_data_key(ring, DATA_KEY, consult_id="c-1", key_id="dk_1", created_at_ms=0)
    sealed = ConsultationKeys(ring, clock=FakeClock()).seal("c-1", b"words", bound_to=b"")

    raised: list[Callable[[], object]] = [
        lambda: ring.unwrap(wrapped, context=b""),
        lambda: ring.unwrap(Wrapped("kek_0", wrapped.data), context=CONTEXT),
        lambda: open_sealed(sealed, DATA_KEY, bound_to=b""),
        lambda: open_sealed(sealed, DATA_KEY[:5], bound_to=b""),
        lambda: unwrap_data_key(FileKeys(path), key),
        lambda: EnvironmentKeys(ENVIRONMENT[:-2], variable="V"),
        lambda: EnvironmentKeys(ENVIRONMENT + "!", variable="V"),
        lambda: VaultKeys(VaultConfig("http://127.0.0.1:1", TOKEN + "\n", "clinic")),
        lambda: VaultKeys(VaultConfig("http://127.0.0.1:1", TOKEN, "clinic")).wrap(DATA_KEY, context=CONTEXT),
    ]
    told = _of_all(raised)
    path.write_bytes(path.read_bytes() + b"}")
    told += _of_all([lambda: read_key_file(path)])
    path.write_bytes(path.read_bytes()[:-1])
    _spoilt_file(path, lambda entry: entry.update(secret=entry["secret"] + "!"))
    told += _of_all([lambda: read_key_file(path)])

    assert told
    for secret in secrets:
        assert not _shown(secret, told)


def _of_all(raised: list[Callable[[], object]]) -> str:
    told = ""
    for raises in raised:
        with pytest.raises(ConsultGuardError) as fault:
            raises()
        told += _told_of(fault.value)
    return told


def test_no_answer_of_vaults_is_repeated(log: Callable[[], str]) -> None:
    """An answer that is not read as expected may hold the data key all the same."""
    echoed = base64.b64encode(DATA_KEY).decode()
    with VaultServer() as server:
        keys = VaultKeys(VaultConfig(server.url, TOKEN, "clinic"))
        wrapped = keys.wrap(DATA_KEY, context=CONTEXT)
        told = ""
        for answer in (
            Answer(200, f'{{"data":{{"plaintext":"{echoed}!"}}}}'.encode()),
            Answer(200, f'{{"data":{{"plaintext":"{echoed}"}}'.encode()),
            Answer(200, f'{{"plaintext":"{echoed}"}}'.encode()),
            Answer(400, f'{{"errors":["{echoed}"]}}'.encode()),
            Answer(403, f'{{"errors":["{TOKEN}"]}}'.encode()),
            Answer(500, echoed.encode()),
        ):
            server.answer = answer
            told += _of_all([lambda: keys.unwrap(wrapped, context=CONTEXT)])

    told += log()
    assert not _shown(DATA_KEY, told)
    assert TOKEN not in told


def test_no_log_line_shows_a_key(log: Callable[[], str]) -> None:
    provider: KeyProvider = BreakableKeys()
    key_id, data_key = new_data_key()
    wrapped = wrap_data_key(provider, data_key, consult_id="c-1", key_id=key_id, created_at_ms=0)
    broken = BreakableKeys()
    broken.fault = KeyRefused("it does not open")
    keys = ConsultationKeys(broken, clock=FakeClock())
    keys.restore(wrapped)

    keys.seal("c-1", b"the words spoken", bound_to=b"")

    told = log()
    assert "data_key_not_restored" in told
    assert key_id in told
    assert not _shown(data_key, told)
    assert not _shown(SECRET, told)
    assert "the words spoken" not in told
