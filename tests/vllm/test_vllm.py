"""A real vLLM server on the CPU, with a tiny random model: the wire, not the wording."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from models.reported import hold_against_vllm
from place import Place

from app.engine import Engine
from app.records import Delta, Finished, Mode

ROOT = Path(__file__).parent.parent.parent
VLLM = ROOT / ".venv-vllm" / "bin" / "vllm"
READY_SECONDS = 400
KEY = "a-key-for-this-test-run"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not VLLM.exists(), reason="vLLM is not installed: sh deploy/vllm install cpu"),
]


@contextmanager
def serving(model: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`sh deploy/vllm` as an operator runs it, ready to answer; killed with everything it started."""
    key = model.parent / "key"
    key.write_text(KEY)
    environment = os.environ | {"VLLM_PORT": str(port), "VLLM_KEY_FILE": str(key), "VLLM_CONTEXT": "8192"}
    with (model.parent / "vllm.log").open("wb") as log:
        process = subprocess.Popen(
            ["sh", str(ROOT / "deploy" / "vllm"), str(model)],
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + READY_SECONDS
        while not _answers(port):
            assert process.poll() is None, (model.parent / "vllm.log").read_text()[-3000:]
            assert time.monotonic() < until, "vLLM did not become ready"
            time.sleep(1)
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vllm") / "tiny"
    made = subprocess.run(
        [str(VLLM.with_name("python")), str(Path(__file__).with_name("make_model.py")), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return folder


def test_answers_come_through_a_real_server_and_without_it(
    model: Path, place_at: Callable[..., Place], tmp_path: Path
) -> None:
    """Streaming, the model's name and context from the server, the key, and what happens when it is gone."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    key = tmp_path / "key"
    key.write_text(KEY)
    place = place_at(
        tmp_path / "data",
        llm_url=f"http://127.0.0.1:{port}/v1",
        llm_api_key_file=key,
        llm_first_token_seconds=120,
        llm_total_seconds=300,
        llm_answer_tokens=60,
    )
    place.write("everyone/leave.md", "# Leave\n\nEmployees in Germany have 30 days of annual leave.\n")
    place.ingest()
    engine = Engine(place.store)
    question = "How many days of annual leave do employees in Germany have?"
    with serving(model, port):
        assert engine.language_model is not None
        served = engine.language_model.model()
        assert (served.name, served.context) == ("tiny", 8192)
        hold_against_vllm(model, port, served.context)
        events = list(engine.ask(question, groups=["everyone"]))
        final = events[-1]
        assert isinstance(final, Finished)
        assert final.answer.mode is Mode.WRITTEN
        assert sum(isinstance(event, Delta) for event in events) > 1  # it was streamed
        assert final.answer.timings["first_token"] < final.answer.timings["total"]
        assert final.answer.refused  # noise is supported by no passage, so it is withheld
        key.write_text("another-key-altogether")
        refused = Engine(place.store).answer(question, groups=["everyone"])
        assert refused.mode is Mode.EXTRACTIVE
        assert refused.notice
        key.write_text(KEY)
    gone = engine.answer(question, groups=["everyone"])
    assert gone.mode is Mode.EXTRACTIVE
    assert gone.notice
    assert "30 days" in gone.text
