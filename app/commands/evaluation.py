"""`premise eval`: measuring on questions, comparing two runs, making a set of what people asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from storage.settings import Settings

MEASURE = "run"


class _MeasuresByDefault(TyperGroup):
    """`premise eval FILE` is `premise eval run FILE`."""

    default = MEASURE

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """See click."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = [MEASURE, *args]
        return super().parse_args(ctx, args)


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


def commands(settings: Callable[[], Settings]) -> typer.Typer:
    """The group, for the command line to add. `settings` gives those of the data folder that is named before it."""
    group = typer.Typer(
        cls=_MeasuresByDefault,
        no_args_is_help=True,
        help="Measure on questions: premise eval questions.jsonl --groups a,b (options: premise eval run --help).",
    )

    @group.command(MEASURE)
    def measure(
        questions: Annotated[list[Path], typer.Argument(help="Question sets, one JSON object a line.")],
        groups: Annotated[str, typer.Option(help="Stand for a person of these groups: a,b. Name everyone too.")],
        answers: Annotated[bool, typer.Option("--answers", help="Measure answers too, not only retrieval.")] = False,
        legs: Annotated[bool, typer.Option("--legs", help="Measure meaning alone and words alone too.")] = False,
        details: Annotated[Path | None, typer.Option(help="Write a line per question here.")] = None,
        name: Annotated[str | None, typer.Option("--save", help="Keep the run under this name, to compare.")] = None,
        fail_under: Annotated[
            list[str] | None,
            typer.Option(help="metric=value: exit 1 when it is not reached (for ms_… and refused_answerable: passed)."),
        ] = None,
        as_json: Json = False,
    ) -> None:
        """Measure on question sets, against what is indexed."""
        from app.evaluation.compare import Threshold, save
        from app.evaluation.evaluate import run, table

        try:
            thresholds = [Threshold.read(text) for text in fail_under or ()]
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--fail-under") from error
        given = [item.strip() for item in groups.split(",") if item.strip()]
        where = settings()
        done = run(where, questions, groups=given, answers=answers, legs=legs, details=details)
        _show(done.result, table, as_json)
        if name is not None:
            _say(f"Kept: {save(where, done, name, sets=questions, groups=given)}")
        missed = [why for item in thresholds if (why := item.missed(done.result["metrics"]))]
        for why in missed:
            _say(f"Not reached: {why}.")
        if missed:
            raise typer.Exit(1)

    @group.command("compare")
    def compare_runs(
        before: Annotated[str, typer.Argument(help="A run that --save kept: its name or file.")],
        after: Annotated[str, typer.Argument(help="Another.")],
        as_json: Json = False,
    ) -> None:
        """What got better and what got worse between two kept runs, and which questions flipped."""
        from app.evaluation.compare import compare, in_words, load

        where = settings()
        _show(compare(load(where, before), load(where, after)), in_words, as_json)

    @group.command("make")
    def make(
        file: Annotated[Path, typer.Argument(help="Where to write the set; must not be there yet.")],
        as_json: Json = False,
    ) -> None:
        """Make a question set of the answers that people rated. Thumbs down need their `files` filled in by hand."""
        from app.evaluation.feedback import write_set

        def in_words(result: dict[str, Any]) -> str:
            return (
                f"{result['confirmed']} confirmed by a thumb up, {result['open']} rated wrong, whose `files` and "
                f"`answers` are yours to fill in. The file holds what people asked: keep it as you keep theirs."
            )

        _show(write_set(settings(), file), in_words, as_json)

    return group


def _show(result: dict[str, Any], in_words: Callable[[dict[str, Any]], str], as_json: bool) -> None:
    print(json.dumps(result, ensure_ascii=False) if as_json else in_words(result), flush=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
