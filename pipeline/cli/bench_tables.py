"""Tables of what the bench measured."""

from pipeline.bench.ceiling import Ceiling
from pipeline.bench.latency import Latency
from pipeline.bench.load_figures import LoadReport
from pipeline.bench.scale import Scaling
from pipeline.cli.output import console, print_table


def print_load(report: LoadReport) -> None:
    console.print(
        f"{report.chunks} chunks of {report.consults} consultations, {report.workers} workers on {report.partitions} "
        f"partitions, broker {report.broker}, judge {report.judge}: {report.seconds:g} s",
        highlight=False,
    )
    rows: list[tuple[str, object]] = [
        ("chunks a second", report.per_second.whole),
        ("  without the first and the last tenth", report.per_second.steady),
    ]
    if report.ceiling is not None:
        before, after = report.ceiling.before.steady, report.ceiling.after.steady
        rows.append(("  the judge alone, before and after", f"{before}, {after}"))
        rows.append(("  share of it", _cell(report.ceiling.share)))
    rows += [
        ("lag at most", f"{report.lag.max:g}"),
        ("verdicts", ", ".join(f"{name} {count}" for name, count in report.levels.items())),
        ("lost", report.lost),
        ("duplicated", report.duplicated),
        ("out of order", report.out_of_order),
        ("orphaned", report.orphaned),
        ("audit records", report.audit_records),
        ("audit trail", "; ".join(report.audit_flaws) or "verified"),
    ]
    print_table(("", ""), rows)
    _print_latencies(report)
    print_table(
        (
            "process",
            "cores",
            "CPU ms a chunk",
            "memory, MB",
            "most",
            "growth",
            "descriptors",
            "growth",
            "threads",
            "growth",
        ),
        [
            (
                one.name,
                one.cores,
                one.cpu_ms_per_chunk,
                one.rss_mb.last,
                one.rss_mb.max,
                _cell(one.rss_mb.growth),
                one.fds.max,
                _cell(one.fds.growth),
                one.threads.max,
                _cell(one.threads.growth),
            )
            for one in report.processes
        ],
    )


def _print_latencies(report: LoadReport) -> None:
    rows = [
        ("produced to committed", *_latency(report.produced_to_committed_ms)),
        ("spoken to committed", *_latency(report.spoken_to_committed_ms)),
        ("sent late", *_latency(report.sent_late_ms)),
    ]
    if report.steps:
        print_table(("milliseconds", "p50", "p95", "p99", "max"), rows)
    if len(report.steps) > 1:
        print_table(
            ("chunks a second", "committed", "p50", "p95", "p99", "max"),
            [
                (step.per_second, _cell(step.committed_per_second), *_latency(step.spoken_to_committed_ms))
                for step in report.steps
            ],
        )


def print_ceiling(ceiling: Ceiling) -> None:
    print_table(
        ("", ceiling.judge),
        [
            ("in flight", ceiling.in_flight),
            ("chunks", ceiling.chunks),
            ("seconds", ceiling.seconds),
            ("chunks a second", _cell(ceiling.per_second.whole)),
            ("  without the first and the last tenth", _cell(ceiling.per_second.steady)),
            ("ms at the judge: p50, p95, p99, max", ", ".join(map(str, _latency(ceiling.judge_ms)))),
            ("cores of the client", ceiling.client_cores),
            *((f"found {name}", count) for name, count in sorted(ceiling.found.items())),
        ],
    )


def print_scaling(found: Scaling) -> None:
    console.print(
        f"broker {found.broker}, {found.partitions} partitions, {found.cores} cores, {found.slots} chunks at a judge "
        f"of {found.judge_ms:g} ms",
        highlight=False,
    )
    print_table(
        ("workers", "chunks a second", "of linear", "cores of the workers", "in flight, mean", "most"),
        [
            (
                row.workers,
                _cell(row.per_second),
                _cell(row.of_linear),
                row.worker_cores,
                row.judging_mean,
                row.judging_peak,
            )
            for row in found.rows
        ],
    )
    window = found.window
    console.print(
        f"one worker, a judge of {found.window_judge_ms:g} ms: {window.judging_mean:g} chunks in flight, "
        f"{window.judging_peak} at most, {_cell(window.per_second)} a second",
        highlight=False,
    )


def _latency(latency: Latency | None) -> tuple[object, ...]:
    if latency is None:
        return ("–",) * 4
    return tuple(_cell(value) for value in (latency.p50, latency.p95, latency.p99, latency.max))


def _cell(value: float | None) -> object:
    return "–" if value is None else value
