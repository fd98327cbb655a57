"""A server that speaks OpenAI's protocol: its model, tokens and answers. The only owner of llama-index's client.

Messages in, pieces of text out. Reaches its own address and no other: no proxy of the environment, no redirects. Makes
no connection before it is asked something. Knows no other server and tries nothing twice.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from app.asker import Asker
from app.records import Turn
from app.serving.deadline import Deadline, TimedTransport
from storage import unreachable
from storage.errors import (
    BrokenOff,
    ModelBusy,
    ModelRefuses,
    ModelSlow,
    PromptTooLong,
    ServiceError,
    SettingError,
    Stopped,
)
from storage.settings import Settings

UNKNOWN_CONTEXT = 8192  # tokens, where neither settings nor server say
TEMPERATURE = 0.0  # the same question gets the same answer
OUR_FAULT = frozenset({400, 413, 422})  # the server is well, the request was not
PASSING = frozenset({502, 503, 504})  # worth another try, before the first token
TRIAL = (Turn(role="user", content="Hello"),)  # asked to see whether a server answers; holds nothing of anybody's
MODELS_NAMED = 8  # of a server's, at most
WORDS = 200  # characters of what a server says about a request of ours
ASKS_WHY = " `premise status` asks it why."
COUNT_SECONDS = 5.0
LONGEST_LINE = 1 << 20  # bytes of a line of an answer; no event is as long
CUT = frozenset({"length", "repetition"})  # reasons to end that leave a beginning; the second: vLLM saw a loop
TAKEN_BACK = frozenset({"content_filter", "abort", "error"})  # reasons to end that leave half an answer
TOO_LONG = ("context length", "context_length", "too long", "maximum context", "max_model_len", "exceed")


class ServerError(ServiceError):
    """A server did not answer as it should."""

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing  # the same server may do better at once


class Refused(ServerError, ModelRefuses):
    """A server takes no request as it is asked: the key or the model's name is wrong."""


class Overloaded(ServerError, ModelBusy):
    """A server has more to do than it takes."""


class TooSlow(ServerError, ModelSlow):
    """A server did not say its first word, or its last, in time."""


class Broke(ServerError, BrokenOff):
    """A server did not come to its end."""


class RequestError(ModelRefuses):
    """The server may be well, but refuses the request."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """What a server serves."""

    name: str
    context: int  # tokens of prompt and answer together


class Server:
    """One address. Safe to use from many threads."""

    def __init__(self, url: str, settings: Settings) -> None:
        self.url = url
        self._settings = settings
        self._names = settings.llm_names
        self._listed: tuple[str, ...] = ()  # the models that it said it serves
        self._model: Model | None = None
        self._counts = True  # until it says that it has no /tokenize
        self._under_way: set[object] = set()  # answers that are read now

    @property
    def known(self) -> Model | None:
        """What it said that it serves; None before it was asked. Asks nobody."""
        return self._model

    def model(self, *, anew: bool = False, asker: Asker | None = None) -> Model:
        """Name and context, asked once, or `anew`; stopping the asker ends it. Raises: ServerError, Stopped."""
        if self._model is None or anew:
            asker = asker or Asker()
            seconds = self._settings.llm_connect_seconds if anew else self._first_seconds
            deadline = Deadline(seconds, lambda: False)
            try:
                with asker.calling(deadline.hang_up), self._client(seconds, deadline) as client:
                    self._model, self._counts = self._ask_model(client), True
            except ServiceError:
                self._raise_if(asker.stopped)
                raise
        return self._model

    def trial(self) -> None:
        """Ask for one token, of a prompt of ours. Raises: ServiceError, with what the server says to it."""
        self.model(anew=True)
        key = self._key()
        try:
            for _ in self.pieces(TRIAL, answer_tokens=1, asker=Asker()):
                pass
        except ServiceError as error:
            told = str(error)
            said = _words(error.__cause__, hidden=key)
            if said and isinstance(error, ServerError | RequestError):
                told = f"{told.removesuffix(ASKS_WHY)} It says: {said}"
            elif told.endswith(ASKS_WHY):
                told = told.removesuffix(ASKS_WHY) + " Its log may say why."
            error.args = (told,)
            raise

    def count(self, messages: Sequence[Turn], asker: Asker) -> int | None:
        """Tokens of these messages by the server's own tokenizer and chat template; None where it has no /tokenize, or
        where the asker stopped meanwhile."""
        if not self._counts:
            return None
        asked = {"model": self.model(asker=asker).name, "messages": [_message(turn) for turn in messages]}
        deadline = Deadline(COUNT_SECONDS, lambda: False)
        try:
            with asker.calling(deadline.hang_up), self._client(COUNT_SECONDS, deadline) as client:
                answer = client.post(
                    f"{self.url.removesuffix('/v1')}/tokenize", json=asked, headers=self._authorization()
                )
                answer.raise_for_status()
                count = answer.json()["count"]
                if isinstance(count, int):
                    return count
                self._counts = False  # another /tokenize than vLLM's
        except httpx.HTTPStatusError as error:
            self._counts = error.response.status_code >= 500
        except (httpx.HTTPError, Refused):
            return None  # the answer itself will show what is wrong
        except (ValueError, TypeError, KeyError, RecursionError):
            self._counts = False
        return None

    def pieces(
        self,
        messages: Sequence[Turn],
        *,
        answer_tokens: int,
        asker: Asker,
        schema: Mapping[str, Any] | None = None,
    ) -> Generator[str, None, bool]:
        """Pieces of the answer as they come; closing the iterator or stopping the asker ends the request.

        Returns whether the answer was cut off at `answer_tokens`.

        Raises: ServerError when it is gone, slow, or breaks off; RequestError, PromptTooLong; Stopped.
        """
        prepare()  # not in the time that the server has
        model = self.model(asker=asker)
        deadline = Deadline(self._first_seconds, lambda: len(self._under_way) > 1)
        self._under_way.add(deadline)
        try:
            # a client per answer: nothing of one answer's time limits can reach another's
            with asker.calling(deadline.hang_up), self._client(self._first_seconds, deadline) as client:
                return (yield from self._stream(client, model, messages, answer_tokens, deadline, schema))
        except ServiceError:
            self._raise_if(asker.stopped)
            raise
        except _failures() as error:
            self._raise_if(asker.stopped)
            raise self._in_words(error, begun=deadline.begun) from error
        finally:
            self._under_way.discard(deadline)

    def _stream(
        self,
        client: httpx.Client,
        model: Model,
        messages: Sequence[Turn],
        answer_tokens: int,
        deadline: Deadline,
        schema: Mapping[str, Any] | None,
    ) -> Generator[str, None, bool]:
        chat_message, open_ai_like, as_dicts = _imports()
        form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": dict(schema)}} if schema else None
        llm = open_ai_like(
            model=model.name,
            api_base=self.url,
            api_key=self._key() or "none",
            is_chat_model=True,
            context_window=model.context,
            max_tokens=answer_tokens,
            temperature=TEMPERATURE,
            max_retries=0,
            timeout=self._first_seconds,
            http_client=client,
            additional_kwargs={"response_format": form} if form else {},
        )
        # The request is the client's, what comes back is read here: its own records of every token take ten times as
        # long to make as the token to read, and at many answers at once that is the time in which others would come.
        completions = llm._get_client().chat.completions.with_streaming_response
        asked = as_dicts([chat_message(**_message(turn)) for turn in messages], model=model.name)
        said = _Said(self._here, self._another_protocol)
        with completions.create(messages=asked, **llm._get_model_kwargs(stream=True)) as answer:
            for line in _lines(answer.iter_bytes()):
                text = said.take(line)
                if text or said.thinks:
                    deadline.extend(self._settings.llm_total_seconds)
                if text:
                    yield text
                if said.ended:
                    break  # whatever a server sends after that, and whether it hangs up
            return said.cut(_kind(answer.headers))

    def _client(self, read: float, deadline: Deadline | None = None) -> httpx.Client:
        connect = self._settings.llm_connect_seconds
        return httpx.Client(
            timeout=httpx.Timeout(read, connect=connect),
            transport=TimedTransport(connect, deadline or Deadline(read, lambda: False), _authorities()),
            trust_env=False,
            follow_redirects=False,
        )

    @property
    def _here(self) -> str:
        return f"The language model server at {self.url}"

    @property
    def _first_seconds(self) -> float:
        return self._settings.llm_first_token_seconds

    def _key(self) -> str | None:
        """Raises: Refused, when its file cannot be read any more."""
        try:
            return self._settings.llm_key()
        except SettingError as error:
            raise Refused(f"{self._here} is not asked: {error} Put its key there, for this account to read.") from error

    def _authorization(self) -> dict[str, str]:
        key = self._key()
        return {"Authorization": f"Bearer {key}"} if key else {}

    def _ask_model(self, client: httpx.Client) -> Model:
        try:
            answer = client.get(f"{self.url}/models", headers=self._authorization())
            answer.raise_for_status()
            listed = answer.json()
        except httpx.HTTPStatusError as error:
            if error.response.status_code == 404:
                raise Refused(self._no_list()) from error
            raise self._in_words(error) from error
        except httpx.HTTPError as error:
            raise self._in_words(error) from error
        except (ValueError, RecursionError) as error:
            raise self._another_protocol(_kind(answer.headers)) from error
        try:
            served: list[dict[str, Any]] = listed["data"]
            wanted = self._settings.llm_model
            plain = [item for item in served if not item.get("parent")] or served  # vLLM lists its LoRA adapters too
            entry = next((item for item in served if item["id"] == wanted), {}) if wanted else plain[0]
            name = wanted or str(entry["id"])
            self._listed = tuple(str(item["id"]) for item in served)
            said = _context(entry) or next(
                (size for item in served if item["id"] == entry.get("parent") and (size := _context(item))), None
            )
        except (LookupError, TypeError, AttributeError) as error:
            raise Refused(f"{self._here} lists no model. Load one there, or set {self._names}model.") from error
        return Model(name=name, context=self._settings.llm_context or said or UNKNOWN_CONTEXT)

    @staticmethod
    def _raise_if(stopped: bool) -> None:
        if stopped:
            raise Stopped("The answer was stopped.") from None

    def _in_words(self, error: Exception, *, begun: bool = False) -> ServiceError:
        """`begun`: its first word was there."""
        response = getattr(error, "response", None)
        status = getattr(error, "status_code", None) or getattr(response, "status_code", None)
        here = self._here
        if status is not None:
            told = self._of_status(status, str(error).lower())
            if status == 404 or isinstance(told, PromptTooLong):
                self._model = None  # it may have been started anew with another model, or less context
            return told
        cause = error.__cause__ if type(error).__module__.startswith("openai") and error.__cause__ else error
        if isinstance(cause, httpx.TimeoutException) and not isinstance(cause, httpx.ConnectTimeout):
            limit = "whole answer in llm_total_seconds" if begun else "first word in llm_first_token_seconds"
            return TooSlow(f"{here} is too slow: no {limit}.")
        kind = Broke if begun else ServerError
        why = unreachable.in_words(cause, self.url, f"{self._names}url")
        return kind(f"{here} {'broke off its answer' if begun else 'does not answer'}. {why}", passing=True)

    def _of_status(self, status: int, said: str) -> ServiceError:
        here = self._here
        if status in OUR_FAULT:
            if any(words in said for words in TOO_LONG):
                return PromptTooLong(f"{here} says that the prompt is too long.")
            return RequestError(f"{here} refuses the request (status {status}).{self._unlisted()}{ASKS_WHY}")
        if status in (401, 403):
            return Refused(f"{here} {self._of_key(status)}")
        if status == 404:
            unlisted = self._unlisted() or f" Check {self._names}url and {self._names}model."
            return Refused(f"{here} knows no such model.{unlisted}", passing=True)
        kind, told, passing = _STATUSES.get(status // 100 * 100 if status < 400 else status, _OTHER)
        return kind(f"{here} {told.format(status=status, names=self._names)}", passing=passing or status in PASSING)

    def _of_key(self, status: int) -> str:
        if self._settings.llm_api_key is not None:
            return f"refused the key (status {status}). Set llm_api_key_file to a file that holds the server's."
        if (file := self._settings.llm_api_key_file) is not None:
            return f"refused the key in {file} (status {status}). Put the server's own key there (llm_api_key_file)."
        return f"wants a key (status {status}). Put it into a file, and name that in llm_api_key_file."

    def _unlisted(self) -> str:
        """That the server serves no model of the name in the settings, where it said which it serves."""
        wanted = self._settings.llm_model
        if not wanted or not self._listed or wanted in self._listed:
            return ""
        more = ", …" if len(self._listed) > MODELS_NAMED else ""
        served = ", ".join(_line(name) for name in self._listed[:MODELS_NAMED])
        return f" It serves {served}{more} and not {wanted}: correct {self._names}model, or leave it empty."

    def _no_list(self) -> str:
        before, version, behind = self.url.partition("/v1")
        told = f"{self._here} has no list of models at {self.url}/models (status 404)."
        if version and not behind:
            return f"{told} No server of OpenAI's protocol is there: correct host and port in {self._names}url."
        return f"{told} Should {self._names}url be {before}/v1?"

    def _another_protocol(self, kind: str) -> Refused:
        return Refused(
            f"{self._here} answers with {kind} that is not OpenAI's protocol. Check {self._names}url, and what stands "
            "between: a proxy or a page to sign in."
        )


_OTHER: tuple[type[ServerError], str, bool] = (
    ServerError,
    "answered with status {status}. Its log may say why.",
    False,
)
_STATUSES: dict[int, tuple[type[ServerError], str, bool]] = {
    300: (Refused, "sends on to another address (status {status}), which is not followed. Check {names}url.", False),
    429: (Overloaded, "has too much to do (status {status}). Lower llm_at_once.", True),
}


def _kind(headers: Mapping[str, str]) -> str:
    """What kind of content a server says that it sends."""
    said = headers.get("content-type", "").partition(";")[0].strip().lower()
    return said if re.fullmatch(r"[\w.+-]{1,40}/[\w.+-]{1,40}", said) else "something"


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Lines as event streams have them: the text in them may hold separators that Unicode counts as ends of lines.

    What has no end of line for too long is given out as it is.
    """
    held = b""
    for piece in pieces:
        *lines, held = (held + piece).split(b"\n")
        yield from lines
        if len(held) > LONGEST_LINE:
            yield held
            held = b""
    yield held


def _words(error: BaseException | None, *, hidden: str | None) -> str:
    """What a server says in its refusal, on one line, without the key where it repeats that."""
    body = getattr(error, "body", None)
    said = body.get("message") or body.get("detail") if isinstance(body, Mapping) else body
    return _line(str(said or "").replace(hidden, "…") if hidden else said or "")


def _line(said: object) -> str:
    line = " ".join(str(said).split())
    return "".join(sign for sign in line if sign.isprintable())[:WORDS]


class _Said:
    """What the lines of an event stream say, one after the other."""

    def __init__(self, here: str, another_protocol: Callable[[str], Refused]) -> None:
        self._here = here  # which server, in words
        self._another_protocol = another_protocol
        self._events = False  # whether there was one at all
        self._half = ""  # the first half of a character that is sent in two pieces
        self.thinks = False  # the last line holds a piece of a thought that the server keeps apart
        self.ended: str | None = None  # why the answer ends, once it does

    def take(self, line: bytes) -> str:
        """The piece of text in a line. Raises: Broke for an error or for nonsense."""
        data = line[len(b"data:") :].strip()
        self.thinks = False
        if not line.startswith(b"data:") or not data:
            return ""  # a comment, another field, the end of an event
        self._events = True
        if data == b"[DONE]":
            self.ended = "stop"  # not every server says why
            return ""
        try:
            event = json.loads(data)
            choices = event["choices"]
            if not choices:  # such as the count of tokens that some servers send last
                return ""
            delta = choices[0].get("delta") or {}
            self.thinks = bool(delta.get("reasoning_content") or delta.get("reasoning"))
            text = self._whole(self._half + (delta.get("content") or ""))
            self.ended = str(choices[0].get("finish_reason") or "") or None
        except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:
            raise self._broke("what it sent is an error, or no event of an answer") from error
        return text

    def cut(self, kind: str) -> bool:
        """At the end, whether the answer was cut off. `kind`: of the content. Raises: Broke, Refused."""
        if self.ended is None and not self._events:
            raise self._another_protocol(kind)
        if self.ended is None:
            raise self._broke("its stream ended without an end")
        if self.ended in TAKEN_BACK:
            raise self._broke(f"it ends with {self.ended}")
        return self.ended in CUT

    def _whole(self, text: str) -> str:
        """Text without halves of characters: some servers cut one in two, each a surrogate in its JSON."""
        self._half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return text[: len(text) - len(self._half)].encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _broke(self, why: str) -> Broke:
        return Broke(f"{self._here} broke off its answer: {why}.", passing=True)


def _context(entry: Mapping[str, Any]) -> int | None:
    """The context that an entry of /v1/models names: vLLM's and SGLang's way, then llama.cpp's."""
    said = entry.get("max_model_len") or (entry.get("meta") or {}).get("n_ctx_train")
    return said if isinstance(said, int) and said > 0 else None


def _message(turn: Turn) -> dict[str, str]:
    return {"role": turn.role, "content": turn.content}


@cache
def _authorities() -> ssl.SSLContext:
    return ssl.create_default_context()  # the system's authorities, where a company's own one is


@cache
def prepare() -> None:
    """Import the client, all of it, which takes seconds the first time."""
    _, open_ai_like, _ = _imports()
    llm = open_ai_like(model="none", api_base="http://127.0.0.1:9/v1", api_key="none", is_chat_model=True)
    _ = llm._get_client().chat.completions  # its parts are imported when they are first looked at


def _imports() -> tuple[Any, Any, Any]:
    from llama_index.core.base.llms.types import ChatMessage
    from llama_index.llms.openai.utils import to_openai_message_dicts
    from llama_index.llms.openai_like import OpenAILike

    return ChatMessage, OpenAILike, to_openai_message_dicts


def _failures() -> tuple[type[Exception], ...]:
    """What the client raises when the server is gone, slow, or answers with an error or with nonsense."""
    from openai import OpenAIError

    return (OpenAIError, httpx.HTTPError, httpx.StreamError, json.JSONDecodeError)
