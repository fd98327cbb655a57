"""A real vLLM server on the CPU, with a tiny random model: the wire, not the wording."""

from __future__ import annotations

import faulthandler
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from models.reported import hold_against_vllm
from place import Place
from real import ADAPTER, VLLM, Vllm, eventually

from app.answers.answer import BROKEN, NOTICE, REFUSES
from app.answers.reread import doubted, schema_of
from app.asker import Asker
from app.engine import Engine
from app.records import Answer, Delta, Finished, Mode, Turn, Waiting
from app.serving.briefly import Briefly
from app.serving.llm import LanguageModel
from storage.errors import Stopped
from storage.settings import Settings

QUESTION = "How many days of annual leave do employees in Germany have?"
SENTENCE = "Employees in Germany have 30 days of annual leave. "
CONTEXT = 16384  # tokens
LONG = CONTEXT // 3  # tokens, the most an answer may have: 20 seconds and more; the tiny model ends none by itself
ATTEMPTS = 3  # at killing the server in mid-answer
LATE_SECONDS = 8

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not VLLM.exists(), reason="vLLM is not installed: sh deploy/vllm install cpu"),
]


@pytest.fixture(scope="module")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vllm]:
    """The one server of this module."""
    server = Vllm(tmp_path_factory.mktemp("vllm"), context=CONTEXT)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def settings_of(vllm: Vllm, **more: Any) -> dict[str, Any]:
    """Patient: the machine is shared."""
    patient = {"llm_first_token_seconds": 120, "llm_total_seconds": 300, "llm_wait_seconds": 300}
    return {"llm_url": vllm.url, "llm_api_key_file": vllm.key_file, "llm_answer_tokens": 60} | patient | more


@pytest.fixture
def engine_with(vllm: Vllm, place_at: Callable[..., Place], tmp_path: Path) -> Callable[..., Engine]:
    """An engine over one document, with settings by name."""

    def make(more: str = "", **settings: Any) -> Engine:
        place = place_at(tmp_path / "data", **settings_of(vllm, **settings))
        place.write("everyone/leave.md", f"# Leave\n\n{SENTENCE}\n{more}")
        place.ingest()
        return Engine(place.store)

    return make


def model_of(vllm: Vllm, **settings: Any) -> LanguageModel:
    return LanguageModel(Settings(**settings_of(vllm, **settings)))


def last(events: list[Any]) -> Answer:
    assert isinstance(events[-1], Finished)
    return events[-1].answer


def test_an_answer_is_streamed(vllm: Vllm, engine_with: Callable[..., Engine]) -> None:
    engine = engine_with()
    events = list(engine.ask(QUESTION, groups=["everyone"]))
    answer = last(events)
    assert answer.mode is Mode.WRITTEN
    assert answer.model == "tiny"
    assert sum(isinstance(event, Delta) for event in events) > 10
    assert answer.timings["first_token"] < answer.timings["total"]
    assert answer.refused  # noise is supported by no passage, so it is withheld


def test_name_context_and_tokens_are_the_servers(vllm: Vllm) -> None:
    model = model_of(vllm)
    assert (model.model().name, model.model().context) == ("tiny", CONTEXT)
    messages = [Turn(role="system", content="Regeln für 中文."), Turn(role="user", content=SENTENCE * 20)]
    body = {"model": "tiny", "max_tokens": 1, "messages": [{"role": m.role, "content": m.content} for m in messages]}
    answer = httpx.post(f"{vllm.url}/chat/completions", json=body, headers=vllm.headers, timeout=120, trust_env=False)
    assert model.count(messages) == answer.json()["usage"]["prompt_tokens"]


def test_its_memory_is_what_we_compute(vllm: Vllm) -> None:
    hold_against_vllm(vllm.model, vllm.port, CONTEXT)


def test_an_adapter_is_chosen_by_its_name(vllm: Vllm) -> None:
    hello = [Turn(role="user", content="hello there")]
    base, adapted = model_of(vllm), model_of(vllm, llm_model=ADAPTER)
    assert (adapted.model().name, adapted.model().context) == (ADAPTER, CONTEXT)
    said = ["".join(model.stream(hello, answer_tokens=30)) for model in (base, adapted, adapted)]
    assert said[0] != said[1] == said[2]


def test_json_of_a_schema(vllm: Vllm) -> None:
    # nothing that may hold white space: a random model would go on with that for ever
    kinds = ["leave", "travel"]
    found = model_of(vllm).structured(
        [Turn(role="user", content="What is it about?")], {"enum": kinds}, answer_tokens=50
    )
    assert found in kinds


def test_sentences_are_read_once_more_in_so_many_true_and_false(vllm: Vllm, engine_with: Callable[..., Engine]) -> None:
    engine = engine_with()
    assert engine.models is not None
    model, said = model_of(vllm), {"The bell rings at noon.": "It rings at noon.", "It is red.": "It is blue."}
    before = vllm.number("vllm:prompt_tokens_total")
    found = doubted(Briefly(model=model, seconds=5, asker=Asker()), said, context=CONTEXT, prompts=engine.prompts)
    assert found <= said.keys()
    assert vllm.number("vllm:prompt_tokens_total") > before
    whole = "".join(model.stream([Turn(role="user", content="?")], answer_tokens=28, schema=schema_of(2)))
    assert re.match(r'\{\s*("said"\s*:\s*\[[\s,truefals]*|)', whole)  # or white space until its tokens are used up


def test_a_wrong_key_gives_a_quotation(engine_with: Callable[..., Engine], tmp_path: Path) -> None:
    wrong = tmp_path / "key"
    wrong.write_text("another-key-altogether")
    engine = engine_with(llm_api_key_file=wrong)
    answer = engine.answer(QUESTION, groups=["everyone"])
    assert (answer.mode, answer.notice) == (Mode.EXTRACTIVE, REFUSES)
    assert engine.models is not None and (missed := engine.models.misses.of_late())
    assert "llm_api_key_file" in missed.why


def test_a_prompt_longer_than_the_context_is_cut_to_it(vllm: Vllm, engine_with: Callable[..., Engine]) -> None:
    engine = engine_with(llm_context=3000, rewrite_seconds=0)  # whose tokens would be counted too
    talk = [Turn(role=role, content=SENTENCE * 60) for _ in range(3) for role in ("user", "assistant")]
    before = vllm.number("vllm:prompt_tokens_total")
    answer = last(list(engine.ask(QUESTION, groups=["everyone"], history=talk)))
    assert answer.mode is Mode.WRITTEN
    assert 500 < vllm.number("vllm:prompt_tokens_total") - before <= 3000 - 60
    # and when we are told of more room than there is, what the server refuses is shortened
    longer = engine_with(llm_context=100_000)
    answer = last(list(longer.ask(QUESTION, groups=["everyone"], history=talk * 2)))
    assert answer.mode is Mode.WRITTEN


def test_the_fixed_part_of_the_prompt_is_kept_by_the_server(vllm: Vllm, engine_with: Callable[..., Engine]) -> None:
    engine = engine_with()
    assert engine.language_model is not None
    rules = engine.language_model.count([Turn(role="system", content=engine.prompts.fill("answer.md"))])
    engine.answer(QUESTION, groups=["everyone"])
    before = vllm.number("vllm:prefix_cache_hits_total")
    engine.answer("Who has annual leave, and where?", groups=["everyone"])
    assert vllm.number("vllm:prefix_cache_hits_total") - before > 0.8 * rules


@pytest.mark.parametrize("context", [2048, 4096])
def test_a_long_conversation_stays_within_a_small_context(
    vllm: Vllm, engine_with: Callable[..., Engine], context: int
) -> None:
    """Fifteen turns over more than fits: every answer is written at the first try, and the latest turns are told."""
    sites = "".join(f"Employees at site {number} have {number} days of annual leave.\n\n" for number in range(200))
    engine = engine_with(sites, llm_context=context, llm_answer_tokens=200, rewrite_seconds=0)
    assert engine.language_model is not None
    rules = engine.language_model.count([Turn(role="system", content=engine.prompts.fill("answer.md"))])
    talk: list[Turn] = []
    prompts: list[float] = []  # tokens of each
    answered, made = vllm.number("vllm:request_success_total"), vllm.made
    for number in range(15):
        question = f"How many days of annual leave do employees at site {number} have?"
        asked, kept = (vllm.number(f"vllm:{name}_total") for name in ("prompt_tokens", "prefix_cache_hits"))
        events = list(engine.ask(question, groups=["everyone"], history=talk))
        assert last(events).mode is Mode.WRITTEN, last(events).notice
        told = "".join(event.text for event in events if isinstance(event, Delta) and not event.anew)
        talk += [Turn(role="user", content=question), Turn(role="assistant", content=told)]
        prompts.append(vllm.number("vllm:prompt_tokens_total") - asked)
        assert vllm.number("vllm:prefix_cache_hits_total") - kept > 0.8 * rules or not number
    assert vllm.number("vllm:request_success_total") - answered == 15
    assert vllm.made - made == 15 * 200
    assert 0.6 * context < max(prompts) <= context - 200


@pytest.mark.parametrize("pieces", [0, 5])
def test_what_is_stopped_ends_at_the_server(vllm: Vllm, pieces: int) -> None:
    def attempt(number: int) -> bool:
        asker, stopped = Asker("mia"), threading.Event()
        talk = [Turn(role="user", content=f"{number} {pieces} {SENTENCE * 80}")]
        model, asked = model_of(vllm), vllm.number("vllm:prompt_tokens_total")
        model.prepare()

        def follow() -> None:
            try:
                for came, _ in enumerate(model.stream(talk, answer_tokens=LONG, asker=asker), start=1):
                    if came == pieces:
                        asker.stop()
            except Stopped:
                stopped.set()

        following = threading.Thread(target=follow)
        following.start()
        if not pieces:  # mostly before its first word, while the other thread waits for that
            following.join(0.05 * 2**number)  # a busy server takes its time to begin
            asker.stop()
        following.join(90)
        # not by its count of those running: on a busy host that is told when the answer is long at its end
        return stopped.is_set() and eventually(lambda: vllm.number("vllm:prompt_tokens_total") > asked, 2)

    assert cut_short_at(vllm, attempt)


def test_who_closes_the_answer_ends_it_at_the_server(vllm: Vllm, engine_with: Callable[..., Engine]) -> None:
    def attempt(_number: int) -> bool:
        events = engine.ask(QUESTION, groups=["everyone"])
        began = any(isinstance(event, Delta) for event in events)
        events.close()  # type: ignore[attr-defined]
        return began

    engine = engine_with(llm_answer_tokens=LONG)
    assert cut_short_at(vllm, attempt)


def cut_short_at(vllm: Vllm, attempt: Callable[[int], bool]) -> bool:
    """Whether the server made less than a whole answer of LONG tokens. An attempt may come too late, but not every one.

    By the server's own count, when it works on nothing any more: what is not ended there always comes to all of them.
    """
    for number in range(5):
        assert eventually(lambda: vllm.running == 0)
        before = vllm.made
        done = attempt(number)
        assert eventually(lambda: vllm.running == 0)
        if done and vllm.made - before < LONG:
            return True
    return False


def test_fifty_at_once_are_all_answered_in_turn(vllm: Vllm, engine_with: Callable[..., Engine]) -> None:
    engine = engine_with(llm_at_once=4, llm_answer_tokens=200)  # which takes longer than finding passages
    answers: dict[int, list[Any]] = {}
    written: list[tuple[float, float]] = []  # from when until when

    def ask(number: int) -> None:
        asker, events, begun = Asker(f"person {number % 10}"), [], None
        for event in engine.ask(f"{QUESTION} ({number})", groups=["everyone"], asker=asker):
            events.append(event)
            if begun is None and isinstance(event, Delta):
                begun = time.monotonic()
        assert begun is not None
        written.append((begun, time.monotonic()))
        answers[number] = events

    asking = [threading.Thread(target=ask, args=(number,)) for number in range(50)]
    for thread in asking:
        thread.start()
    most = 0.0
    while any(thread.is_alive() for thread in asking):
        most = max(most, vllm.running)
    assert len(answers) == 50
    assert all(last(events).mode is Mode.WRITTEN for events in answers.values())
    assert most <= 4
    assert any(one[0] < other[0] < one[1] for one in written for other in written)
    assert any(isinstance(event, Waiting) for events in answers.values() for event in events)  # how many: by its speed
    assert engine.language_model is not None
    assert engine.language_model.queue.load() == (0, 0)


def test_a_server_that_is_killed_in_mid_answer_and_comes_back(vllm: Vllm, engine_with: Callable[..., Engine]) -> None:
    """The last test: it ends the server, and starts it again."""
    engine = engine_with(llm_answer_tokens=LONG)
    where = vllm.folder / "late.log"
    for attempt in range(ATTEMPTS):
        events = engine.ask(QUESTION, groups=["everyone"])
        with where.open("w") as late:  # twice the first word was seen when the last had been made: what went on then?
            faulthandler.dump_traceback_later(LATE_SECONDS, file=late)
            assert any(isinstance(event, Delta) for event in events)
            faulthandler.cancel_dump_traceback_later()
        vllm.kill()
        rest = list(events)
        answer = last(rest)
        if answer.mode is Mode.EXTRACTIVE or attempt + 1 == ATTEMPTS:
            break
        vllm.start()
        assert eventually(lambda: engine.language_model is not None and not engine.language_model.resting())
    told = f"{len(rest)} events after it was killed. {answer.reason} Threads: {where.read_text()}"
    assert (answer.mode, answer.notice) == (Mode.EXTRACTIVE, BROKEN), told
    assert "30 days" in answer.text
    gone = engine.answer(QUESTION, groups=["everyone"])
    assert (gone.mode, gone.notice) == (Mode.EXTRACTIVE, NOTICE)
    assert engine.language_model is not None and engine.language_model.resting()
    vllm.start()
    assert eventually(lambda: engine.language_model is not None and not engine.language_model.resting())
    assert engine.answer(QUESTION, groups=["everyone"]).mode is Mode.WRITTEN
