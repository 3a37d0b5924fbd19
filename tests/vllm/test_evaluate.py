"""Both engines on the hand-written sets, by the command that measures them."""

from pathlib import Path

import orjson
import pytest

from pipeline.trial.vllm_server import VllmServer
from tests.cli.command import consultguard, only_json

POLICY_SETS = sorted((Path(__file__).parent.parent / "data" / "policy").glob("*.jsonl"))


@pytest.mark.vllm
def test_the_same_weights_in_both_engines_agree_on_every_verdict(
    vllm_server: VllmServer, guard_dir: Path, tmp_path: Path
) -> None:
    done = consultguard(
        "eval",
        "run",
        *map(str, POLICY_SETS),
        "--judge",
        "embedded",
        "--judge",
        "vllm",
        "--json",
        home=tmp_path,
        CONSULTGUARD_EMBEDDED_MODEL_DIR=str(guard_dir),
        CONSULTGUARD_VLLM_ENDPOINTS=vllm_server.url,
        CONSULTGUARD_VLLM_MODEL=vllm_server.name,
        CONSULTGUARD_VLLM_PROFILE="consultguard",
    )
    assert done.returncode == 0, done.stderr
    body = only_json(done.stdout)
    assert [engine["judge"] for engine in body["engines"]] == ["embedded", "vllm"]
    found = body["agreement"]
    assert found["rows"] == sum(body["datasets"].values())
    assert found["same_level"] == 1.0, found["differing"]
    assert found["same_label"] == 1.0
    assert found["largest_score_difference"] < 1e-3


@pytest.mark.vllm
def test_most_prompt_tokens_of_a_consultation_in_order_come_from_the_prefix_cache(
    vllm_server: VllmServer, tmp_path: Path
) -> None:
    """By the server's own metrics; 60 % is what the design asks for."""
    talk = tmp_path / "talk.jsonl"
    said = [f"Since day {day} the pain in my left knee wakes me {day % 4} times a night." for day in range(120)]
    turns = [{"speaker": ("patient", "doctor")[day % 2], "text": text} for day, text in enumerate(said)]
    talk.write_bytes(orjson.dumps({"id": "visit", "lang": "en", "turns": turns}) + b"\n")
    done = consultguard(
        "eval",
        "run",
        str(talk),
        "--judge",
        "vllm",
        "--json",
        home=tmp_path,
        CONSULTGUARD_VLLM_ENDPOINTS=vllm_server.url,
        CONSULTGUARD_VLLM_MODEL=vllm_server.name,
        CONSULTGUARD_VLLM_PROFILE="consultguard",
    )
    assert done.returncode == 0, done.stderr
    (engine,) = only_json(done.stdout)["engines"]
    assert engine["prefix_cache_hit_rate"] > 0.6
