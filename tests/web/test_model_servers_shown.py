"""What Administration shows of the language models: each server as it is, whether well or not."""

from __future__ import annotations

import re

from scripted import scripted_server

from app.serving.second import Models
from app.ui.language_models import servers_html
from storage.settings import Settings


def shown(models: Models | None) -> str:
    """The words alone."""
    return " ".join(re.sub(r"<[^>]+>", " ", servers_html(models)).split())


def test_that_none_is_set_is_said_with_what_follows() -> None:
    assert "No language model is set (llm_url): every answer is quoted" in shown(None)


def test_a_server_that_is_well_is_shown_with_name_and_context() -> None:
    with scripted_server() as server:
        models = Models(Settings(llm_url=server.url))
        assert "not asked yet" in shown(models) and "tokens" not in shown(models)
        assert not server.script.models_asked, "showing asks nobody"
        assert models.first.available()
        assert f"answers tiny, context of 8,192 tokens {server.url}" in shown(models)
        assert "0 answers under way, 0 questions waiting" in shown(models)
        with models.first.queue.ticket("ada"), models.first.queue.ticket("hugo"):
            assert "2 answers under way" in shown(models)


def test_who_waits_is_counted() -> None:
    models = Models(Settings(llm_url="http://127.0.0.1:9/v1", llm_at_once=1))
    with models.first.queue.ticket("ada"), models.first.queue.ticket("hugo"):
        assert "1 answer under way, 1 question waiting" in shown(models)


def test_a_server_that_is_gone_stands_beside_the_one_that_answers() -> None:
    with scripted_server() as well:
        with scripted_server() as gone:
            models = Models(Settings(llm_url=f"{well.url},{gone.url}"))
            assert models.first.available()
        models.first.available()
        told = shown(models)
        assert re.search(rf"answers tiny, context of 8,192 tokens {re.escape(well.url)}", told)
        assert re.search(rf"not used now tiny, .{{0,40}} {re.escape(gone.url)}", told)


def test_a_server_that_refuses_requests_is_not_shown_as_well() -> None:
    with scripted_server() as server:
        models = Models(Settings(llm_url=server.url))
        server.script.status = 400
        models.first.available()
        assert "not used now tiny" in shown(models)


def test_the_second_model_is_shown_with_its_share() -> None:
    with scripted_server() as one, scripted_server() as other:
        other.script.models = [{"id": "<b>large</b>", "max_model_len": 32768}]
        models = Models(Settings(llm_url=one.url, llm_second_url=other.url, llm_second_share=0.25))
        assert all(model.available() for model in models.all().values())
        assert "Second language model, for 25% of the conversations" in shown(models)
        assert "&lt;b&gt;large&lt;/b&gt;, context of 32,768 tokens" in shown(models)
