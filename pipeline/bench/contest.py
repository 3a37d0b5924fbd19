"""A comparison's runs: each contender in turn, on the same broker and judge, with the same chunks."""

from collections.abc import Callable, Sequence

from pipeline.bench.compare import Comparison, Measured, times_faster
from pipeline.bench.contender_run import ContenderEnded, ContenderRun, Terms
from pipeline.bench.contenders import OURS, Contender
from pipeline.clock import SystemClock
from pipeline.settings import Settings


def compare(
    settings: Settings,
    contenders: Sequence[Contender],
    terms: Terms,
    *,
    trial_server: bool,
    say: Callable[[str], None],
) -> Comparison:
    """Let each of them work for its time on the broker and the judge of `settings`. Raises what the broker raises."""
    clock = SystemClock()
    peers: list[Measured] = []
    failed: dict[str, str] = {}
    sizes: dict[str, float] = {}
    for contender in contenders:
        say(f"{contender.name}: {contender.what}")
        run = ContenderRun(contender, settings, terms, clock=clock)
        try:
            peers.append(run.measure())
        except ContenderEnded as error:
            failed[contender.name] = str(error)
            say(f"{contender.name}: {error}")
            continue
        if contender.name == OURS:
            sizes = run.record_bytes()
        say(f"{contender.name}: {peers[-1].chunks_per_second} chunks a second")
    return Comparison(
        chunks=terms.talk.chunks,
        seconds_each=terms.seconds,
        partitions=settings.topics.partitions,
        in_flight=terms.in_flight,
        worker_in_flight=settings.vllm.max_concurrency,
        whole_answers=terms.whole_answers,
        model=settings.vllm.model,
        trial_server=trial_server,
        peers=tuple(peers),
        times_faster=times_faster(peers),
        failed=failed,
        record_bytes=sizes,
    )
