"""Who `consultguard bench compare` measures, and what each of them promises.

The promises are those of the code in `pipeline.bench.peers` with its library's defaults, as it documents them.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec

from pipeline.errors import InputError, MissingExtra

OURS = "consultguard"
BASELINE = "loop"


@dataclass(frozen=True, slots=True)
class Promise:
    """What a buyer must know beside a rate."""

    delivery: str
    order: str
    audit: str
    on_crash: str


@dataclass(frozen=True, slots=True)
class Contender:
    """`module` is run as a process of its own with one argument, its job; None for the worker itself. `packages` are
    the distributions whose versions matter, `needs` what must be importable."""

    name: str
    what: str
    promise: Promise
    module: str | None = None
    needs: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def command(self, argument: str) -> tuple[str, ...]:
        assert self.module is not None
        return (sys.executable, "-m", self.module, argument, *self.options)

    def versions(self) -> str:
        return ", ".join(f"{name} {version(name)}" for name in self.packages)


_NO_AUDIT = "none"
CONTENDERS: tuple[Contender, ...] = (
    Contender(
        "loop",
        "kafka-python, one question at a time, the whole answer",
        Promise(
            "at least once, nearly: offsets are committed by the clock, a verdict may still wait to be sent",
            "per consultation",
            _NO_AUDIT,
            "up to 5 s of verdicts come twice; what was at the guard or not yet sent may be lost",
        ),
        module="pipeline.bench.peers.loop",
        packages=("kafka-python",),
    ),
    Contender(
        "asyncio",
        "aiokafka, many questions at a time, the whole answer",
        Promise(
            "none: offsets are committed by the clock while chunks are at the guard",
            "none: a verdict is sent when it is there",
            _NO_AUDIT,
            "what is at the guard is lost once its offset is committed, and up to 5 s of verdicts come twice",
        ),
        module="pipeline.bench.peers.asyncio_loop",
        needs=("aiokafka",),
        packages=("aiokafka", "aiohttp"),
    ),
    Contender(
        "faststream",
        "FastStream, many workers of a subscriber, the whole answer",
        Promise(
            "at most once: acknowledged on consuming, the default",
            "none: workers finish in any order",
            _NO_AUDIT,
            "what is at the guard or waits for a worker is lost once its offset is committed",
        ),
        module="pipeline.bench.peers.faststream_app",
        needs=("faststream", "aiokafka"),
        packages=("faststream", "aiokafka"),
    ),
    Contender(
        "faststream-ack",
        "FastStream, a worker a partition that acknowledges when done, the whole answer",
        Promise(
            "at least once: AckPolicy.ACK",
            "per consultation: a consumer a partition, one chunk at a time",
            _NO_AUDIT,
            "what is at the guard is judged again; a verdict whose acknowledgement was lost comes twice",
        ),
        module="pipeline.bench.peers.faststream_app",
        needs=("faststream", "aiokafka"),
        packages=("faststream", "aiokafka"),
        options=("--ack",),
    ),
    Contender(
        "quix",
        "Quix Streams exactly-once, one question at a time, the whole answer",
        Promise(
            "exactly once: a transaction every 5 s",
            "per consultation",
            _NO_AUDIT,
            "the open transaction is aborted and judged again; context in memory is gone",
        ),
        module="pipeline.bench.peers.quix_app",
        needs=("quixstreams",),
        packages=("quixstreams", "confluent-kafka"),
    ),
    Contender(
        OURS,
        "the worker as in use, label first",
        Promise(
            "exactly once: verdict, audit record and offset in one transaction",
            "per consultation",
            "a sealed, chained record of every chunk",
            "the open transaction is aborted and judged again; context is rebuilt from the input",
        ),
    ),
)
DEFAULT_NAMES = ("loop", "asyncio", "faststream", "quix", OURS)


def chosen(names: Sequence[str], *, among: Sequence[Contender] = CONTENDERS) -> tuple[Contender, ...]:
    """Those called so, in the order of `names`.

    Raises InputError for a name there is not, MissingExtra where a library is not installed.
    """
    by_name = {contender.name: contender for contender in among}
    for name in names:
        if name not in by_name:
            raise InputError(f"nobody is called {name} here; there are {', '.join(by_name)}")
        missing = [module for module in by_name[name].needs if find_spec(module) is None]
        if missing:
            raise MissingExtra(
                f"the peer {name} needs {', '.join(missing)}: pip install 'consultguard[bench-peers]', or leave it out "
                "with --peers"
            )
    return tuple(by_name[name] for name in dict.fromkeys(names))
