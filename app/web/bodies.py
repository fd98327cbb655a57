"""What requests to the REST API carry, checked: unknown fields and wrong values are named to whoever sent them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from starlette.requests import Request

from app.web.pages import USUAL
from storage.errors import PremiseError
from storage.filters import Filters

MOST_TURNS = 50
MOST_VALUES = 50
LONGEST_TURN = {"user": 4_000, "assistant": 20_000}  # characters
Word = Annotated[str, Field(min_length=1, max_length=1000)]
# for the parser; up to this the engine says what is too long for it, in words for people
Question = Annotated[str, Field(max_length=200_000)]


class BadRequest(PremiseError):
    """The request is not as it must be."""


class Body(BaseModel):
    """What a request carries. Unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TurnBody(Body):
    """An earlier message."""

    role: Literal["user", "assistant"]
    content: str

    @field_validator("content")
    @classmethod
    def _not_too_long(cls, content: str, info: ValidationInfo) -> str:
        longest = LONGEST_TURN.get(info.data.get("role", ""))  # a wrong role is told already
        if longest is not None and len(content) > longest:
            told = {"has": f"{len(content):,}", "most": f"{longest:,}"}
            raise PydanticCustomError("too_long", "{has} characters; {most} are the most", told)
        return content


class FilterBody(Body):
    """What a search or question is narrowed to."""

    types: tuple[Word, ...] = Field((), max_length=MOST_VALUES)
    folders: tuple[Word, ...] = Field((), max_length=MOST_VALUES)
    authors: tuple[Word, ...] = Field((), max_length=MOST_VALUES)
    documents: tuple[Word, ...] = Field((), max_length=MOST_VALUES)
    after: date | None = None
    before: date | None = None

    def narrow(self) -> Filters:
        """As searches take it."""
        return Filters(**self.model_dump())


NOT_NARROWED = FilterBody.model_validate({})


class SearchBody(Body):
    """`POST search`."""

    question: Question
    k: int = Field(10, ge=1, le=100)
    groups: tuple[str, ...] | None = None
    history: tuple[TurnBody, ...] = Field((), max_length=MOST_TURNS)
    filters: FilterBody = NOT_NARROWED


class AskBody(Body):
    """`POST ask`."""

    question: Question
    groups: tuple[str, ...] | None = None
    history: tuple[TurnBody, ...] = Field((), max_length=MOST_TURNS)
    filters: FilterBody = NOT_NARROWED
    stream: bool = True


class FeedbackBody(Body):
    """`POST feedback`: 1 is thumbs up, -1 down, null neither."""

    message: str
    rating: Literal[1, -1] | None
    comment: str | None = Field(None, max_length=2000)


class RetryBody(Body):
    """`POST admin/retry`."""

    ids: tuple[str, ...] | Literal["all"]


class IdsBody(Body):
    """`POST admin/ignore`, `unignore` and `forget`: ids of files."""

    ids: tuple[str, ...] = Field(min_length=1, max_length=10_000)


class ListQuery(Body):
    """The query of lists of documents."""

    limit: int = Field(1000, ge=1, le=10_000)
    cursor: str | None = Field(None, max_length=10_000)  # as `next` of the reply before
    containing: str = Field("", max_length=1000)  # in path or title
    state: str | None = None  # with commas between; administrators only
    groups: str | None = None  # the operator's


class ConfirmBody(Body):
    """`POST admin/confirm-deletions`."""

    source: int


class SpanQuery(Body):
    """The query of page pictures and passages."""

    start: int = Field(0, ge=0)
    end: int = Field(0, ge=0)
    width: int = Field(USUAL, ge=1, le=10_000)
    beside: bool = False  # of a picture: a line beside the span instead of the highlight
    groups: str | None = None


BodyType = TypeVar("BodyType", bound=BaseModel)


async def read_body(request: Request, kind: type[BodyType]) -> BodyType:
    """The body, checked. Raises: BadRequest."""
    raw = await request.body()
    try:
        return kind.model_validate_json(raw or b"{}")
    except ValidationError as error:
        raise BadRequest(_in_words(error)) from error


def read_query(request: Request, kind: type[BodyType]) -> BodyType:
    """The query, checked. Raises: BadRequest."""
    try:
        return kind.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise BadRequest(_in_words(error)) from error


def _in_words(error: ValidationError) -> str:
    problems = [
        f"{'.'.join(str(part) for part in item['loc']) or 'body'}: {item['msg']}"
        for item in error.errors(include_input=False, include_url=False, include_context=False)[:5]
    ]
    return "The request is not as it must be. " + "; ".join(problems) + "."
