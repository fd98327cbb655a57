"""A real vLLM server on the CPU, with a tiny random model and an adapter; started, asked, killed and started again."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx

from app.operations.egress import CALLS

ROOT = Path(__file__).parent.parent.parent
VLLM = ROOT / ".venv-vllm" / "bin" / "vllm"
READY_SECONDS = 400
KEY = "a-key-for-this-test-run"
ADAPTER = "adapter"


class Vllm:
    """`sh deploy/vllm` as an operator runs it."""

    def __init__(
        self,
        folder: Path,
        context: int = 8192,
        *,
        model: Path | None = None,
        options: Sequence[str] | None = None,
        watched: Path | None = None,
    ) -> None:
        """`model`: a directory to serve, with `options`, instead of the tiny one with its adapter.

        `watched`: a file for strace's record of what it turns to.
        """
        self.folder = folder
        self.key_file = folder / "key"
        self.key_file.write_text(KEY)
        self.model = model or folder / "tiny"
        self.adapter = folder / ADAPTER
        lora = ["--enable-lora", "--lora-modules", f"{ADAPTER}={self.adapter}"]
        self._options = lora if options is None else options
        if model is None:
            maker = [str(VLLM.with_name("python")), str(Path(__file__).with_name("make_model.py"))]
            subprocess.run([*maker, str(self.model), str(self.adapter)], capture_output=True, check=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._context = context
        trace = ["strace", "-f", "--seccomp-bpf", "-qq", "-Y", "-s", "0", "-e", f"trace={CALLS}", "-o", str(watched)]
        self._before = trace if watched else []
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.root}/v1"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {KEY}"}

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        environment = os.environ | {
            "VLLM_PORT": str(self.port),
            "VLLM_KEY_FILE": str(self.key_file),
            "VLLM_CONTEXT": str(self._context),
        }
        log = self.folder / "vllm.log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [*self._before, "sh", str(ROOT / "deploy" / "vllm"), str(self.model), *self._options],
                stdout=output,
                stderr=output,
                env=environment,
                # no session of its own: Linux shares the time by session first, and on a busy host it took all of ours
                process_group=0,
            )
        until = time.monotonic() + READY_SECONDS
        while not self._answers():
            assert self._process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < until, "vLLM did not become ready"
            time.sleep(0.5)

    def kill(self) -> None:
        """End it with everything that it started, at once."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def number(self, *names: str) -> float:
        """The sum of these numbers of its /metrics, over all labels, at one moment."""
        text = httpx.get(f"{self.root}/metrics", timeout=30, trust_env=False).text
        found = rf"^(?:{'|'.join(map(re.escape, names))})(?:{{.*}})? (\S+)$"
        return sum(float(value) for value in re.findall(found, text, re.MULTILINE))

    @property
    def running(self) -> float:
        """Requests that it works on, or that wait inside it."""
        return self.number("vllm:num_requests_running", "vllm:num_requests_waiting")

    @property
    def made(self) -> float:
        """Tokens that it generated since it was started."""
        return self.number("vllm:generation_tokens_total")

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.root}/health", timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False


def eventually(check: Callable[[], bool], seconds: float = 90) -> bool:
    """Whether something comes true; machines are shared, so this is patient."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if check():
            return True
        time.sleep(0.1)
    return False
