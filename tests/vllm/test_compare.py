"""The comparison measures the worker and its peers on a real Kafka and a real vLLM, and counts what each kill cost."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from pipeline.trial.vllm_server import VllmServer
from tests.cli.command import consultguard, only_json
from tests.kafka.serving import server_of

pytestmark = [pytest.mark.vllm, pytest.mark.kafka, pytest.mark.timeout(600)]
_LIBRARY_OF = {
    "asyncio": "aiokafka",
    "faststream": "faststream",
    "faststream-ack": "faststream",
    "quix": "quixstreams",
}


def compared(peers: str, *, home: Path, config: pytest.Config, vllm_server: VllmServer) -> dict[str, Any]:
    done = consultguard(
        "bench", "compare", "--peers", peers, "--chunks", "120", "--seconds-each", "4", "--json",
        home=home,
        timeout_seconds=400,
        CONSULTGUARD_KAFKA_BOOTSTRAP_SERVERS=",".join(server_of(config).bootstrap_servers),
        CONSULTGUARD_VLLM_ENDPOINTS=vllm_server.url,
        CONSULTGUARD_VLLM_MODEL=vllm_server.name,
        CONSULTGUARD_VLLM_PROFILE="consultguard",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return only_json(done.stdout)


def test_the_worker_and_the_loop_are_measured_side_by_side_and_the_killed_worker_loses_and_repeats_nothing(
    tmp_path: Path, request: pytest.FixtureRequest, vllm_server: VllmServer
) -> None:
    found = compared("loop,consultguard", home=tmp_path, config=request.config, vllm_server=vllm_server)
    loop, ours = found["peers"]
    assert (loop["name"], ours["name"], found["failed"]) == ("loop", "consultguard", {})
    assert loop["verdicts"] > 0
    assert loop["answer_tokens"] > 1
    assert (ours["lost"], ours["repeated"], ours["duplicated"], ours["out_of_order"]) == (0, 0, 0, 0)
    assert found["times_faster"].keys() <= {"loop"}
    assert found["record_bytes"].keys() == {"chunk", "verdict", "audit"}
    assert not found["trial_server"]


@pytest.mark.parametrize("peer", _LIBRARY_OF)
def test_a_peer_of_the_extra_gives_verdicts_of_whole_answers(
    peer: str, tmp_path: Path, request: pytest.FixtureRequest, vllm_server: VllmServer
) -> None:
    if find_spec(_LIBRARY_OF[peer]) is None:
        pytest.skip(f"{peer} needs the extra bench-peers, which dev leaves out")
    found = compared(peer, home=tmp_path, config=request.config, vllm_server=vllm_server)
    [measured] = found["peers"]
    assert measured["answer_tokens"] > 1
    assert measured["duplicated"] == 0
    assert _LIBRARY_OF[peer] in measured["versions"]
