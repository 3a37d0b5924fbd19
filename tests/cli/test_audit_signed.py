"""`keys signing`, `run checkpointer`, `audit prove` and `audit verify-proof`, one after the other as a site does."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
import structlog
from click.testing import Result
from typer.testing import CliRunner

from pipeline.audit.signing_key import fingerprint, load_private_key, load_public_key
from pipeline.broker.base import OutgoingRecord
from pipeline.broker.local.broker import LocalBroker
from pipeline.cli.main import app
from pipeline.clock import SystemClock
from pipeline.errors import AuditBroken, ConsultGuardError, InputError, KeyMissing, KeyRefused, ProofUnavailable
from tests.audit_chains import chain

Command = Callable[..., Result]
LINKS = chain(6, chain_id="consult.chunks/0")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in [name for name in os.environ if name.startswith("CONSULTGUARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONSULTGUARD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CONSULTGUARD_TOPICS_PARTITIONS", "1")
    monkeypatch.setenv("CONSULTGUARD_AUDIT_ANCHOR", f"file:{tmp_path}/anchor")
    (tmp_path / "anchor").mkdir()
    yield tmp_path
    structlog.reset_defaults()  # the commands' log goes to streams that are closed by now


@pytest.fixture
def run(home: Path) -> Command:
    def invoke(*arguments: str, **environment: str) -> Result:
        done: Result = CliRunner().invoke(app, arguments, env=environment)
        return done

    return invoke


@pytest.fixture
def site(run: Command) -> Command:
    """With its topics, and a key."""
    assert run("topics", "ensure").exit_code == 0
    assert run("keys", "signing").exit_code == 0
    return run


def _json(done: Result, *, exit_code: int = 0) -> dict[str, Any]:
    assert done.exit_code == exit_code, (done.output, done.exception)
    (line,) = done.stdout.splitlines()
    body: dict[str, Any] = orjson.loads(line)
    return body


def _refusal(done: Result, kind: type[ConsultGuardError]) -> str:
    assert done.exit_code == 1
    assert isinstance(done.exception, kind), done.exception
    return str(done.exception)


def _judge(home: Path, *values: bytes) -> None:
    broker = LocalBroker(home / "data" / "broker", clock=SystemClock())
    with closing(broker.publisher(publisher_id="test")) as publisher:
        publisher.publish([OutgoingRecord("consult.audit", b"consult-1", value, 0) for value in values])


def test_signing_makes_a_pair_and_tells_its_fingerprint(run: Command, home: Path) -> None:
    done = _json(run("keys", "signing", "--json"))

    private, public = home / "data" / "audit-signing-key.pem", home / "data" / "audit-signing-key.public.pem"
    key = load_private_key(private)
    assert private.stat().st_mode & 0o777 == 0o600
    assert done == {"private": str(private), "public": str(public), "fingerprint": fingerprint(key.public_key())}
    assert load_public_key(public) == key.public_key()


def test_signing_puts_both_where_it_is_told(run: Command, home: Path) -> None:
    private, public = home / "hsm" / "k.pem", home / "auditors" / "p.pem"

    done = run("keys", "signing", "--out-public", str(public), CONSULTGUARD_AUDIT_SIGNING_KEY_FILE=str(private))

    assert done.exit_code == 0
    assert load_public_key(public) == load_private_key(private).public_key()
    assert "PRIVATE" not in done.output
    assert not (home / "data").exists()


def test_signing_overwrites_nothing_and_leaves_no_half_of_a_pair(run: Command, home: Path) -> None:
    (home / "taken.pem").write_text("mine")
    assert "never overwritten" in _refusal(run("keys", "signing", "--out-public", "taken.pem"), KeyRefused)
    assert not (home / "data").exists()

    assert run("keys", "signing").exit_code == 0
    before = (home / "data" / "audit-signing-key.pem").read_bytes()
    assert "openssl pkey" in _refusal(run("keys", "signing"), KeyRefused)
    assert (home / "data" / "audit-signing-key.pem").read_bytes() == before
    assert (home / "taken.pem").read_text() == "mine"


def test_without_a_key_the_checkpointer_makes_none(run: Command, home: Path) -> None:
    run("topics", "ensure")

    assert "consultguard keys signing" in _refusal(run("run", "checkpointer", "--once"), KeyMissing)
    assert not list(home.rglob("*.pem"))


def test_once_signs_what_there_is_into_topic_and_anchor(site: Command, home: Path) -> None:
    _judge(home, *LINKS[:4])

    first = _json(site("run", "checkpointer", "--once", "--json"))
    said = site("run", "checkpointer", "--once").stdout

    assert first == {"written": 1, "last_seq": 0, "anchored_seq": 0}
    assert "1 checkpoints written, the last is number 1; the anchor holds number 1" in said
    assert len(list((home / "anchor").iterdir())) == 2
    public = home / "data" / "audit-signing-key.public.pem"
    held = _json(site("audit", "verify", "--public-key", str(public), "--no-record", "--json"))
    assert (held["verified"], held["checkpoints"], held["held_against_checkpoint"]) == (True, 2, 1)


def test_a_trail_whose_signing_key_was_changed_is_verified_with_both_keys(site: Command, home: Path) -> None:
    _judge(home, *LINKS[:4])
    assert site("run", "checkpointer", "--once").exit_code == 0
    data = home / "data"
    old, new = home / "old.pem", data / "audit-signing-key.public.pem"
    new.rename(old)
    (data / "audit-signing-key.pem").rename(home / "old-private.pem")
    assert site("keys", "signing").exit_code == 0
    assert site("run", "checkpointer", "--once", "--earlier-key", str(old)).exit_code == 0

    both = ("audit", "verify", "--no-record", "--json", "--public-key", str(new), "--earlier-key", str(old))
    held = _json(site(*both))
    alone = _json(site(*both[:-2]), exit_code=1)
    swapped = _json(site(*both[:4], "--public-key", str(old), "--earlier-key", str(new)), exit_code=1)

    assert (held["verified"], held["checkpoints"]) == (True, 2)
    assert [flaw["kind"] for flaw in alone["flaws"]] == ["checkpoint_another_key"] * 2
    assert {flaw["kind"] for flaw in swapped["flaws"]} == {"checkpoint_another_key"}
    asked = site("audit", "verify", "--no-record", "--earlier-key", str(old))
    assert "--earlier-key needs --public-key" in _refusal(asked, InputError)


def test_a_broken_chain_ends_it_with_a_fault_that_names_the_place(site: Command, home: Path) -> None:
    _judge(home, LINKS[0], LINKS[2])

    assert "offset 1 of consult.audit/0" in _refusal(site("run", "checkpointer", "--once"), AuditBroken)


def test_the_service_ends_on_sigterm_after_a_last_checkpoint(site: Command, home: Path) -> None:
    before, ended = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}, threading.Event()

    def terminate() -> None:
        while not ended.wait(1.0):
            os.kill(os.getpid(), signal.SIGTERM)

    # What comes before the command listens ends in this, and not the tests.
    signal.signal(signal.SIGTERM, lambda *_: None)
    sender = threading.Thread(target=terminate)
    sender.start()
    try:
        done = _json(site("run", "checkpointer", "--json", CONSULTGUARD_AUDIT_CHECKPOINT_SECONDS="0.1"))
    finally:
        ended.set()
        sender.join()
        for number, handler in before.items():
            signal.signal(number, handler)

    assert done["written"] >= 1
    assert done["last_seq"] == done["anchored_seq"] == done["written"] - 1


def _proof(site: Command, home: Path) -> Path:
    _judge(home, *LINKS)
    assert site("run", "checkpointer", "--once").exit_code == 0
    done = _json(site("audit", "prove", "--chunk", "chk_3", "--out", "proof.json", "--json"))
    assert (done["chain"], done["index"], done["size"]) == ("consult.chunks/0", 3, 6)
    assert (done["out"], done["others"]) == ("proof.json", [])
    return home / "proof.json"


def test_a_proof_is_checked_with_the_public_key_alone(
    site: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proof = _proof(site, home)
    public = str((home / "data" / "audit-signing-key.public.pem").rename(home / "public.pem"))
    (home / "data").rename(home / "elsewhere")
    monkeypatch.setenv("CONSULTGUARD_BROKER", "no such setting")

    found = _json(site("audit", "verify-proof", str(proof), "--public-key", public, "--json"))
    said = site("audit", "verify-proof", str(proof), "--public-key", public).stdout

    assert (found["verified"], found["record"]["chunk_id"], found["checkpoint"]["seq"]) == (True, "chk_3", 0)
    assert "judged unsafe: chunk chk_3 of consult-1" in said
    assert "is record 3 of chain consult.chunks/0" in said


def test_what_is_wrong_with_a_proof_is_named(site: Command, home: Path) -> None:
    proof = _proof(site, home)
    proof.write_bytes(proof.read_bytes().replace(b'"index":3', b'"index":4'))
    public = str(home / "data" / "audit-signing-key.public.pem")

    found = _json(site("audit", "verify-proof", str(proof), "--public-key", public, "--json"), exit_code=1)
    assert (found["verified"], found["flaw"]) == (False, "place")
    said = site("audit", "verify-proof", str(proof), "--public-key", public, "--origin", "elsewhere")
    assert said.exit_code == 1
    assert said.stdout.startswith("proves nothing (place): its record is number 3")
    assert "cannot be read" in _refusal(site("audit", "verify-proof", "none", "--public-key", public), InputError)


def test_what_cannot_be_proven_is_said_with_the_mend(site: Command, home: Path) -> None:
    _judge(home, LINKS[0])
    ask = ("audit", "prove", "--out", "proof.json", "--chunk")

    assert "run checkpointer --once" in _refusal(site(*ask, "chk_0"), ProofUnavailable)
    assert "no audit record is about this chunk" in _refusal(site(*ask, "chk_9"), ProofUnavailable)
    assert not (home / "proof.json").exists()
    (home / "proof.json").write_text("mine")
    assert "exists already" in _refusal(site(*ask, "chk_0"), InputError)
    (home / "data" / "audit-signing-key.public.pem").unlink()
    assert "give --public-key" in _refusal(site(*ask, "chk_0"), InputError)
