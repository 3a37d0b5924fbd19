"""`consultguard eval cache`, as a user runs it, with the embedded guard."""

from pathlib import Path

import orjson

from tests.cli.command import consultguard, only_json


def test_the_hit_rate_of_dialogues_is_measured_and_no_remembered_answer_differs(tmp_path: Path) -> None:
    turns = [{"speaker": "doctor", "text": "Good morning, come in."}, {"speaker": "patient", "text": "My knee hurts."}]
    records = [{"id": f"d{number}", "lang": "en", "turns": turns} for number in range(4)]
    (tmp_path / "talk.jsonl").write_bytes(b"\n".join(orjson.dumps(record) for record in records))

    done = consultguard("eval", "cache", "talk.jsonl", "--json", home=tmp_path)
    assert done.returncode == 0, done.stderr
    [report] = only_json(done.stdout)["caches"]
    assert (report["windows"], report["exact"], report["differing_exact"]) == (8, 6, 0)

    off = {"CONSULTGUARD_CACHE_ENABLED": "false", "CONSULTGUARD_CACHE_TEMPLATES": "false"}
    refused = consultguard("eval", "cache", "talk.jsonl", home=tmp_path, **off)
    assert refused.returncode == 1
    assert "nothing to measure" in refused.stderr
