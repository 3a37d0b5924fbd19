"""An evaluation's report as tables for people."""

from pipeline.cli.output import console, print_table
from pipeline.domain.taxonomy import RiskLevel
from pipeline.evaluate.page import in_percent
from pipeline.evaluate.report import Engine, Group, Report


def print_report(report: Report) -> None:
    for engine in report.engines:
        _print_engine(engine)
    if report.agreement is not None:
        both = report.agreement
        lines = [
            ("same verdict", in_percent(both.same_level)),
            ("same likeliest label", in_percent(both.same_label)),
            ("largest difference of a score", _number(both.largest_score_difference)),
            ("rows with different verdicts", ", ".join(both.differing) or "none"),
        ]
        print_table(("", f"{both.left} and {both.right}"), lines, title="agreement")
    if report.systems:
        _print_systems(report)


def _print_engine(engine: Engine) -> None:
    by = ", ".join(f"{name} {rows}" for name, rows in engine.decided_by.items())
    console.print(
        f"{engine.judge}: {engine.model.name} {engine.model.revision}, {engine.rows} rows in {engine.seconds:.1f} s; "
        f"decided by {by}",
        highlight=False,
    )
    if engine.prefix_cache_hit_rate is not None:
        console.print(f"prompt tokens found in the prefix cache: {in_percent(engine.prefix_cache_hit_rate)}")
    if engine.natural:
        print_table(
            ("natural set", "rows", "safe", "contested", "unsafe", "skipped"),
            [
                (name, mix.rows, *map(in_percent, (mix.safe, mix.contested, mix.unsafe, mix.skipped)))
                for name, mix in engine.natural.items()
            ],
        )
    if engine.labelled is not None:
        _print_labelled(engine, engine.labelled)


def _print_labelled(engine: Engine, everything: Group) -> None:
    print_table(
        ("", "rows", "accuracy", "unsafe>safe", "phi>safe", "safe>unsafe", "safe>contested", "cost", "ECE", "Brier"),
        [
            (
                name,
                group.rows,
                in_percent(group.rates.accuracy),
                in_percent(group.rates.unsafe_to_safe),
                in_percent(group.rates.phi_to_safe),
                in_percent(group.rates.safe_to_unsafe),
                in_percent(group.rates.safe_to_contested),
                f"{_number(group.rates.cost_per_row)} (all contested {_number(group.rates.cost_if_all_contested)})",
                _number(group.calibration.ece),
                _number(group.calibration.brier),
            )
            for name, group in engine.groups.items()
        ],
    )
    for name, group in engine.groups.items():
        _print_levels_and_categories(name, group)
    band = everything.contested_band
    print_table(
        ("the contested band", ""),
        [
            ("rows that go to a person", in_percent(band.share)),
            ("contested rows that do", in_percent(band.contested_covered)),
            ("rows the judge labels wrongly that do", in_percent(band.mistakes_covered)),
            ("unsafe rows the judge leans to call safe, stopped all the same", in_percent(band.leaks_stopped)),
            ("accuracy on the rows nobody sees", in_percent(band.accuracy_outside)),
        ],
    )
    print_table(
        ("dearest errors", "label", "category", "verdict", "decided by", "cost", "text"),
        [
            (one.id, one.label, one.category or "none", one.risk_level, one.decided_by, one.cost, one.text or "")
            for one in engine.worst
        ],
    )


def _print_levels_and_categories(name: str, group: Group) -> None:
    print_table(
        (f"{name}: label", *(f"> {level}" for level in RiskLevel), "recall", "precision"),
        [
            (
                score.level,
                *group.confusion[score.level].values(),
                in_percent(score.recall),
                in_percent(score.precision),
            )
            for score in group.levels
        ],
    )
    print_table(
        (f"{name}: category", "rows", "named", "recall", "precision", "did not flow on", "same level"),
        [
            (
                score.category,
                score.rows,
                score.named,
                *map(in_percent, (score.recall, score.precision, score.stopped, score.same_level)),
            )
            for score in group.categories
        ],
    )


def _print_systems(report: Report) -> None:
    print_table(
        (
            "system",
            "rows",
            "false positives",
            "blocked",
            "identifiers passed",
            "unsafe passed",
            "precision",
            "fewer false positives",
            "fewer blocked",
        ),
        [
            (
                one.name,
                one.rows,
                f"{one.false_positives} ({in_percent(one.false_positive_rate)})",
                *map(in_percent, (one.blocked_rate, one.phi_passed, one.unsafe_passed, one.precision)),
                *map(in_percent, (one.fewer_false_positives, one.fewer_blocked)),
            )
            for one in report.systems
        ],
        title=f"the same English rows; compared with {report.systems[0].name}",
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
