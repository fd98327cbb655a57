"""Which server answers: one or several, well or failing. Scripted servers that speak the protocol."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpcore
import pytest
from scripted import Server, scripted_server

from app.asker import Asker
from app.operations import condition
from app.records import Turn
from app.serving import deadline as timed
from app.serving import llm, llm_server
from app.serving.briefly import Briefly
from app.serving.llm import LanguageModel
from app.serving.tokens import MESSAGE_TOKENS
from storage.errors import PromptTooLong, ServiceError, Stopped
from storage.settings import Settings, load_settings

HELLO = [Turn(role="user", content="Hello")]


def model_of(*servers: Server, **settings: Any) -> LanguageModel:
    return LanguageModel(Settings(llm_url=",".join(server.url for server in servers), **settings))


def say(model: LanguageModel, asker: Asker | None = None) -> str:
    return "".join(model.stream(HELLO, answer_tokens=50, asker=asker))


def eventually(check: Any) -> bool:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if check():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def two() -> Iterator[tuple[Server, Server]]:
    with ExitStack() as opened:
        first, second = (opened.enter_context(scripted_server()) for _ in range(2))
        first.script.says("first")
        second.script.says("second")
        yield first, second


def test_answers_are_spread_over_the_servers(two: tuple[Server, Server]) -> None:
    model = model_of(*two)
    assert {say(model), say(model)} == {"first", "second"}


def test_the_server_with_the_fewest_answers_under_way_is_chosen(two: tuple[Server, Server]) -> None:
    for server in two:
        server.script.pieces = ["word "] * 5
    model = model_of(*two)
    running = [model.stream(HELLO, answer_tokens=50) for _ in range(4)]
    for stream in running:
        next(stream)
    assert [len(server.script.requests) for server in two] == [2, 2]
    assert [state["busy"] for state in model.states()] == [2, 2]
    for stream in (running[0], running[2]):  # both at the same server: they went there in turn
        stream.close()  # type: ignore[attr-defined]
    say(model)
    say(model)
    assert sorted(len(server.script.requests) for server in two) == [2, 4]
    for stream in running:
        stream.close()  # type: ignore[attr-defined]
    assert [state["busy"] for state in model.states()] == [0, 0]


def test_another_server_answers_when_one_fails_before_its_first_word(two: tuple[Server, Server]) -> None:
    first, second = two
    model = model_of(*two)
    first.script.status = second.script.status = 200
    first.script.status = 500
    assert [say(model) for _ in range(3)] == ["second"] * 3
    assert len(first.script.requests) == 1  # and then it was left alone
    assert [state["up"] for state in model.states()] == [False, True]
    assert not model.resting()


def test_a_server_that_fails_again_and_again_is_looked_at_more_and_more_rarely() -> None:
    with scripted_server() as server:
        server.script.says("well")
        model = model_of(server)

        def rests() -> float:
            assert not model.available()
            return model._servers[0].rest_until - time.monotonic()

        server.script.status = 500
        for seconds in (*llm.REST_SECONDS, llm.REST_SECONDS[-1]):
            assert seconds - 2 < rests() <= seconds
        server.script.status = 200
        assert model.available()
        assert say(model) == "well"  # from now on it is as if it had never failed
        assert model.states()[0]["problem"] is None
        server.script.status = 500
        assert rests() <= llm.REST_SECONDS[0]


def test_two_servers_that_fail_in_turn_are_each_asked_and_both_left_alone(two: tuple[Server, Server]) -> None:
    for server in two:
        server.script.status = 503
    model = model_of(*two)
    with pytest.raises(ServiceError, match="status 503"):
        say(model)
    assert [len(server.script.requests) for server in two] == [1, 2]  # the last once more, since it may pass
    assert model.resting()
    with pytest.raises(ServiceError, match="left alone"):
        say(model)
    assert [len(server.script.requests) for server in two] == [1, 2]


def test_a_key_that_cannot_be_read_for_a_moment_is_a_failure_that_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llm, "REST_SECONDS", (0.1,))
    key = tmp_path / "llm.key"
    key.write_text("sesame-4711")
    with scripted_server() as server:
        server.script.says("well")
        model = model_of(server, llm_api_key_file=key)
        assert say(model) == "well"
        key.unlink()
        with pytest.raises(ServiceError, match="llm_api_key_file"):
            say(model)
        assert model.count(HELLO) > 0  # by the estimate
        assert not model.available()
        time.sleep(1.0)  # it is looked after meanwhile, in vain
        assert model.resting()
        key.write_text("sesame-4711")
        assert eventually(lambda: not model.resting())
        assert say(model) == "well"


def test_who_answers_is_known_before_the_first_word_whatever_another_answer_is_told_meanwhile() -> None:
    with scripted_server() as server:
        model = model_of(server)

        def says(prompt: str) -> str:
            server.script.models = [{"of": "nobody"}]
            model._servers[0].server._model = None  # as where another answer was told that its prompt is too long
            return "well"

        server.script.answers = says
        names: list[str] = []
        said = model.stream(HELLO, answer_tokens=50, spoken_by=lambda speaker: names.append(speaker.model))
        assert ("".join(said), names) == ("well", ["tiny"])


def test_a_connection_that_breaks_before_the_first_word_goes_on_elsewhere(two: tuple[Server, Server]) -> None:
    two[0].script.dies_after = 0
    assert say(model_of(*two)) == "second"


def test_text_comes_as_it_was_sent(two: tuple[Server, Server]) -> None:
    text = 'one\u2028two\x85three\r\n"four" 中文 😀'
    for server in two:
        server.script.pieces = [text[:5], "", text[5:]]
    assert say(model_of(*two)) == text


def test_importing_the_client_is_not_in_the_time_that_the_model_has(two: tuple[Server, Server]) -> None:
    class Fresh(LanguageModel):
        def prepare(self) -> None:
            time.sleep(0.5)
            super().prepare()

    for server in two:
        server.script.says('{"answer": 1}')
    model = Fresh(Settings(llm_url=two[0].url))
    said = Briefly(model=model, seconds=0.4, asker=Asker()).ask(HELLO, {"type": "object"}, tokens=9)
    assert json.loads(said) == {"answer": 1}


def test_a_brief_answer_ends_when_its_asker_stops_and_is_none_where_the_server_fails() -> None:
    with scripted_server() as server:
        server.script.wait = 20.0
        server.script.says("Too late.")
        model, asker = model_of(server, llm_first_token_seconds=60), Asker("mia")
        stopper = threading.Thread(target=lambda: (eventually(lambda: server.script.requests), asker.stop()))
        stopper.start()
        began = time.monotonic()
        with pytest.raises(Stopped):
            Briefly(model=model, seconds=60, asker=asker).ask(HELLO, {"type": "object"}, tokens=9)
        stopper.join()
        assert time.monotonic() - began < server.script.wait
        in_no_time = Briefly(model=model, seconds=0.2, asker=Asker())
        assert in_no_time.ask(HELLO, {"type": "object"}, tokens=9) == ""
        server.script.status = 500
        assert Briefly(model=model, seconds=60, asker=Asker()).ask(HELLO, {"type": "object"}, tokens=9) == ""
        assert [request["max_tokens"] for request in server.script.requests] == [9, 9, 9]


@pytest.mark.parametrize(("finish", "cut"), [("stop", False), ("length", True), ("repetition", True), (None, False)])
def test_why_an_answer_ends_is_told(two: tuple[Server, Server], finish: str | None, cut: bool) -> None:
    for server in two:
        server.script.finish = finish
    pieces = model_of(*two).stream(HELLO, answer_tokens=50)
    said = []
    with pytest.raises(StopIteration) as end:
        while True:
            said.append(next(pieces))
    assert "".join(said) in ("first", "second")
    assert end.value.value is cut


@pytest.mark.parametrize("error", [None, "EngineCore died"])
def test_after_the_first_word_nothing_is_tried_again(two: tuple[Server, Server], error: str | None) -> None:
    for server in two:
        server.script.dies_after, server.script.error = 2, error
        server.script.says("a long enough answer")
    model = model_of(*two)
    with pytest.raises(ServiceError, match=r"broke off|does not answer"):
        say(model)
    assert sum(len(server.script.requests) for server in two) == 1


def test_a_lone_server_gets_one_more_try_and_a_slow_one_none() -> None:
    with scripted_server() as server:
        server.script.status = 503
        with pytest.raises(ServiceError, match="status 503"):
            say(model_of(server))
        assert len(server.script.requests) == 2
    with scripted_server() as server:
        server.script.wait = 2.0
        with pytest.raises(ServiceError, match="too slow"):
            say(model_of(server, llm_first_token_seconds=0.2))
        assert len(server.script.requests) == 1


def test_what_a_server_says_to_a_prompt_of_ours_is_told() -> None:
    with scripted_server() as server:
        server.script.status, server.script.says_no = 400, "no chat\ttemplate\x1b[31m is set"
        model = model_of(server)
        with pytest.raises(ServiceError, match=r"premise status` asks it why\.$"):
            say(model)  # what it says to a person's may repeat it
        assert eventually(model.resting)
        assert str(model.states()[0]["problem"]).endswith("It says: no chat template[31m is set")
        server.script.status = 200
        assert model.available()
        assert model.states()[0]["problem"] is None


def test_a_key_that_a_server_repeats_is_not_told_on(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-very-secret\n")
    with scripted_server() as server:
        server.script.status, server.script.says_no = 400, "Bearer sk-very-secret may not do this."
        model = model_of(server, llm_api_key_file=tmp_path / "key")
        assert not model.available()
        assert str(model.states()[0]["problem"]).endswith("It says: Bearer … may not do this.")


def test_status_does_not_call_answers_written_where_the_server_refuses_them() -> None:
    with scripted_server() as server:
        server.script.status = 401
        found = condition._language_model(Settings(llm_url=server.url))
        assert found is not None and not found["answers"]
        assert condition._said_of(found, "extractive meanwhile").startswith("NOT written by")
        assert "llm_api_key_file" in found["problems"][0]
        server.script.status = 200
        found = condition._language_model(Settings(llm_url=server.url))
        assert found is not None and found["answers"]
        told = f"written by tiny at {server.url}, context 8,192 tokens"
        assert condition._said_of(found, "extractive meanwhile") == told


def test_a_request_that_is_refused_says_nothing_of_the_next() -> None:
    with scripted_server() as server:
        server.script.says("well")
        model = model_of(server)
        server.script.refuses = 1
        with pytest.raises(ServiceError, match="refuses the request"):
            say(model)
        assert say(model) == "well"
        assert not model.resting()


def test_thoughts_that_a_server_keeps_apart_are_no_waiting_for_the_first_word() -> None:
    with scripted_server() as server:
        server.script.thoughts, server.script.pause = ["Hm. "] * 8, 0.1
        server.script.says("well")
        assert say(model_of(server, llm_first_token_seconds=0.5)) == "well"


def test_a_server_is_used_again_when_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llm, "REST_SECONDS", (0.1,))
    with ExitStack() as opened:
        server = opened.enter_context(scripted_server())
        port = int(server.url.split(":")[2].split("/")[0])
        model = model_of(server)
        server.script.says("before")
        assert say(model) == "before"
        opened.close()
        with pytest.raises(ServiceError):
            say(model)
        assert model.resting()
        again = opened.enter_context(scripted_server(port))
        again.script.says("after")
        again.script.models = [{"id": "another", "max_model_len": 4096}]
        assert eventually(lambda: not model.resting())  # nobody asked: it was looked after
        assert say(model) == "after"
        assert (model.model().name, model.model().context) == ("another", 4096)


def test_the_smallest_context_counts(two: tuple[Server, Server]) -> None:
    two[0].script.context, two[1].script.context = 8192, 4096
    assert model_of(*two).model().context == 4096


def test_an_adapter_is_chosen_by_name_and_has_its_models_context() -> None:
    with scripted_server() as server:
        server.script.models = [
            {"id": "adapter", "parent": "base"},
            {"id": "base", "parent": None, "max_model_len": 2048},
        ]
        assert model_of(server).model().name == "base"
        chosen = model_of(server, llm_model="adapter").model()
        assert (chosen.name, chosen.context) == ("adapter", 2048)


def test_stopping_wakes_whoever_waits_for_the_first_word() -> None:
    with scripted_server() as server:
        server.script.wait = 20.0
        server.script.says("Too late.")
        asker = Asker("mia")
        model = model_of(server, llm_first_token_seconds=60)
        stopper = threading.Thread(target=lambda: (eventually(lambda: server.script.requests), asker.stop()))
        stopper.start()
        began = time.monotonic()
        with pytest.raises(Stopped):
            say(model, asker)
        stopper.join()
        assert time.monotonic() - began < server.script.wait  # else the wait itself ended it
        assert not model.resting()  # the server did nothing wrong


def test_stopping_ends_the_request_for_a_servers_name() -> None:
    with scripted_server() as server:
        server.script.models_wait = 20.0
        for ask in (say, lambda model, asker: model.model(asker), lambda model, asker: model.count(HELLO, asker)):
            asker, asked = Asker("mia"), server.script.models_asked
            model = model_of(server, llm_first_token_seconds=60)
            stopper = threading.Thread(
                target=lambda asked=asked, asker=asker: (
                    eventually(lambda: server.script.models_asked > asked),
                    asker.stop(),
                )
            )
            stopper.start()
            began = time.monotonic()
            with pytest.raises(Stopped):
                ask(model, asker)
            stopper.join()
            assert time.monotonic() - began < server.script.models_wait
            assert not model.resting()  # the server did nothing wrong


def test_over_tls_an_answer_comes_and_can_be_stopped_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=models -addext subjectAltName=IP:127.0.0.1"
    files = [tmp_path / "key", tmp_path / "certificate"]
    subprocess.run([*made.split(), "-keyout", files[0], "-out", files[1]], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(files[1], files[0])
    with scripted_server(tls=tls) as server:
        server.script.says("over TLS")
        with pytest.raises(ServiceError):
            say(model_of(server))  # nobody vouches for it
        monkeypatch.setattr(llm_server, "_authorities", lambda: ssl.create_default_context(cafile=str(files[1])))
        model, asker = model_of(server), Asker()
        assert say(model) == "over TLS"
        server.script.wait = 20.0
        threading.Timer(0.5, asker.stop).start()
        began = time.monotonic()
        with pytest.raises(Stopped):
            say(model, asker)
        assert time.monotonic() - began < server.script.wait


def test_what_follows_the_first_piece_is_read_some_pieces_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now, slept, others = [100.0], [], [True]

    def sleep(seconds: float) -> None:
        slept.append(round(seconds, 4))
        now[0] += seconds

    monkeypatch.setattr(timed, "monotonic", lambda: now[0])
    monkeypatch.setattr(timed, "sleep", sleep)
    deadline = timed.Deadline(30, lambda: others[0])
    stream = timed._TimedStream(httpcore.MockStream([b"a"] * 10), 5, deadline)
    for _ in range(3):
        stream.read(10)  # its head and whatever comes before the first piece: at once
    assert slept == []
    deadline.extend(60)
    stream.read(10)  # the second piece too
    now[0] += 0.2
    stream.read(10)
    assert slept == []  # it was not waited for
    stream.read(10)
    now[0] += 20
    stream.read(10)
    now[0] += 0.03
    stream.read(10)
    assert slept == [0.01, 0.02]
    others[0] = False
    stream.read(10)
    assert len(slept) == 2  # alone, it is read at once
    now[0] += 50
    with pytest.raises(httpcore.ReadTimeout):
        stream.read(10)


def test_what_was_stopped_before_is_not_asked() -> None:
    with scripted_server() as server:
        asker = Asker("mia")
        asker.stop()
        with pytest.raises(Stopped):
            say(model_of(server), asker)


# --- tokens --------------------------------------------------------------------------------------------------------


def test_tokens_are_counted_by_the_server_else_estimated() -> None:
    long = [Turn(role="user", content="word " * 300)]
    with scripted_server() as server:
        server.script.characters_a_token = 10
        assert model_of(server).count(long) == 150
    with scripted_server() as server:
        model = model_of(server)
        estimated = model.count(long)
        assert 400 < estimated < 700
        assert model.count(long) == estimated
        assert server.script.counted == 1  # it was asked once whether it can count


def test_a_tokenizer_in_a_directory_counts(tmp_path: Any) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    made = Tokenizer(models.WordLevel({"word": 0, "?": 1}, unk_token="?"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()  # type: ignore[assignment]
    ends = processors.TemplateProcessing(single="? $A ?", special_tokens=[("?", 1)])
    made.post_processor = ends  # type: ignore[assignment]  # what it puts around a text is the chat template's here
    made.save(str(tmp_path / "tokenizer.json"))
    with scripted_server() as server:
        server.script.characters_a_token = 1
        model = model_of(server, llm_tokenizer=tmp_path)
        assert 300 <= model.count([Turn(role="user", content="word " * 300)]) < 320
        assert model.count([Turn(role="user", content="word")] * 100) == 100 * (1 + MESSAGE_TOKENS)
        assert server.script.counted == 0
    with pytest.raises(Exception, match=r"llm_tokenizer.*holds no tokenizer\.json"):
        load_settings(tmp_path / "data", llm_tokenizer=tmp_path / "nothing")


def test_a_prompt_that_the_server_finds_too_long_is_told_apart() -> None:
    with scripted_server() as server:
        server.script.longest = 3
        model = model_of(server)
        with pytest.raises(PromptTooLong):
            say(model)
        assert not model.resting()


# --- settings ------------------------------------------------------------------------------------------------------


def test_several_addresses_may_be_a_list_or_separated_by_commas(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    both = ("http://a:1/v1", "http://b:2/v1")
    (tmp_path / "premise.toml").write_text('llm_url = ["http://a:1/v1/", "http://b:2/v1"]\n')
    assert load_settings(tmp_path).llm_urls == both
    monkeypatch.setenv("PREMISE_LLM_URL", "http://a:1/v1, http://b:2/v1,http://a:1/v1")
    assert load_settings(tmp_path).llm_urls == both
    monkeypatch.setenv("PREMISE_LLM_URL", "http://a:1/v1, b:2")
    with pytest.raises(Exception, match="llm_url: must start with http"):
        load_settings(tmp_path)


def test_json_of_a_schema() -> None:
    schema = {"type": "object", "properties": {"questions": {"type": "array", "items": {"type": "string"}}}}
    with scripted_server() as server:
        server.script.says('{"questions": ["How?"]}')
        model = model_of(server)
        assert model.structured(HELLO, schema, answer_tokens=50) == {"questions": ["How?"]}
        assert server.script.requests[0]["response_format"]["json_schema"]["schema"] == schema
        server.script.says('{"questions": ["How?')
        with pytest.raises(ServiceError, match="no JSON"):
            model.structured(HELLO, schema, answer_tokens=50)
