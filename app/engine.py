"""Everything a question needs, opened once: the store, the retriever, the language model and people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from app.answers.answer import answer_events
from app.answers.prompt_files import load_prompts
from app.asker import Asker
from app.models.register import require
from app.records import Answer, AnswerEvent, Finished, Hit, Turn
from app.retrieval.rerank import open_reranker
from app.retrieval.retrieve import Found, Retriever
from app.retrieval.searchers import Here, Searching, searching
from app.retrieval.steadfast import SteadfastEmbedder
from app.retrieval.synonyms import FollowedSynonyms
from app.retrieval.weighing import Followed
from app.serving.rate import Rate
from app.serving.second import Models
from storage.accounts import Accounts
from storage.audit import Audit
from storage.conversations import Conversations
from storage.errors import QuestionError
from storage.filters import Filters
from storage.indexes import NO_FILTERS
from storage.prompt_versions import PromptVersions
from storage.settings import Settings
from storage.store import Store, open_store
from storage.tokens import Tokens


class Engine:
    """Questions in, hits and answers out. Safe to use from many threads."""

    def __init__(self, store: Store, searching: Searching | None = None) -> None:
        """`searching`: who searches; this process, unless said."""
        self.store = store
        self.searching = Here(store.indexes) if searching is None else searching
        self.settings = store.settings
        self.folder = store.folder
        self.database = store.database
        self.catalog = store.catalog
        self.indexes = store.indexes
        self.embedder = SteadfastEmbedder(store.embedder)
        self.originals = store.originals
        self.accounts = Accounts(store.database)
        self.conversations = Conversations(store.database)
        self.audit = Audit(store.database)
        self.tokens = Tokens(store.database)
        self.prompts = load_prompts(store.folder.root)
        self.models = Models(store.settings) if store.settings.llm_url else None
        self.language_model = self.models.first if self.models else None
        if self.language_model is not None:
            PromptVersions(store.database).keep(self.prompts.version, self.prompts.texts)
        self.rate = Rate(store.settings.questions_per_minute)
        self.synonyms = FollowedSynonyms(store.folder.root)
        self.retriever = Retriever(
            store.indexes,
            self.embedder,
            open_reranker(store.settings),
            Followed(store.settings),
            self.searching,
            self.synonyms,
        )

    @classmethod
    @contextmanager
    def open(cls, settings: Settings, tell: Callable[[str], None] = lambda _: None) -> Iterator[Engine]:
        """Open the data folder of the settings, when every model in use may be used and is unchanged.

        Raises: ModelError; see storage.store.open_store; SettingError for a prompt.
        """
        require(settings, tell)
        with open_store(settings) as store:
            yield cls(store)

    @classmethod
    @contextmanager
    def serving(cls, settings: Settings, tell: Callable[[str], None] = lambda _: None) -> Iterator[Engine]:
        """The same for many people at once: searched in processes beside this one. Raises: see `open`."""
        require(settings, tell)
        with open_store(settings) as store, searching(store) as beside:
            yield cls(store, beside)

    def prepare(self) -> None:
        """Load the models, which takes the seconds that the first question would wait."""
        self.retriever.prepare()
        if self.language_model is not None:
            self.language_model.prepare()

    def search(
        self,
        question: str,
        *,
        groups: Iterable[str],
        k: int = 10,
        history: Sequence[Turn] = (),
        filters: Filters = NO_FILTERS,
    ) -> list[Hit]:
        """The k best passages that a person of these groups may read. Raises: QuestionError."""
        return list(self.search_noted(question, groups=groups, k=k, history=history, filters=filters).hits)

    def search_noted(
        self,
        question: str,
        *,
        groups: Iterable[str],
        k: int = 10,
        history: Sequence[Turn] = (),
        filters: Filters = NO_FILTERS,
    ) -> Found:
        """The same, with what is to be said of the search. Raises: QuestionError."""
        self.check(question)
        labels = self.catalog.labels_of(groups)
        return self.retriever.search_noted(question, labels=labels, k=k, history=history, filters=filters)

    def ask(
        self,
        question: str,
        *,
        groups: Iterable[str],
        history: Sequence[Turn] = (),
        asker: Asker | None = None,
        filters: Filters = NO_FILTERS,
    ) -> Iterator[AnswerEvent]:
        """An answer as it is made (app/answers/answer.py). Stopping the asker ends it. Raises: QuestionError, at
        once."""
        self.check(question)
        labels = self.catalog.labels_of(groups)
        return answer_events(self, question, labels=labels, history=history, asker=asker, filters=filters)

    def answer(
        self,
        question: str,
        *,
        groups: Iterable[str],
        history: Sequence[Turn] = (),
        filters: Filters = NO_FILTERS,
    ) -> Answer:
        """The whole answer. Raises: QuestionError."""
        for event in self.ask(question, groups=groups, history=history, filters=filters):
            if isinstance(event, Finished):
                return event.answer
        raise AssertionError("an answer always ends with Finished")

    def check(self, question: str) -> None:
        """Whether a question can be asked. Raises: QuestionError."""
        if not question.strip():
            raise QuestionError("The question is empty. Type what you want to know.")
        if not any(character.isalnum() for character in question):
            raise QuestionError("The question has no words. Type what you want to know.")
        limit = self.settings.question_characters
        if len(question) > limit:
            raise QuestionError(
                f"The question has {len(question):,} characters; {limit:,} are the most. Shorten it, or put the long "
                "text into a document and ask about that."
            )
