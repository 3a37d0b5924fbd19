"""A policy file says everything, or is refused by name."""

from pathlib import Path

import pytest

from pipeline.decide.loader import BUILT_IN_POLICY, load_policy
from pipeline.domain.policy import CalibrationMethod, CategoryThreshold, Unavailable
from pipeline.domain.taxonomy import Category, EvidenceKind, RiskLevel
from pipeline.errors import PolicyError
from pipeline.judge.labels import CATEGORY_WORDS

BUILT_IN = BUILT_IN_POLICY.read_text(encoding="utf-8")

_FITTED_FOR = f'dataset_sha256 = "{"ab" * 32}"\nmodel_revision = "r1"\nprompt_version = "p/1"'
TEMPERATURE = f'method = "temperature"\ntemperature = 2.5\n{_FITTED_FOR}'
ISOTONIC = (
    f'method = "isotonic"\n{_FITTED_FOR}\n'
    "curves = { safe = [[0.1, 0.05], [0.9, 0.7]], contested = [[0.1, 0.1]], unsafe = [[0.1, 0.1]] }"
)


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
        ('version = "3"', "", "version"),
        ('version = "3"', 'version = ""', "version"),
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
        ("band = 0.0", "band = 0.5", "threshold: Value error, band"),
        ("band = 0.0", "band = -0.1", "threshold.band"),
        ("band = 0.0", "categories.phi = { safe = 0.1 }", "threshold.categories.phi.safe"),
        ("band = 0.0", "categories.gossip = { unsafe = 0.1 }", "threshold.categories.gossip"),
        ('method = "none"', 'method = "guess"', "calibration.method"),
        ('method = "none"', 'method = "none"\ntemperature = 2.0', "wants nothing else"),
        ('method = "none"', 'method = "temperature"\ntemperature = 2.0', "wants dataset_sha256, model_revision"),
        ('method = "none"', TEMPERATURE.replace("2.5", "0.0"), "calibration.temperature"),
        ('method = "none"', TEMPERATURE.replace("2.5", "nan"), "calibration.temperature"),
        ('method = "none"', TEMPERATURE.replace("ab", "xy"), "calibration.dataset_sha256"),
        ('method = "none"', ISOTONIC.replace("safe", "sane", 1), "calibration.curves.sane"),
        ('method = "none"', ISOTONIC.replace("[0.9, 0.7]", "[0.1, 0.7]"), "scores rising"),
        ('method = "none"', ISOTONIC.replace("[0.9, 0.7]", "[0.9, 0.01]"), "probabilities not falling"),
        ('method = "none"', ISOTONIC.replace(", contested = [[0.1, 0.1]]", ""), "one each for safe, contested"),
        ('version = "3"', 'version = "3"\npreset = "slack"', "preset"),
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


def test_a_fitted_calibration_and_a_categorys_thresholds_are_read(tmp_path: Path) -> None:
    tempered = load_policy(_file(tmp_path, old='method = "none"', new=TEMPERATURE)).calibration
    assert (tempered.method, tempered.temperature, tempered.model_revision) == (
        CalibrationMethod.TEMPERATURE,
        2.5,
        "r1",
    )

    curved = load_policy(_file(tmp_path, old='method = "none"', new=ISOTONIC)).calibration
    assert curved.curves[RiskLevel.SAFE] == ((0.1, 0.05), (0.9, 0.7))

    own = load_policy(_file(tmp_path, old="band = 0.0", new="band = 0.1\ncategories.phi = { unsafe = 0.4 }")).threshold
    assert (own.band, own.categories) == (0.1, {Category.PHI: CategoryThreshold(unsafe=0.4)})


def test_a_preset_of_the_caller_stands_in_place_of_the_files(tmp_path: Path) -> None:
    path = _file(tmp_path, old='version = "3"', new='version = "3"\npreset = "strict"')

    assert load_policy(path).version == "3+strict"
    assert load_policy(path, preset="loose").version == "3+loose"
    assert load_policy(path, preset="none").version == "3"


def test_a_policy_file_that_is_not_there_or_is_not_utf8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="CONSULTGUARD_POLICY_FILE"):
        load_policy(tmp_path / "nowhere.toml")

    (tmp_path / "latin.toml").write_bytes(b'id = "caf\xe9"')
    with pytest.raises(PolicyError, match="not TOML"):
        load_policy(tmp_path / "latin.toml")
