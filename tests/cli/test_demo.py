"""The demo, on the embedded broker with the embedded guard."""

from pathlib import Path

import orjson

from tests.cli.command import consultguard, only_json

_FIELDS = {
    "chunks", "skipped", "safe", "contested", "unsafe", "dead_letter", "lost", "duplicated", "out_of_order", "audit",
    "latency_ms", "chunks_per_second", "broker", "judge",
}  # fmt: skip


def test_the_demo_shows_all_three_levels_and_loses_nothing(tmp_path: Path) -> None:
    done = consultguard("demo", "--json", home=tmp_path)
    summary = only_json(done.stdout)
    assert done.returncode == 0, done.stderr
    assert summary.keys() == _FIELDS
    assert summary["safe"] > summary["contested"] + summary["unsafe"] > 0
    assert min(summary["contested"], summary["unsafe"]) > 0
    assert (summary["lost"], summary["duplicated"], summary["out_of_order"]) == (0, 0, 0)
    assert summary["audit"] == {"records": summary["chunks"], "verified": True}
    assert summary["safe"] + summary["contested"] + summary["unsafe"] + summary["skipped"] == summary["chunks"]


def test_the_demo_reads_files_and_stops_at_the_limit(tmp_path: Path) -> None:
    turns = [{"speaker": "doctor", "text": f"How was night {night}?"} for night in range(4)]
    lines = [orjson.dumps({"id": str(number), "lang": "en", "turns": turns}) for number in range(3)]
    (tmp_path / "dialogues.jsonl").write_bytes(b"\n".join(lines))
    done = consultguard("demo", "--json", "--input", "dialogues.jsonl", "--limit", "2", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert only_json(done.stdout)["chunks"] == 8
