"""Streamlit as part of the web server: its configuration, all in code, and the ASGI app that runs the pages.

No `.streamlit` folder is needed, and none can loosen what is set here.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import streamlit
from starlette.routing import BaseRoute
from starlette.types import ASGIApp
from streamlit import config

from storage.settings import Settings

MAIN = Path(__file__).with_name("main.py")
MARKS = Path(__file__).with_name("marks.js").read_text(encoding="utf-8")
OPTIONS: dict[str, Any] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "client.allowedOrigins": [],
    "global.developmentMode": False,
    "runner.magicEnabled": False,
    "runner.postScriptGC": False,
    "server.headless": True,
    "server.fileWatcherType": "none",
    "server.runOnSave": False,
    "server.allowRunOnSave": False,
    "server.enableStaticServing": False,
    "server.enableAgentApi": False,
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.corsAllowedOrigins": [],
    "server.maxUploadSize": 1,
    "server.showEmailPrompt": False,
    "ui.hideTopBar": False,
    "theme.baseRadius": "0.6rem",
    "theme.showWidgetBorder": True,
    # no theme.base: the page is light or dark as the person's system is; style.css has the same colours
    "theme.light.primaryColor": "#0f5b66",
    "theme.light.backgroundColor": "#ffffff",
    "theme.light.secondaryBackgroundColor": "#f1f6f6",
    "theme.light.textColor": "#17313a",
    "theme.light.linkColor": "#0f5b66",
    "theme.light.borderColor": "#d5e1e3",
    "theme.light.sidebar.backgroundColor": "#f1f6f6",
    "theme.light.sidebar.secondaryBackgroundColor": "#e3edee",
    "theme.dark.primaryColor": "#257a85",
    "theme.dark.backgroundColor": "#10191c",
    "theme.dark.secondaryBackgroundColor": "#18252a",
    "theme.dark.textColor": "#dce7e9",
    "theme.dark.linkColor": "#6fc3ca",
    "theme.dark.borderColor": "#2c3f45",
    "theme.dark.sidebar.backgroundColor": "#18252a",
    "theme.dark.sidebar.secondaryBackgroundColor": "#203136",
}


def streamlit_app(
    settings: Settings, routes: Sequence[BaseRoute], *, lifespan: Any, exception_handlers: Mapping[Any, Any]
) -> ASGIApp:
    """The pages together with `routes`, which come first."""
    options = OPTIONS | {
        "browser.serverAddress": "localhost",
        "server.port": settings.port,
        "server.allowedHosts": [host.strip("[]") for host in (*settings.allowed_hosts, settings.host)],
    }
    config.get_config_options(force_reparse=True, options_from_flags=options)
    app: ASGIApp = streamlit.App(MAIN, routes=routes, lifespan=lifespan, exception_handlers=exception_handlers)
    return app


def inline_script_hashes() -> tuple[str, ...]:
    """The inline scripts of Streamlit's page, and ours, as a content security policy names them."""
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    return tuple(
        "sha256-" + base64.b64encode(sha256(script.encode()).digest()).decode()
        for script in (*re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL), MARKS)
    )
