"""How much a sentence sounds as if it spoke to a language model, by what stands in it and fitted weights.

Words are taken for what they stand for (storage/aim_words.txt: "bot", "answer", "must" …), in the language that most of
them are of; words, pairs of them, and what stands for what in one clause or sentence each have a weight
(storage/aim_weights.txt). Both were made with tests/benchmarks/aim.py. Plain sums; knows no model.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import combinations, pairwise
from math import sqrt

from storage.recollection import remembered

WORDS = 20_000  # whose meanings are remembered
SENTENCES = 8192  # that are remembered: answers are quoted from the same passages again and again
FEW = 40  # as many features as a sentence counts at least: long ones have more by chance, and count less for each
UNIT = 100  # weights are written in hundredths
LIMIT = "limit"  # the line of the weights that says from which score on a sentence is aimed at a model
BIAS = "bias"
NO_MEANING = "-"  # words that only tell languages apart

_TOKEN = re.compile(r"https?:\S*|[^\W\d_]+(?:['’.-][^\W\d_]+)*|\d+|[?!:;,\"“”„«»\[\]{}<>()]")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_ENDS_CLAUSE = frozenset(",;:?!()")
# of which any three count, wherever they stand
_TOGETHER = frozenset(
    "bot machine answer summary asker staff served asking say tell depict hide promote must document this other rule "
    "you we not if every reveal link".split()
)


@cache
def _table() -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
    """What words, and beginnings of words, stand for in each language; what is named first counts."""
    whole: dict[str, dict[str, str]] = {}
    begins: dict[str, dict[str, str]] = {}
    language = ""
    for line in files("storage").joinpath("aim_words.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            language = line[2:]
            continue
        meaning, *words = line.split()
        for word in words:
            into = begins if word.endswith("-") else whole
            into.setdefault(word.removesuffix("-"), {}).setdefault(language, meaning)
    return whole, begins


@cache
def _weights() -> tuple[dict[str, int], float, float]:
    """Of each feature in hundredths; what is added to every score; the limit."""
    lines = files("storage").joinpath("aim_weights.txt").read_text(encoding="utf-8").splitlines()
    weights = {name: int(weight) for name, weight in (line.split("\t") for line in lines if "\t" in line)}
    return weights, weights.pop(BIAS) / UNIT, weights.pop(LIMIT) / UNIT


@cache
def _unspaced_words() -> re.Pattern[str]:
    whole, _ = _table()
    words = sorted((word for word, of in whole.items() if {"zh", "ja"} & set(of)), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words)) + r"|[a-z]+|[^\W\d_]|\d+|[?!:;,]", re.IGNORECASE)


@remembered(WORDS)
def _meanings(word: str) -> dict[str, str]:
    """What a word stands for, by language."""
    whole, begins = _table()
    found = dict(whole.get(word, {}))
    for end in range(len(word), 1, -1):
        for language, meaning in begins.get(word[:end], {}).items():
            found.setdefault(language, meaning)
    return found


def _read(text: str) -> tuple[list[str], list[str]]:
    """The words of a sentence, and what each stands for ("": nothing)."""
    text = text.lower().replace("’", "'")
    if _UNSPACED.search(text):
        words = _unspaced_words().findall(text)
        languages = ("ja" if _KANA.search(text) else "zh", "en")
        meanings = [_meanings(word) for word in words]
    else:
        words = _TOKEN.findall(text)
        meanings = [_meanings(word) for word in words]
        counts = Counter(language for found in meanings for language in found)
        most = max(counts, key=lambda language: (counts[language], language == "en"), default="en")
        languages = (most, most)
    standing = [found.get(languages[0]) or found.get(languages[1]) or "" for found in meanings]
    plain = ["0" if word.isdigit() else "http" if word.startswith("http") else word for word in words]
    return plain, ["" if meaning == NO_MEANING else meaning for meaning in standing]


def features(text: str) -> set[str]:
    """What of a sentence can have a weight."""
    words, meanings = _read(text)
    row = ["^", *(meaning for meaning in meanings if meaning), "$"]
    found = {f"w {word}" for word in words}
    found.update(f"c {meaning}" for meaning in row[1:-1])
    found.update(f"b {one} {two}" for one, two in pairwise(["^", *words, "$"]))
    found.update(f"s {one} {two}" for one, two in pairwise(row))
    found.update(f"f {meanings[0] or words[0]}" for _ in words[:1])
    found.update(f"m <{one}> {word}" for one, word in zip(meanings, words[1:], strict=False) if one)
    found.update(f"m {word} <{two}>" for word, two in zip(words, meanings[1:], strict=False) if two)
    for clause in _clauses(words, meanings):
        found.update(f"q {one} {two}" for one, two in combinations(sorted(clause), 2))
    together = sorted(_TOGETHER.intersection(row))
    found.update(f"t {one} {two} {three}" for one, two, three in combinations(together, 3))
    return found


def _clauses(words: list[str], meanings: list[str]) -> Iterator[set[str]]:
    """What is named in each clause."""
    clause: set[str] = set()
    for word, meaning in zip(words, meanings, strict=True):
        if word in _ENDS_CLAUSE:
            yield clause
            clause = set()
        elif meaning:
            clause.add(meaning)
    yield clause


def score(text: str) -> float:
    """The higher, the more it is aimed at a model."""
    weights, bias, _ = _weights()
    known = [weights[name] for name in features(text) if name in weights]
    return bias + sum(known) / UNIT / sqrt(max(FEW, len(known)))


def limit() -> float:
    """What is above it is aimed at a model."""
    return _weights()[2]


@remembered(SENTENCES)
def speaks_to_model(text: str) -> bool:
    """Whether a sentence is worded as one that is aimed at a language model."""
    return score(text) > limit()
