"""What asking through Premise costs over asking vLLM itself, for the very same prompts. Prints ratios of one run.

    .venv/bin/python tests/benchmarks/serving.py [--questions 16] [--tokens 64] [--rounds 1] [--small]

A real vLLM server on the CPU with the tests' tiny random model, a real web server, real retrieval. "direct" sends the
messages that Premise builds straight to vLLM; both read the same stream of server-sent events, in turn, so that load of
the machine falls on both. vLLM has one core to itself and everything else the others, as where it has a GPU: what
Premise computes (16 searches at once, the check of what was written) must not take the time in which vLLM would
generate. First token: "ours" counts from the moment the passages are found, and both find the prompt
in vLLM's prefix cache; questions come again, as hot ones do, so what Premise remembers of a question and its passages
counts too. Tokens a second: of each stream after its first token, tokens as vLLM counts them.

"Staggered" asks vLLM itself, each question as late as Premise did, when its passages were found: a prompt that is read
while others are being answered holds these up, with Premise or without.

The tiny model makes tokens as no real one does. `--small` takes a random one with the measures of Qwen3-0.6B, the least
that a company would let answer; on one core that takes long. And the same is measured with a server of
tests/scripted.py that sends 40 tokens a second to each (`--paced`: that alone, without vLLM), with the processor time
that a token takes in the web server: answers of many tokens less answers of few. It has the core of vLLM.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

import httpx

ROOT = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT / "tests" / "vllm"), str(ROOT / "tests")]
from real import VLLM, Vllm  # noqa: E402
from scripted import scripted_server  # noqa: E402

from app.answers.answer import HITS  # noqa: E402
from app.answers.context import build_context  # noqa: E402
from app.answers.prompt import build_prompt  # noqa: E402
from app.answers.prompt_files import load_prompts  # noqa: E402
from app.engine import Engine  # noqa: E402
from storage.datafolder import DataFolder  # noqa: E402
from storage.settings import load_settings  # noqa: E402

SAMPLES = ROOT / "deploy" / "samples"
PART = "everyone/policies"  # of the sample company: indexing all of it would take longer than the rest
GROUPS = ["everyone"]
AT_ONCE = (1, 16)
MORE = 4  # rounds at 16 at once for one at 1: that is a batch each
LEAST_TOKENS = 50  # that the setting allows
SMALL_CACHE = 8  # GiB, for all prompts of the questions
PACE = 40  # tokens a second and stream, of a real model on a card
_SAID = re.compile(rb'"content": ?"[^"]')
FEW, MANY = 8, 200  # tokens of the paced answers


@dataclass(frozen=True, kw_only=True)
class Streamed:
    """One answer as its reader saw it."""

    first: float  # seconds to the first token; for ours from the moment the passages were found
    after: float  # seconds from the first token to the last
    retrieval: float = 0.0


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--questions", type=int, default=16)
    options.add_argument("--tokens", type=int, default=64)
    options.add_argument(
        "--rounds", type=int, default=1, help="of all questions; as many more where they are asked at once"
    )
    options.add_argument("--small", action="store_true", help="a model with the measures of Qwen3-0.6B, not a tiny one")
    options.add_argument("--paced", action="store_true", help="only what a server of 40 tokens a second shows")
    given = options.parse_args()
    if given.tokens < LEAST_TOKENS:
        options.error(f"--tokens: at least {LEAST_TOKENS}, as llm_answer_tokens")
    cores = sorted(os.sched_getaffinity(0))
    models, others = cores[:1], cores[1:] or cores  # what is started inherits them
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        asked = _questions(given.questions)
        os.sched_setaffinity(0, others)
        _told("indexing the sample company")
        prompts = _index_and_prompts(data, asked)
        if not given.paced:
            _told("making the model, starting vLLM")
            os.sched_setaffinity(0, models)
            vllm = _vllm(Path(folder), small=given.small)
            try:
                vllm.start()
                os.sched_setaffinity(0, others)
                with _web(data, vllm.url, vllm.key_file, given.tokens) as (address, _):
                    token = DataFolder(data).operator_token()
                    _measure(vllm, address, token, asked, prompts, given.tokens, given.rounds)
            finally:
                vllm.kill()
        _measure_paced(data, asked, models, others)


def _told(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def _questions(number: int) -> list[str]:
    lines = (SAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    known = [json.loads(line) for line in lines if line.strip()]
    return [str(item["question"]) for item in known if any(file.startswith(PART) for file in item["files"])][:number]


def _index_and_prompts(data: Path, asked: Sequence[str]) -> list[list[dict[str, str]]]:
    """Index the sample company; the messages that Premise sends for each question."""
    command = [sys.executable, "-m", "app.cli", "--data", str(data), "ingest", str(SAMPLES / "inbox" / PART)]
    command += ["--readers", "everyone"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    settings = load_settings(data)
    made = []
    with Engine.open(settings) as engine:
        labels = engine.catalog.labels_of(GROUPS)
        for question in asked:
            hits = engine.search(question, groups=GROUPS, k=HITS)
            passages = build_context(hits, engine.catalog, labels=labels, budget=settings.context_tokens)
            messages = build_prompt(
                question,
                history=[],
                passages=passages,
                prompts=load_prompts(data),
                room=1 << 20,
                count=lambda turns: sum(len(turn.content) for turn in turns),
            )
            made.append([{"role": turn.role, "content": turn.content} for turn in messages])
    return made


def _vllm(folder: Path, *, small: bool) -> Vllm:
    """A server that has yet to be started."""
    if not small:
        return Vllm(folder, context=16384)
    os.environ["VLLM_CPU_KVCACHE_SPACE"] = str(SMALL_CACHE)
    model = folder / "small"
    maker = [str(VLLM.with_name("python")), str(ROOT / "tests" / "vllm" / "make_model.py"), str(model), "small"]
    subprocess.run(maker, capture_output=True, check=True)
    return Vllm(folder, context=16384, model=model, options=[])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _web(data: Path, url: str, key_file: Path | None, tokens: int) -> Iterator[tuple[str, int]]:
    """The web server's address and process."""
    port = _free_port()
    patient = {"FIRST_TOKEN_SECONDS": 300, "TOTAL_SECONDS": 600, "WAIT_SECONDS": 600, "ANSWER_TOKENS": tokens}
    environment = os.environ | {f"PREMISE_LLM_{name}": str(value) for name, value in patient.items()}
    environment |= {"PREMISE_PORT": str(port), "PREMISE_LLM_URL": url}
    environment |= {"PREMISE_LLM_API_KEY_FILE": str(key_file)} if key_file else {}
    command = [sys.executable, "-m", "app.cli", "--data", str(data), "serve-web"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            while True:
                if process.poll() is not None:
                    raise SystemExit("the web server did not start")
                try:
                    if httpx.get(f"{address}/readyz", trust_env=False, timeout=5).is_success:
                        break
                except httpx.HTTPError:
                    time.sleep(0.3)
            yield address, process.pid
        finally:
            process.terminate()
            process.wait(30)


def _measure(
    vllm: Vllm,
    address: str,
    token: str,
    asked: Sequence[str],
    prompts: Sequence[list[dict[str, str]]],
    tokens: int,
    rounds: int,
) -> None:
    def direct(at: int, most: int = tokens) -> Streamed:
        body = {"model": vllm.model.name, "messages": prompts[at], "stream": True, "temperature": 0, "max_tokens": most}
        return _read(f"{vllm.url}/chat/completions", body, vllm.headers, ours=False)

    late: dict[int, float] = {}  # when the passages of each question were found, the last time

    def ours(at: int) -> Streamed:
        found = _ask(address, token, asked[at])
        late[at] = found.retrieval
        return found

    def staggered(at: int) -> Streamed:
        time.sleep(late[at])
        return direct(at)

    for at in range(len(asked)):  # both find every prompt in vLLM's cache
        direct(at, 2)
    ours(0)
    _told("both ways are warm")
    print(f"{len(asked)} questions, {tokens} tokens each at most; medians (95th percentile)")
    print(f"{'at once':>8}{'':>10}{'first token, ms':>22}{'tokens/s a stream':>20}{'retrieval, ms':>18}")
    for together in AT_ONCE:
        ways: dict[str, Callable[[int], Streamed]] = {"direct": direct, "ours": ours}
        ways |= {"staggered": staggered} if together > 1 else {}
        results: dict[str, list[Streamed]] = {name: [] for name in ways}
        made = dict.fromkeys(ways, 0.0)
        batches = [list(range(start, min(start + together, len(asked)))) for start in range(0, len(asked), together)]
        batches *= rounds if together == 1 else MORE * rounds
        for number, batch in enumerate(batches):
            if len(batch) < together:
                continue
            first, *others = ways
            for name in (first, *others) if number % 2 else (*others, first):
                before = vllm.number("vllm:generation_tokens_total")
                results[name] += _at_once(ways[name], batch)
                made[name] += vllm.number("vllm:generation_tokens_total") - before
        rates = {name: (made[name] - len(found)) / sum(item.after for item in found) for name, found in results.items()}
        for name, found in results.items():
            print(
                f"{together:>8}{name:>10}{_spread([item.first for item in found]):>22}{rates[name]:>20.1f}"
                + (f"{_spread([item.retrieval for item in found]):>18}" if name == "ours" else "")
            )
        later = median(item.first for item in results["ours"]) - median(item.first for item in results["direct"])
        print(
            f"{together:>8} ours: first token {later * 1000:+.0f} ms, tokens/s ×{rates['ours'] / rates['direct']:.3f}"
            + (f", of those that begin as late ×{rates['ours'] / rates['staggered']:.3f}" if together > 1 else "")
        )


# --- a model of so many tokens a second ----------------------------------------------------------------------------


def _serve_paced(port: int, tokens: int, cores: Sequence[int], ready: Any) -> None:
    """In a process of its own, until it is killed."""
    os.sched_setaffinity(0, cores)
    with scripted_server(port) as server:
        server.script.pieces = [f" word{number}" for number in range(tokens)]  # the same again and again is stopped
        server.script.pause, server.script.context = 1 / PACE, 16384
        ready.set()
        threading.Event().wait()


@contextmanager
def _paced(port: int, tokens: int, cores: Sequence[int]) -> Iterator[str]:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=_serve_paced, args=(port, tokens, cores, ready))
    process.start()
    try:
        if not ready.wait(60):
            raise SystemExit("the scripted server did not start")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.join()


def _measure_paced(data: Path, asked: Sequence[str], models: Sequence[int], others: Sequence[int]) -> None:
    os.sched_setaffinity(0, others)
    port = _free_port()
    url, token = f"http://127.0.0.1:{port}/v1", DataFolder(data).operator_token()
    took = {}

    def direct(at: int) -> Streamed:
        body = {"model": "tiny", "messages": [{"role": "user", "content": asked[at]}], "stream": True}
        return _read(f"{url}/chat/completions", body, {}, ours=False)

    with ExitStack() as first:  # there before the web server, which leaves a server alone that is not
        first.enter_context(_paced(port, FEW, models))
        with _web(data, url, None, MANY) as (address, process):

            def ours(at: int) -> Streamed:
                return _ask(address, token, asked[at % len(asked)])

            _at_once(ours, range(max(AT_ONCE)))  # warm
            for together in AT_ONCE:
                before = _processor_seconds(process)
                _at_once(ours, range(together))
                took[together] = _processor_seconds(process) - before
            first.close()
            print(f"\na model of {PACE} tokens a second and stream, {MANY} tokens an answer")
            with _paced(port, MANY, models):
                for together in AT_ONCE:
                    rates: dict[str, float] = {}
                    for name, way in (("direct", direct), ("ours", ours)):
                        before = _processor_seconds(process)
                        found = _at_once(way, range(together))
                        rates[name] = (MANY - 1) * together / sum(item.after for item in found)
                    a_token = (_processor_seconds(process) - before - took[together]) / (MANY - FEW) / together
                    print(
                        f"{together:>8} tokens/s a stream: direct {rates['direct']:.1f}, ours {rates['ours']:.1f}, "
                        f"×{rates['ours'] / rates['direct']:.3f}; processor time of the web server: "
                        f"{a_token * 1000:.2f} ms a token, {took[together] / together * 1000:.0f} ms an answer besides"
                    )


def _processor_seconds(process: int) -> float:
    numbers = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")


# --- reading -------------------------------------------------------------------------------------------------------


def _at_once(way: Callable[[int], Streamed], batch: Sequence[int]) -> list[Streamed]:
    found: list[Streamed] = []
    threads = [threading.Thread(target=lambda at=at: found.append(way(at))) for at in batch]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(found) != len(batch):
        raise SystemExit("an answer failed")
    return found


def _ask(address: str, token: str, question: str) -> Streamed:
    body = {"question": question, "groups": GROUPS}
    return _read(f"{address}/api/v1/ask", body, {"Authorization": f"Bearer {token}"}, ours=True)


def _read(url: str, body: Mapping[str, object], headers: dict[str, str], *, ours: bool) -> Streamed:
    """Read a stream to its end, taking as little time for it as one can."""
    place = urlsplit(url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=600)
    began = time.perf_counter()
    start, first, last = began, 0.0, 0.0
    with closing(connection):
        connection.request("POST", place.path, json.dumps(body), headers | {"Content-Type": "application/json"})
        answer = connection.getresponse()
        if answer.status != HTTPStatus.OK:
            raise SystemExit(f"{url}: {answer.status} {answer.read()[:200]!r}")
        while piece := answer.read1(65536):
            now = time.perf_counter()
            if ours and b"event: retrieved" in piece:
                start = now
            if (b"event: delta" in piece) if ours else _SAID.search(piece):
                first, last = first or now, now
            if ours and b"event: finished" in piece and b'"mode": "written"' not in piece:
                raise SystemExit("an answer was not written by the model")
    return Streamed(first=first - start, after=last - first, retrieval=start - began)


def _spread(seconds: Sequence[float]) -> str:
    high = quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
    return f"{median(seconds) * 1000:.0f} ({high * 1000:.0f})"


if __name__ == "__main__":
    main()
