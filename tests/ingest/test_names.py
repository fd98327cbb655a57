"""Names and files as people really have them, through the whole pipeline."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from place import Place

from ingest.parse.limits import ParseLimits
from ingest.pipeline import Pipeline
from ingest.sandbox import Sandbox
from storage.originals import Originals
from storage.records import Parsed

NAMES = [
    "a#b%20c?d&e.md",
    " two  spaces .md",
    "🎉 party 👩‍👩‍👧.md",
    unicodedata.normalize("NFC", "café.md"),
    unicodedata.normalize("NFD", "café.md"),
    "דוח שנתי.md",
    "\u202egpj.evil.md",  # written from right to left
    "line\nbreak.md",
    "quote'\"`$(x).md",
    "-rf.md",
    "x" * 250 + ".md",
]


def test_every_name_is_indexed_as_it_is_and_found(place: Place) -> None:
    for number, name in enumerate(NAMES):
        place.write(f"everyone/{name}", f"# Note {number}\n\nThe marker of this note is zq{number}zq.\n")
    deep = "/".join(["everyone", *("folder of forty characters, more or less" for _ in range(7)), "deep.md"])
    assert len(deep) > 290
    place.write(deep, "# Deep\n\nThe marker of this note is zqdeepzq.\n")
    place.ingest()
    assert place.states() == {f"everyone/{name}": "indexed" for name in NAMES} | {deep: "indexed"}
    labels = place.store.catalog.labels_of(["everyone"])
    for number, name in enumerate(NAMES):
        [hit] = place.store.indexes.search_keywords(f"zq{number}zq", labels=labels, k=3)
        [chunk] = place.store.catalog.chunks_by_id([hit.id], labels=labels).values()
        assert chunk.path == f"everyone/{name}"
    place.ingest()
    assert place.pipeline.reconcile(place.source()).unchanged == len(NAMES) + 1
    assert place.store.indexes.check().ok


def test_a_name_that_is_no_unicode_fails_with_a_reason_and_stops_nobody(place: Place) -> None:
    place.write("everyone/good.md", "# Good\n\nText.\n")
    (Path(os.fsdecode(os.fsencode(place.inbox) + b"/everyone/bad\xff.md"))).write_text("# Bad\n\nText.\n")
    place.ingest()
    states = place.states()
    assert states.pop("everyone/good.md") == "indexed"
    assert list(states.values()) == ["unreadable"]
    reason = next(item.reason for item in place.store.catalog.documents(labels=None) if item.code == "unreadable")
    assert "Unicode" in (reason or "")


def test_a_file_that_grows_while_it_is_read_is_taken_when_it_rests(place: Place) -> None:
    class Growing(Originals):
        """Another program writes on while the copy is made."""

        def keep(self, source: Path, *, inode: int) -> str:
            kept = super().keep(source, inode=inode)
            with source.open("a") as end:
                end.write("\nThe last line speaks of heliotropes.\n")
            return kept

    place.write("everyone/log.txt", "first line\n" * 20_000)
    store, kept = place.store, place.pipeline.originals
    place.pipeline.originals = Growing(kept.folder)
    place.ingest()
    document = store.catalog.documents(labels=None)[0]
    assert (document.code, document.retry is not None) == ("changing", True)
    assert store.catalog.counts()["chunks"] == 0
    place.pipeline.originals = kept
    store.catalog.retry(None)
    place.ingest()
    assert place.found("heliotropes", "everyone") == ["everyone/log.txt"]


@pytest.mark.parametrize("noticed", [False, True])
def test_a_file_replaced_while_it_is_parsed_ends_with_its_new_content(place: Place, noticed: bool) -> None:
    class Replacing(Sandbox):
        """Lets an editor save in the middle, and the scan notice it then or later."""

        def parse(self, path: Path, suffix: str, *, take: Callable[[Path], str] | None = None) -> Parsed:
            if not replaced:
                new = place.write("everyone/plan.md.new", "# Plan\n\nThe colour is heliotrope.\n")
                new.replace(place.inbox / "everyone" / "plan.md")
                replaced.append(path)
                if noticed:
                    place.pipeline.reconcile(place.source(), tell=False)
            return super().parse(path, suffix, take=take)

    replaced: list[Path] = []
    place.write("everyone/plan.md", "# Plan\n\nThe colour is magenta.\n")
    with Replacing(ParseLimits()) as sandbox:
        store = place.store
        place.pipeline = Pipeline(place.settings, store.indexes, store.originals, store.embedder, sandbox)
        place.ingest()
        assert replaced
        document = place.store.catalog.documents(labels=None)[0]
        place.ingest()
    after = place.store.catalog.documents(labels=None)
    assert [(item.id, item.path) for item in after] == [(document.id, "everyone/plan.md")]
    labels = place.store.catalog.labels_of(["everyone"])
    assert place.store.indexes.search_keywords("magenta", labels=labels, k=5) == []
    assert len(place.store.indexes.search_keywords("heliotrope", labels=labels, k=5)) == 1


def test_a_file_that_failed_while_another_took_its_place_is_looked_at_again(place: Place) -> None:
    class Replacing(Sandbox):
        """The damaged file is put right before its failure is known."""

        def parse(self, path: Path, suffix: str, *, take: Callable[[Path], str] | None = None) -> Parsed:
            if "damaged" in path.read_text():
                place.write("everyone/plan.json", '{"colour": "heliotrope"}')
                place.pipeline.reconcile(place.source(), tell=False)
            return super().parse(path, suffix, take=take)

    place.write("everyone/plan.json", '{"damaged')
    with Replacing(ParseLimits()) as sandbox:
        store = place.store
        place.pipeline = Pipeline(place.settings, store.indexes, store.originals, store.embedder, sandbox)
        place.ingest()
    assert place.states() == {"everyone/plan.json": "indexed"}
    assert place.found("heliotrope", "everyone") == ["everyone/plan.json"]


def test_an_atomic_save_is_a_new_revision_and_its_temporary_file_no_document(place: Place) -> None:
    place.write("everyone/plan.md", "# Plan\n\nThe colour is magenta.\n")
    place.ingest()
    before = place.store.catalog.documents(labels=None)[0]
    temporary = place.write("everyone/plan.md.tmp", "# Plan\n\nThe colour is heliotrope.\n")
    place.ingest()
    assert place.states() == {"everyone/plan.md": "indexed", "everyone/plan.md.tmp": "editors_file"}
    temporary.replace(place.inbox / "everyone" / "plan.md")
    place.ingest()
    [after] = place.store.catalog.documents(labels=None)
    assert (after.id, after.path) == (before.id, before.path)
    assert after.revision != before.revision


def test_a_half_copied_file_is_left_until_it_rests(place_at: Callable[..., Place], tmp_path: Path) -> None:
    place = place_at(tmp_path / "data")
    settings = place.settings.model_copy(update={"settle_seconds": 1.5})
    store = replace(place.store, settings=settings)
    place.pipeline = Pipeline(settings, store.indexes, store.originals, store.embedder, place.pipeline.sandbox)
    file = place.write("everyone/plan.md", "# Plan\n\nThe first half.\n")
    copying = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time\ntime.sleep(0.5)\nopen(sys.argv[1], 'a').write('The second half.')",
            file,
        ]
    )
    place.ingest()
    copying.wait()
    assert place.states() == {"everyone/plan.md": "changing"}
    assert place.store.catalog.counts()["chunks"] == 0


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_nothing_of_a_links_target_is_ever_read(place: Place, tmp_path: Path, kind: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("# Secret\n\nThe vault opens with 4711.\n")
    (place.inbox / "everyone").mkdir()
    link = place.inbox / "everyone" / "link.md"
    link.symlink_to(outside / "secret.md" if kind == "file" else outside)
    place.ingest()
    assert place.states() == {"everyone/link.md": "link"}
    link.unlink()
    link.write_text("# Open\n\nThe canteen opens at noon.\n")
    place.ingest()
    assert place.states() == {"everyone/link.md": "indexed"}
