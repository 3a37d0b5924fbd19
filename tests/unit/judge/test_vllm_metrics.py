"""The prefix cache's counters, summed over servers; a server without them is an error that says so."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from pipeline.errors import JudgeUnavailable
from pipeline.judge.vllm_metrics import PrefixCache, read_prefix_cache
from pipeline.judge.vllm_pool import VllmConfig

_METRICS = """# HELP vllm:prefix_cache_queries Prefix cache queries, in terms of number of queried tokens.
# TYPE vllm:prefix_cache_queries_total counter
vllm:prefix_cache_queries_total{engine="0",model_name="m"} 200.0
vllm:prefix_cache_queries_total{engine="1",model_name="m"} 40.0
# TYPE vllm:prefix_cache_hits_total counter
vllm:prefix_cache_hits_total{engine="0",model_name="m"} 120.0
vllm:prefix_cache_hits_total{engine="1",model_name="m"} 10.0
# TYPE vllm:external_prefix_cache_hits_total counter
vllm:external_prefix_cache_hits_total{engine="0",model_name="m"} 7.0
"""


@contextmanager
def _serving(text: str, *, status: int = 200) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = text.encode()
            self.send_response(status if self.path == "/metrics" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _read(*endpoints: str) -> PrefixCache:
    return asyncio.run(read_prefix_cache(VllmConfig(endpoints=endpoints, model="m")))


def test_the_counters_of_all_engines_and_servers_are_added() -> None:
    with _serving(_METRICS) as one, _serving(_METRICS) as other:
        assert _read(one, other) == PrefixCache(asked=480.0, found=260.0)


@pytest.mark.parametrize(("text", "status"), [("up 1\n", 200), (_METRICS, 403)])
def test_a_server_that_does_not_tell_is_unavailable(text: str, status: int) -> None:
    with _serving(text, status=status) as url, pytest.raises(JudgeUnavailable, match="metrics"):
        _read(url)


def test_a_share_is_of_the_tokens_since() -> None:
    assert PrefixCache(300.0, 120.0).share_since(PrefixCache(100.0, 20.0)) == 0.5
    assert PrefixCache(100.0, 20.0).share_since(PrefixCache(100.0, 20.0)) is None
