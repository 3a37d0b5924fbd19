"""A policy file says everything, or is refused by name."""

from pathlib import Path

import pytest

from pipeline.decide.loader import BUILT_IN_POLICY, load_policy
from pipeline.domain.policy import Unavailable
from pipeline.domain.taxonomy import EvidenceKind, RiskLevel
from pipeline.errors import PolicyError
from pipeline.judge.labels import CATEGORY_WORDS

BUILT_IN = BUILT_IN_POLICY.read_text(encoding="utf-8")


def _file(folder: Path, *, old: str = "", new: str = "") -> Path:
    assert old in BUILT_IN
    path = folder / "policy.toml"
    path.write_text(BUILT_IN.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_built_in_policy_names_every_tripwire_and_holds_while_no_judge_answers() -> None:
    policy = load_policy(BUILT_IN_POLICY)

    assert (policy.id, policy.judge_unavailable) == ("hipaa-consult", Unavailable.HOLD)
    assert set(policy.tripwires) == set(EvidenceKind)
    assert all(rule.level is not RiskLevel.SAFE for rule in policy.tripwires.values())


def test_the_built_in_policy_maps_every_word_of_the_models_and_is_what_a_judge_without_a_policy_reads() -> None:
    assert load_policy(BUILT_IN_POLICY).categories == CATEGORY_WORDS


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('version = "1"', "", "version"),
        ('version = "1"', 'version = ""', "version"),
        ("safe = 0.8", "safe = 0.4", "threshold.safe"),
        ("safe = 0.8", "safe = nan", "threshold.safe"),
        ("unsafe = 0.5", "unsafe = 1.5", "threshold.unsafe"),
        ("label_mass = 0.5", "label_mass = 0.0", "threshold.label_mass"),
        ("label_mass = 0.5", "label_mass = nan", "threshold.label_mass"),
        ('judge_unavailable = "hold"', 'judge_unavailable = "safe"', "judge_unavailable"),
        ("contest_after_seconds = 30.0", "contest_after_seconds = 0", "contest_after_seconds"),
        ('["other"]', '["everything"]', "ignored_categories"),
        ('"PII" = "phi"', '"PII" = "identifier"', "categories.PII"),
        ('"PII" = "phi"', '"PII, Violent" = "phi"', "categories"),
        ('"PII" = "phi"', '"None" = "phi"', "categories"),
        ("[categories]", "[words]", "categories"),
        ('url = { level = "unsafe", min_confidence = 0.6 }', "", "url"),
        ('url = { level = "unsafe"', 'url = { level = "safe"', "url"),
        ('url = { level = "unsafe"', 'horoscope = { level = "unsafe"', "horoscope"),
        ("[threshold]", "[threshold]\nsaef = 0.9", "threshold.saef"),
        ("[threshold]", "[threshold", "not TOML"),
    ],
)
def test_a_policy_that_says_less_or_something_else_is_refused_naming_the_key(
    tmp_path: Path, old: str, new: str, named: str
) -> None:
    path = _file(tmp_path, old=old, new=new)

    with pytest.raises(PolicyError) as refused:
        load_policy(path)

    assert str(path) in str(refused.value)
    assert named in str(refused.value)


def test_a_policy_file_that_is_not_there_or_is_not_utf8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="CONSULTGUARD_POLICY_FILE"):
        load_policy(tmp_path / "nowhere.toml")

    (tmp_path / "latin.toml").write_bytes(b'id = "caf\xe9"')
    with pytest.raises(PolicyError, match="not TOML"):
        load_policy(tmp_path / "latin.toml")
