"""Figures for a capacity plan out of what the benches print with --json."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from pipeline.bench.capacity_figures import Figure
from pipeline.errors import InputError


def measured_in(path: Path) -> Mapping[str, Figure]:
    """The figures that the file holds; its last line is one JSON object of bench worker, compare or ceiling.

    Raises InputError where it is none of them.
    """
    lines = path.read_bytes().strip().splitlines()
    try:
        body = orjson.loads(lines[-1])
        return dict(_figures(body, path.name))
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} holds no result of bench worker, compare or ceiling with --json") from error


def _figures(body: Mapping[str, Any], name: str) -> Iterator[tuple[str, Figure]]:
    if "stage_ms_per_chunk" in body:
        source = f"measured by bench worker on the {body['broker']} broker, {name}"
        yield "worker_chunks_per_second", Figure(body["chunks_per_second"], "chunks/s", source)
    elif "peers" in body:
        source = f"measured by bench compare, {name}"
        for kind, size in body["record_bytes"].items():
            yield f"{kind}_bytes", Figure(size, "B", source)
        if not body["trial_server"]:
            rate = next(one["chunks_per_second"] for one in body["peers"] if one["name"] == "consultguard")
            yield "judge_chunks_per_second", Figure(rate, "chunks/s", f"{source}, the worker on the server given")
    elif "client_cores" in body:
        source = f"measured by bench ceiling with {body['in_flight']} in flight, {name}: that server counts as one GPU"
        yield "judge_chunks_per_second", Figure(body["per_second"]["steady"], "chunks/s", source)
        yield "judge_seconds", Figure(body["judge_ms"]["p50"] / 1000, "s", f"{source}; half were faster")
    else:
        raise KeyError("peers")
