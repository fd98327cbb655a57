"""The About page: every model that runs here, with licence and duties, openness, revision and checksum."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import streamlit as st

from app.models.register import look
from app.ui import current, identity
from app.web import safe
from storage.errors import ModelError

STATES = {"fit": "checked", "attention": "checked", "refused": "refused", "unknown": "not checked"}


def page() -> None:
    """The whole page."""
    engine, user = current.engine(), identity.person()
    told = f"Premise {_version()}. It runs on your company's own servers."
    st.html(f'<div class="pagehead"><h1>About</h1><p>{safe.text_html(told)}</p></div>')
    try:
        models = _models(repr(engine.settings))
    except ModelError as error:
        st.error(safe.label(str(error), 500) if user.admin else "The models cannot be listed at the moment.")
        return
    shown = [text for model in models for text in model["attribution"]]
    if shown:
        st.html("".join(f"<p><strong>{safe.text_html(text)}</strong></p>" for text in dict.fromkeys(shown)))
    st.html("<h2>Models</h2>" + "".join(_model(model, full=user.admin) for model in models))


@lru_cache(maxsize=2)
def _models(_settings: str) -> list[dict[str, Any]]:
    """The models, looked at once for these settings: their files are compared at the start of the service anyway."""
    return [item.as_json() for item in look(current.engine().settings)]


def _model(model: dict[str, Any], *, full: bool) -> str:
    state = "refused, and waived by name" if model["waived"] else STATES[model["verdict"]]
    rows = [
        ("Licence", model["licence"] or "unknown"),
        ("Obliges to", " ".join(model["obliges"]) or ("nothing" if model["licence"] else "unknown")),
        ("Openness", f"{_capital(model['openness']['level'])}. {' '.join(model['openness']['evidence'])}"),
        ("Revision", model["revision"] or "unknown"),
        ("Checksum", model["checksum"] or ("kept at the first start" if model["directory"] else "unknown")),
        ("State", _capital(state)),
    ]
    if model["origin"] and (full or model["directory"]):
        rows.insert(0, ("From", model["origin"]))
    if full and model["directory"]:
        rows.append(("Directory", model["directory"]))
    if full:
        rows += [("Finding", finding["says"]) for finding in model["findings"] if finding["severity"] != "note"]
    body = "".join(f"<tr><th>{safe.text_html(name)}</th><td>{safe.text_html(value)}</td></tr>" for name, value in rows)
    title = f"{model['role'].capitalize()}: {model['name']}"
    return f'<h3>{safe.text_html(title)}</h3><div class="scroll"><table class="about">{body}</table></div>'


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _version() -> str:
    try:
        return version("premise-rag")
    except PackageNotFoundError:
        return ""
