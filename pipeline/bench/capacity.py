"""From consultations a day to partitions, workers, GPUs, Kafka's throughput and storage, on paper.

Pure arithmetic over `Figures`; every line says how it was reckoned. MB is 10^6 bytes, TB 10^12.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

from pipeline.bench.capacity_figures import Figures

_DAY_HOURS = 24
_HOUR_SECONDS = 3_600
_LEAST_BROKERS = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """What `consults_per_day` need. The fields are in the order in which each follows from those before it."""

    consults_per_day: int
    chunks_per_day: float
    mean_chunks_per_second: float
    peak_chunks_per_second: float
    chunks_per_second_a_gpu: float
    gpus: int
    requests_in_flight: float
    chunks_per_second_a_worker: float
    workers: int
    partitions: int
    kafka_in_mb_per_second: float
    kafka_written_mb_per_second: float
    transactions_per_second: float
    chunks_tb: float
    verdicts_tb: float
    audit_tb: float
    keys_tb: float
    storage_tb: float
    brokers: int
    replicas_per_broker: int
    restore_seconds: float
    audit_records: float
    verify_core_hours: float


HOW: Mapping[str, str] = {
    "consults_per_day": "asked for",
    "chunks_per_day": "consultations · chunks_per_consult",
    "mean_chunks_per_second": "over active_hours_per_day",
    "peak_chunks_per_second": "mean · peak_factor",
    "chunks_per_second_a_gpu": "judge_chunks_per_second · utilisation / (1 + not_safe_share · second_read)",
    "gpus": "peak / chunks a GPU, rounded up, + spare_gpus; a whole model on each, behind one list of endpoints",
    "requests_in_flight": "peak · judge_seconds (Little's law)",
    "chunks_per_second_a_worker": "the smaller of worker_chunks_per_second and worker_requests / judge_seconds, "
    "· utilisation",
    "workers": "the largest of: peak / chunks a worker, a horizon's chunks / (restore_records_per_second · "
    "stand_still_seconds), least_workers",
    "partitions": "growth for each worker, in steps of partition_step",
    "kafka_in_mb_per_second": "peak · bytes of a chunk, its verdict and its audit record, before copies",
    "kafka_written_mb_per_second": "that · replication, all brokers together",
    "transactions_per_second": "workers · commits_per_second, verdicts, audit and offsets in each",
    "chunks_tb": "chunks_days, before copies",
    "verdicts_tb": "verdicts_days, before copies",
    "audit_tb": "audit_days, before copies",
    "keys_tb": "audit_days, one record a consultation",
    "storage_tb": "the four · replication",
    "brokers": "the largest of: three, storage / (broker_disk_tb · disk_fill), written / broker_mb_per_second",
    "replicas_per_broker": "partitions · topics · replication / brokers",
    "restore_seconds": "a worker's share of the chunks of horizon_hours / restore_records_per_second: until the last "
    "of its partitions goes on when it is replaced",
    "audit_records": "chunks a day · audit_days",
    "verify_core_hours": "audit_records / verify_records_per_second: one whole `audit verify`",
}
"""How each field of a `Plan` was reckoned, for people."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Where something gives out: at so many consultations a day, as planned. `then` is what to do about it; `mended`
    says whether more of the same does it, without another design."""

    name: str
    consults_per_day: int
    then: str
    mended: bool = True


def plan(figures: Figures, *, consults_per_day: int) -> Plan:
    """The plan for so many consultations a day."""
    peak = consults_per_day * _peak_per_consult(figures)
    chunks = consults_per_day * figures["chunks_per_consult"]
    a_gpu = _chunks_per_second_a_gpu(figures)
    a_worker = _chunks_per_second_a_worker(figures)
    workers = max(math.ceil(consults_per_day / _consults_a_worker(figures)), int(figures["least_workers"]))
    step = int(figures["partition_step"])
    partitions = math.ceil(workers * figures["growth"] / step) * step
    incoming = peak * sum(_bytes(figures).values()) / 1e6
    stored = {name: consults_per_day * value / 1e12 for name, value in _stored_bytes_per_daily_consult(figures).items()}
    storage = sum(stored.values()) * figures["replication"]
    brokers = max(
        _LEAST_BROKERS,
        math.ceil(storage / (figures["broker_disk_tb"] * figures["disk_fill"])),
        math.ceil(incoming * figures["replication"] / figures["broker_mb_per_second"]),
    )
    kept = chunks * figures["audit_days"]
    return Plan(
        consults_per_day=consults_per_day,
        chunks_per_day=chunks,
        mean_chunks_per_second=peak / figures["peak_factor"],
        peak_chunks_per_second=peak,
        chunks_per_second_a_gpu=a_gpu,
        gpus=math.ceil(peak / a_gpu) + int(figures["spare_gpus"]),
        requests_in_flight=peak * figures["judge_seconds"],
        chunks_per_second_a_worker=a_worker,
        workers=workers,
        partitions=partitions,
        kafka_in_mb_per_second=incoming,
        kafka_written_mb_per_second=incoming * figures["replication"],
        transactions_per_second=workers * figures["commits_per_second"],
        chunks_tb=stored["chunks"],
        verdicts_tb=stored["verdicts"],
        audit_tb=stored["audit"],
        keys_tb=stored["keys"],
        storage_tb=storage,
        brokers=brokers,
        replicas_per_broker=math.ceil(partitions * figures["topics"] * figures["replication"] / brokers),
        restore_seconds=_horizon_records(figures) * consults_per_day / workers
        / figures["restore_records_per_second"],
        audit_records=kept,
        verify_core_hours=kept / figures["verify_records_per_second"] / _HOUR_SECONDS,
    )  # fmt: skip


def limits(figures: Figures, planned: Plan) -> tuple[Limit, ...]:
    """Where the planned installation gives out as consultations grow and nothing else does, the nearest first."""
    peak = _peak_per_consult(figures)
    disk = planned.brokers * figures["broker_disk_tb"] * 1e12 * figures["disk_fill"]
    stored = sum(_stored_bytes_per_daily_consult(figures).values()) * figures["replication"]
    written = peak * sum(_bytes(figures).values()) * figures["replication"] / 1e6
    a_worker = _consults_a_worker(figures)
    at = planned.consults_per_day
    found = [
        Limit("GPUs", _whole((planned.gpus - figures["spare_gpus"]) * planned.chunks_per_second_a_gpu / peak),
              "more vLLM replicas, one GPU each, named in CONSULTGUARD_VLLM_ENDPOINTS; they share nothing"),
        Limit("workers", _whole(planned.workers * a_worker),
              "more replicas of the workers' StatefulSet, by consumer lag; a pod's name is its instance id"),
        Limit("brokers' writing", _whole(planned.brokers * figures["broker_mb_per_second"] / written),
              "more brokers, and partitions moved to them"),
        Limit("brokers' disks", _whole(disk / stored),
              "tiered storage (KIP-405), closed audit segments in an object store; or more brokers"),
        Limit("brokers' partitions", _whole(at * figures["replicas_per_broker"] / planned.replicas_per_broker),
              "more brokers, and partitions moved to them"),
        Limit("partitions", _whole(planned.partitions * a_worker),
              "a worker for each partition is the end of scaling out: first a shorter "
              "CONSULTGUARD_CONTEXT_HORIZON_HOURS, for no consultation lasts a day; then a second set of topics and "
              "workers, tenants divided between them, because a topic in use gets no more partitions", mended=False),
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: one.consults_per_day))


def next_limit(figures: Figures, planned: Plan) -> Limit:
    """The nearest that is not mended by more of the same."""
    return next(one for one in limits(figures, planned) if not one.mended)


def one_machine(figures: Figures) -> int:
    """Consultations a day that one machine carries: one GPU, one worker, the embedded log."""
    return _whole(
        min(_chunks_per_second_a_worker(figures), _chunks_per_second_a_gpu(figures)) / _peak_per_consult(figures)
    )


def body_of(planned: Plan) -> dict[str, float]:
    """The plan's fields, rounded to what they are worth."""
    return {field.name: _rounded(getattr(planned, field.name)) for field in fields(planned)}


def _rounded(value: float) -> float:
    return value if isinstance(value, int) else round(value, max(0, 2 - math.floor(math.log10(value))))


def _peak_per_consult(figures: Figures) -> float:
    """Chunks a second at the peak for each consultation a day."""
    active = figures["active_hours_per_day"] * _HOUR_SECONDS
    return figures["chunks_per_consult"] * figures["peak_factor"] / active


def _chunks_per_second_a_gpu(figures: Figures) -> float:
    reads = 1 + figures["not_safe_share"] * figures["second_read"]
    return figures["judge_chunks_per_second"] * figures["utilisation"] / reads


def _chunks_per_second_a_worker(figures: Figures) -> float:
    """What its core carries, or what it may have at the judge, whichever is less."""
    at_the_judge = figures["worker_requests"] / figures["judge_seconds"]
    return min(figures["worker_chunks_per_second"], at_the_judge) * figures["utilisation"]


def _consults_a_worker(figures: Figures) -> float:
    """Consultations a day: what it carries at the peak, or what its successor reads back in time, whichever is less."""
    read_back = figures["restore_records_per_second"] * figures["stand_still_seconds"]
    carried = _chunks_per_second_a_worker(figures) / _peak_per_consult(figures)
    return min(carried, read_back / _horizon_records(figures))


def _bytes(figures: Figures) -> dict[str, float]:
    overhead = figures["record_overhead_bytes"]
    return {name: figures[f"{name}_bytes"] + overhead for name in ("chunk", "verdict", "audit")}


def _stored_bytes_per_daily_consult(figures: Figures) -> dict[str, float]:
    """Of one copy, once the retention of each topic is full, for each consultation a day."""
    chunks, sizes = figures["chunks_per_consult"], _bytes(figures)
    return {
        "chunks": chunks * sizes["chunk"] * figures["chunks_days"],
        "verdicts": chunks * sizes["verdict"] * figures["verdicts_days"],
        "audit": chunks * sizes["audit"] * figures["audit_days"],
        "keys": (figures["key_bytes"] + figures["record_overhead_bytes"]) * figures["audit_days"],
    }


def _horizon_records(figures: Figures) -> float:
    """Chunks of one horizon for each consultation a day."""
    return figures["chunks_per_consult"] * figures["horizon_hours"] / _DAY_HOURS


def _whole(value: float) -> int:
    # A last digit lost on the way must not put a limit below the plan it was made for.
    return math.floor(value * (1 + 1e-9))
