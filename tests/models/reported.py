"""What a running vLLM reports of its memory, against our arithmetic."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from app.models.check import check
from app.models.memory import GIB, kv_token


def hold_against_vllm(model: Path, port: int, context: int) -> None:
    """The tokens that fit into vLLM's KV cache are those that we compute from the directory alone."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10, trust_env=False).text
    line = next(line for line in text.splitlines() if line.startswith("vllm:cache_config_info"))
    reported = dict(re.findall(r'(\w+)="([^"]*)"', line))
    report = check(model)
    assert report.architecture is not None
    token = kv_token(report.architecture)
    held = int(reported["kv_cache_memory_bytes"])
    assert held == GIB  # VLLM_CPU_KVCACHE_SPACE of deploy/vllm
    assert int(reported["kv_cache_size_tokens"]) == held // token
    assert float(reported["kv_cache_max_concurrency"]) == held / (token * context)
    log = (model.parent / "vllm.log").read_text(encoding="utf-8", errors="replace")
    assert f"KV cache size: {held // token:,} tokens" in log
