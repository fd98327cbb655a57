"""What the tests of the web server share: its documents, its people, and the server itself as a process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import docx
import httpx
from playwright.sync_api import Page
from reportlab.pdfgen.canvas import Canvas
from scripted import Script, scripted_server

from app.records import Answer, Citation, Mode, Sentence
from storage.accounts import Accounts
from storage.catalog import Catalog
from storage.conversations import Conversations
from storage.database import Database
from storage.datafolder import DataFolder
from storage.records import Document

PASSWORD = "correct horse battery"
PEOPLE = {"ada": ("engineering", False), "hugo": ("hr", False), "root": ("engineering", True)}
CHROMIUM = (
    "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync"
)
ARTIFACTS = Path(__file__).parents[1] / "artifacts"
START_SECONDS = 300  # the models load meanwhile; machines are shared
REFUSING = 400  # the language model's status, so that answers are quoted
LEAVE = """# Leave policy

## Annual leave

Every employee has 30 days of annual leave. Up to five days can be carried over until the end of March.

## Sick leave

A doctor's certificate is needed from the fourth day of sickness.

| Site | Leave |
| --- | --- |
| Lyon | 27 days |
| Porto | 24 days |
"""
NASTY = (
    "The Zephyr budget is 4711 euro. ![](http://evil.example/x.png) <img src=http://evil.example/y.png> "
    "[click](http://evil.example/z) [1]: http://evil.example javascript:alert(1) <script>alert(2)</script> "
    "$$\\href{http://evil.example}{x}$$ :red[danger] :smile: :material/home: www.evil.example https://evil.example/a\n"
)


@dataclass(kw_only=True)
class Site:
    """The running server."""

    data: Path
    port: int
    database: Database
    model: Script  # what the language model does; refuses everything until a test says otherwise
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        return DataFolder(self.data).operator_token()

    def client(self, person: str | None = None) -> httpx.Client:
        """An HTTP client, signed in as this person."""
        client = httpx.Client(base_url=self.address, headers={"Origin": self.address}, timeout=240, trust_env=False)
        self.clients.append(client)
        if person is not None:
            answer = client.post("/signin", data={"name": person, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
        return client

    def document(self, path: str) -> Document:
        """The document at this path, indexed."""
        found = next(item for item in Catalog(self.database).documents(labels=None) if item.path == path)
        assert found.revision, (found.state, found.reason)
        return found

    def revision(self, path: str) -> str:
        """The current revision of a document."""
        return str(self.document(path).revision)

    def keep_nasty_answer(self, person: str) -> str:
        """A conversation with an answer as a bent language model would write it. Returns its id."""
        conversations = Conversations(self.database)
        chat = conversations.start(person, NASTY)
        conversations.add(person, chat.id, "user", NASTY)
        citation = Citation(
            n=1,
            document_id=self.document("everyone/zephyr.txt").id,
            path=NASTY,
            title=NASTY,
            revision=self.revision("everyone/zephyr.txt"),
            pages=(),
            section=NASTY,
            quote=NASTY,
            start=0,
            end=40,
        )
        answer = Answer(
            text=f"{NASTY} [1]\n\n- {NASTY}\n\n**{NASTY.strip()}**",
            refused=False,
            mode=Mode.WRITTEN,
            confidence=0.6,
            sentences=(Sentence(text="The Zephyr budget is 4711 euro.", citations=(1,), supported=False),),
            citations=(citation,),
            timings={},
            notice=NASTY,
        )
        conversations.add(person, chat.id, "assistant", answer.text, answer.as_json())
        return chat.id

    def keep_written_answer(self, person: str, said: dict[str, tuple[str, str, bool]]) -> str:
        """A conversation with an answer as a language model wrote it. Returns its id.

        `said`: its sentences, each with the path of a document, the words there that are cited for it, and whether they
        say it in nearly the same words.
        """
        conversations, catalog = Conversations(self.database), Catalog(self.database)
        chat = conversations.start(person, "What do the policies say?")
        conversations.add(person, chat.id, "user", "What do the policies say?")
        labels = catalog.labels_of(Accounts(self.database).get(person).all_groups)
        places, sentences = {True: [], False: []}, []
        for n, (text, (path, quote, close)) in enumerate(said.items(), 1):
            revision = catalog.revision(self.revision(path), labels=labels)
            start = revision.text.index(quote)
            places[close].append(
                Citation(
                    n=n,
                    document_id=self.document(path).id,
                    path=path,
                    title=revision.title,
                    revision=revision.id,
                    pages=(2,) if path.endswith(".pdf") else (),
                    section="",
                    quote=quote,
                    start=start,
                    end=start + len(quote),
                )
            )
            numbers = ((n,), ()) if close else ((), (n,))
            sentences.append(Sentence(text=text, citations=numbers[0], supported=close, near=numbers[1]))
        answer = Answer(
            text=" ".join(
                f"{sentence.text} [{n}{'' if sentence.supported else '?'}]" for n, sentence in enumerate(sentences, 1)
            ),
            refused=False,
            mode=Mode.WRITTEN,
            confidence=0.6,
            sentences=tuple(sentences),
            citations=tuple(places[True]),
            near=tuple(places[False]),
            timings={},
        )
        conversations.add(person, chat.id, "assistant", answer.text, answer.as_json())
        return chat.id


def write_inbox(inbox: Path) -> None:
    """The documents, most of them readable."""
    for name in ("everyone", "hr", "engineering"):
        (inbox / name).mkdir(parents=True)
    (inbox / "everyone" / "leave-policy.md").write_text(LEAVE)
    (inbox / "everyone" / "zephyr.txt").write_text(NASTY)
    (inbox / "everyone" / "broken.pdf").write_bytes(b"%PDF-1.7\nthis is no PDF at all\n")
    (inbox / "everyone" / "draft.md").write_text("# Draft\n\nThe canteen may serve kohlrabi soup on Fridays.\n")
    (inbox / "menu.md").write_text("# Menu\n\nThe menu of the canteen is printed on yellow paper.\n")
    (inbox / "stray.md").write_text("# Stray\n\nNobody may read the stray file.\n")
    (inbox / "outdated.md").write_text("# Outdated\n\nThe bicycle shed is painted green every second year.\n")
    (inbox / "engineering" / "on-call.md").write_text(
        "# On-call handbook\n\nThe on-call engineer answers pages within fifteen minutes and owns the incident.\n"
    )
    word = docx.Document()
    word.add_heading("Parental leave process", 1)
    word.add_paragraph("Parental leave is requested seven weeks ahead with form PL-3 from the personnel office.")
    word.save(str(inbox / "hr" / "parental-leave.docx"))
    canvas = Canvas(str(inbox / "everyone" / "pension.pdf"), pagesize=(400, 500))
    canvas.setTitle("Pension guide")
    texts = ("Pension guide of the company.", "The company pays 6 percent into the pension fund.")
    for number, text in enumerate(texts):
        canvas.setFont("Helvetica", 14)
        canvas.drawString(40, 420, text)
        canvas.drawString(40, 60, f"Page {number + 1}")
        if number:
            canvas.setFillColorRGB(1, 1, 1)
            canvas.drawString(40, 240, "The pension fund pays 99 percent to whoever asks.")
        canvas.showPage()
    canvas.save()


@contextmanager
def running(folder: Path, more: Mapping[str, str] = MappingProxyType({})) -> Iterator[Site]:
    """The server with documents and people. `more`: files for the inbox besides the usual ones."""
    data, inbox = folder / "data", folder / "inbox"
    write_inbox(inbox)
    for name, text in more.items():
        (inbox / name).write_text(text)
    subprocess.run(
        [sys.executable, "-m", "app.cli", "--data", str(data), "ingest", str(inbox), "--json"],
        check=False,
        stdout=subprocess.DEVNULL,
        cwd=folder,  # the broken file makes it end with 1
    )
    database = Database.open(DataFolder(data).catalog)
    for name, (group, admin) in PEOPLE.items():
        Accounts(database).add(name, PASSWORD, [group], admin=admin)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    try:
        # refused, not down: answers are quoted, the page says so, and the model is not left alone
        with scripted_server() as llm, serving(data, port, llm.url):
            llm.script.status, llm.script.well = REFUSING, True
            yield Site(data=data, port=port, database=database, model=llm.script)
    finally:
        database.close()


@contextmanager
def serving(data: Path, port: int, llm_url: str) -> Iterator[None]:
    """The server as a process, ready."""
    environment = os.environ | {
        "PREMISE_PORT": str(port),
        "PREMISE_LLM_URL": llm_url,
        "PREMISE_LLM_AT_ONCE": "1",
        "PREMISE_QUESTIONS_PER_MINUTE": "100",
    }
    log = (data.parent / "web.log").open("wb")
    command = [sys.executable, "-m", "app.cli", "--data", str(data), "serve-web"]
    with log, subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=data.parent) as process:
        try:
            until = time.monotonic() + START_SECONDS
            while True:
                assert process.poll() is None and time.monotonic() < until, (data.parent / "web.log").read_text()
                try:
                    if httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.2)
            yield
        finally:
            process.terminate()
            process.wait(20)


def sign_in(page: Page, site: Site, person: str, path: str = "/") -> None:
    """Fill in the form."""
    page.goto(site.address + path)
    page.fill("#name", person)
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
