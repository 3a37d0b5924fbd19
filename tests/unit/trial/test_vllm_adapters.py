"""How a trial server is told of adapters."""

import argparse
import json
from pathlib import Path

import pytest

from pipeline.errors import JudgeUnavailable
from pipeline.trial.vllm_adapters import adapter_options, named_folder
from pipeline.trial.vllm_server import MINI_GUARD, VllmServer


def _adapter(folder: Path, rank: object) -> Path:
    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps({"r": rank}))
    return folder


def test_a_server_without_adapters_is_told_nothing_of_them() -> None:
    assert adapter_options({}) == []


def test_vllm_is_told_every_folder_and_room_for_the_largest_rank_of_those_it_takes(tmp_path: Path) -> None:
    one, other = _adapter(tmp_path / "one", 4), _adapter(tmp_path / "other", 20)
    told = adapter_options({"north": one, "south": other})
    assert told[:5] == ["--enable-lora", "--max-lora-rank", "32", "--max-loras", "2"]
    assert told[5:] == ["--lora-modules", f"north={one}", f"south={other}"]


@pytest.mark.parametrize("rank", [513, "many", None])
def test_a_rank_that_vllm_does_not_take_is_refused(tmp_path: Path, rank: object) -> None:
    with pytest.raises(JudgeUnavailable):
        adapter_options({"site": _adapter(tmp_path / "site", rank)})


def test_a_server_whose_adapter_is_not_there_is_not_started(tmp_path: Path) -> None:
    server = VllmServer(MINI_GUARD, lora={"site": tmp_path})
    with pytest.raises(JudgeUnavailable, match="consultguard train adapter"):
        server.start()
    assert server.pid is None


def test_an_adapter_is_named_on_the_command_line_with_its_folder() -> None:
    assert named_folder("site=adapters/site=1") == ("site", Path("adapters/site=1"))
    for text in ("site", "site=", "=adapters/site"):
        with pytest.raises(argparse.ArgumentTypeError):
            named_folder(text)
