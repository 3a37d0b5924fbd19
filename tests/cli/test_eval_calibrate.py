"""`consultguard eval calibrate`, as a user runs it, with the embedded guard."""

from pathlib import Path

from pipeline.decide.loader import load_policy
from pipeline.domain.policy import CalibrationMethod
from tests.cli.command import consultguard, only_json

POLICY_SET = str(Path(__file__).parent.parent / "data" / "policy" / "en.jsonl")


def test_a_policy_is_written_that_judges_and_that_no_other_model_starts_with(tmp_path: Path) -> None:
    options = ("--out", "new.toml", "--max-unsafe-to-safe", "0.1", "--json")
    done = consultguard("eval", "calibrate", POLICY_SET, *options, home=tmp_path)
    assert done.returncode == 0, done.stderr
    report = only_json(done.stdout)
    # Of a model whose scores are true already, what is held out gains nothing, and may lose a trifle by the draw.
    assert report["held_out_after"]["brier"] < 1.02 * report["held_out_before"]["brier"]
    policy = load_policy(tmp_path / "new.toml")
    assert policy.calibration.method is CalibrationMethod.TEMPERATURE
    assert (policy.version, policy.calibration.dataset_sha256) == ("4", report["dataset_sha256"])

    again = consultguard("eval", "calibrate", POLICY_SET, *options, home=tmp_path)
    assert again.returncode != 0
    assert "there already" in again.stderr

    used = {"CONSULTGUARD_POLICY_FILE": "new.toml"}
    run = consultguard("eval", "run", POLICY_SET, "--limit", "5", home=tmp_path, **used)
    assert run.returncode == 0, run.stderr
    text = (tmp_path / "new.toml").read_text(encoding="utf-8").replace('model_revision = "', 'model_revision = "x')
    (tmp_path / "new.toml").write_text(text, encoding="utf-8")
    refused = consultguard("eval", "run", POLICY_SET, "--limit", "5", home=tmp_path, **used)
    assert refused.returncode == 1
    assert "fit it anew" in refused.stderr
