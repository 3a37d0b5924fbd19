"""`consultguard keys` makes, rotates and shows keys, and never prints one."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import Result
from typer.testing import CliRunner

from pipeline.cli.main import app
from pipeline.errors import ConsultGuardError, KeyMissing, KeyRefused, SettingsError
from pipeline.keys.key_file import read_key_file
from pipeline.keys.ring import fingerprint

SECRET = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
Command = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("CONSULTGUARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONSULTGUARD_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


@pytest.fixture
def keys(home: Path) -> Command:
    def run(*arguments: str, **environment: str) -> Result:
        done: Result = CliRunner().invoke(app, ["keys", *arguments], env=environment)
        return done

    return run


def _json(done: Result) -> dict[str, Any]:
    assert done.exit_code == 0, done.output
    (line,) = done.output.splitlines()
    body: dict[str, Any] = orjson.loads(line)
    return body


def _refusal(done: Result, kind: type[ConsultGuardError]) -> str:
    """What `main` prints before it exits with 1."""
    assert done.exit_code == 1
    assert isinstance(done.exception, kind), done.exception
    return str(done.exception)


def test_init_makes_a_file_of_the_owner_alone_in_the_data_folder(keys: Command, home: Path) -> None:
    done = _json(keys("init", "--json"))

    file = home / "data" / "keys.json"
    assert done == {"file": str(file), "key_id": read_key_file(file)[0].id}
    assert file.stat().st_mode & 0o777 == 0o600


def test_init_twice_is_refused_and_keeps_the_key(keys: Command, home: Path) -> None:
    first = _json(keys("init", "--json"))["key_id"]

    assert "exists already; `consultguard keys rotate`" in _refusal(keys("init"), KeyRefused)
    assert [key.id for key in read_key_file(home / "data" / "keys.json")] == [first]


def test_rotate_adds_a_key_and_says_what_must_follow(keys: Command, home: Path) -> None:
    keys("init")

    told, as_json = keys("rotate"), _json(keys("rotate", "--json"))

    found = read_key_file(home / "data" / "keys.json")
    assert len(found) == 3
    assert "now run: consultguard audit rewrap" in told.output
    assert found[1].id in told.output
    assert (as_json["key_id"], as_json["next"]) == (found[2].id, "consultguard audit rewrap")


def test_rotate_without_a_file_says_how_to_make_one(keys: Command) -> None:
    assert "make one with `consultguard keys init`" in _refusal(keys("rotate"), KeyMissing)


def test_show_lists_ids_and_times_newest_first_and_where_they_come_from(keys: Command, home: Path) -> None:
    keys("init")
    keys("rotate")

    shown, table = _json(keys("show", "--json")), keys("show").output

    old, new = read_key_file(home / "data" / "keys.json")
    assert (shown["provider"], shown["source"]) == ("file", str(home / "data" / "keys.json"))
    assert [(key["key_id"], key["wraps"]) for key in shown["keys"]] == [(new.id, True), (old.id, False)]
    assert all(key["created_at"].endswith("Z") for key in shown["keys"])
    assert old.id in table
    assert new.id in table


def test_another_file_can_be_named_by_option_or_setting(keys: Command, home: Path) -> None:
    made = _json(keys("init", "--file", str(home / "mine" / "k.json"), "--json"))

    shown = _json(keys("show", "--json", CONSULTGUARD_KEYS_FILE=str(home / "mine" / "k.json")))

    assert [key["key_id"] for key in shown["keys"]] == [made["key_id"]]
    assert not (home / "data").exists()


def test_show_names_a_missing_or_loose_file_and_the_mend(keys: Command, home: Path) -> None:
    assert "consultguard keys init" in _refusal(keys("show"), KeyMissing)
    keys("init")
    (home / "data" / "keys.json").chmod(0o644)
    assert "run chmod 600" in _refusal(keys("show"), KeyRefused)


@pytest.mark.parametrize("command", ["init", "rotate"])
@pytest.mark.parametrize(
    ("environment", "mend"),
    [
        ({"CONSULTGUARD_KEYS_PROVIDER": "environment", "CONSULTGUARD_KEYS_SECRET": SECRET}, "openssl rand -base64 32"),
        (
            {
                "CONSULTGUARD_KEYS_PROVIDER": "vault",
                "CONSULTGUARD_KEYS_VAULT_ADDRESS": "https://vault.example",
                "CONSULTGUARD_KEYS_VAULT_TOKEN": "hvs.x",
                "CONSULTGUARD_KEYS_VAULT_KEY": "clinic",
            },
            "vault write -f transit/keys/clinic",
        ),
        ({"CONSULTGUARD_KEYS_PROVIDER": "aws-kms", "CONSULTGUARD_KEYS_AWS_KEY_ID": "k"}, "aws kms create-key"),
    ],
    ids=["environment", "vault", "aws-kms"],
)
def test_keys_of_another_provider_are_made_there_and_it_is_said_how(
    command: str, environment: dict[str, str], mend: str, keys: Command, home: Path
) -> None:
    refusal = _refusal(keys(command, **environment), SettingsError)

    assert mend in refusal
    assert SECRET not in refusal
    assert not (home / "data").exists()


def test_show_of_an_environment_key_tells_its_id(keys: Command) -> None:
    shown = _json(keys("show", "--json", CONSULTGUARD_KEYS_PROVIDER="environment", CONSULTGUARD_KEYS_SECRET=SECRET))

    assert shown["source"] == "CONSULTGUARD_KEYS_SECRET"
    key_id = fingerprint(b"0123456789abcdef0123456789abcdef")
    assert shown["keys"] == [{"key_id": key_id, "created_at": None, "wraps": True}]


def test_no_command_prints_a_key(keys: Command, home: Path) -> None:
    done = [keys("init"), keys("rotate"), keys("rotate", "--json"), keys("show"), keys("show", "--json"), keys("init")]

    printed = "".join(f"{one.output} {one.exception}" for one in done)
    for entry in orjson.loads((home / "data" / "keys.json").read_bytes())["keys"]:
        assert entry["secret"] not in printed
        assert entry["id"] in printed
