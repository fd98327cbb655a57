"""The language models, for the administrator: every server as it is, what is wrong, and what was quoted for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.serving.llm import LanguageModel
from app.serving.second import Models
from app.ui import current, identity, wording
from app.web import safe

REFRESH_SECONDS = 4
NONE_SET = "No language model is set (llm_url): every answer is quoted from the documents."


@st.fragment(run_every=REFRESH_SECONDS)
def page_part() -> None:
    """Servers and warnings, kept fresh by themselves."""
    models = current.engine().models
    if not identity.person().admin:
        return
    st.html(servers_html(models))
    for told in told_of(models) if models is not None else ():
        st.warning(safe.label(told, 900), icon=":material/warning:")


def servers_html(models: Models | None) -> str:
    """Each model with its servers: what it is, whether it answers, how many are answered and wait."""
    if models is None:
        return f'<p class="quiet">{safe.text_html(NONE_SET)}</p>'
    shares = {
        "first": "Language model",
        "second": f"Second language model, for {models.share:.0%} of the conversations",
    }
    return "".join(
        f'<div class="servers"><b>{safe.text_html(shares[which])}</b> <span>{safe.text_html(_load(model))}</span>'
        f"<ul>{''.join(_server(state) for state in model.states())}</ul></div>"
        for which, model in models.all().items()
    )


def _load(model: LanguageModel) -> str:
    running, waiting = model.queue.load()
    return f"{wording.count(running, 'answer')} under way, {wording.count(waiting, 'question')} waiting"


def _server(state: Mapping[str, Any]) -> str:
    look, word = _standing(state)
    said = f"{state['model']}, context of {wording.count(state['context'], 'token')}" if state["model"] else ""
    return (
        f'<li><span class="chip {look}">{word}</span> {safe.text_html(said)} '
        f'<span class="path">{safe.text_html(state["url"])}</span></li>'
    )


def _standing(state: Mapping[str, Any]) -> tuple[str, str]:
    """How a server stands, as a look and in words."""
    if not state["up"]:
        return "low", "not used now"
    return ("high", "answers") if state["model"] else ("plain", "not asked yet")


def told_of(models: Models) -> list[str]:
    """What is wrong with the language models' servers, and how many answers were quoted for it."""
    problems = models.problems()
    if (missed := models.misses.of_late()) is None:
        return problems
    told = f"Quoted in the last hour instead of written by the language model: {wording.count(missed.count, 'answer')}"
    when = f"the latest at {identity.local(missed.last)}"
    why = "." if any(problem in missed.why for problem in problems) else f": {missed.why}"
    since = " Answers are written again since then." if missed.over else ""
    return [*problems, f"{told}, {when}{why}{since}"]
