"""The optional extra `hi-res`, as far as it goes without its models: elements taken over, and what is said without."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from unstructured.documents.coordinates import PixelSpace
from unstructured.documents.elements import ElementMetadata, Footer, ListItem, NarrativeText, Table, Title

from ingest.parse.hi_res import elements_of
from ingest.parse.limits import ParseLimits
from ingest.parse.registry import parse
from ingest.passes import open_pipeline
from storage.errors import ModelError
from storage.records import Kind
from storage.settings import load_settings


def test_elements_of_unstructured_become_ours_with_their_boxes() -> None:
    corners = ((100, 200), (100, 300), (900, 300), (900, 200))
    page = PixelSpace(width=1000, height=2000)
    found = list(
        elements_of(
            [
                Title("Terms", metadata=ElementMetadata(page_number=1, category_depth=1)),
                NarrativeText(
                    "Payment within\n30 days.",
                    coordinates=corners,
                    coordinate_system=page,
                    metadata=ElementMetadata(page_number=2),
                ),
                ListItem("first", metadata=ElementMetadata(page_number=2)),
                Table(
                    "Plan Price Gold 5",
                    metadata=ElementMetadata(
                        page_number=3,
                        text_as_html="<table><tr><th>Plan</th><th>Price</th></tr><tr><td>Gold</td><td>5</td></tr></table>",
                    ),
                ),
                Footer("Page 3", metadata=ElementMetadata(page_number=3)),
            ]
        )
    )
    assert [(element.kind, element.level, element.page, element.text) for element in found] == [
        (Kind.HEADING, 2, 1, "Terms"),
        (Kind.TEXT, 0, 2, "Payment within 30 days."),
        (Kind.LIST, 0, 2, "first"),
        (Kind.TABLE, 0, 3, "Plan: Gold | Price: 5"),
    ]
    line = found[1].lines[0]
    assert (line.page, line.box) == (2, (0.1, 0.1, 0.9, 0.15))
    assert found[1].text[line.start : line.end] == found[1].text


@pytest.mark.skipif(find_spec("unstructured_inference") is not None, reason="the extra is installed here")
@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
def test_a_scan_is_read_by_tesseract_where_the_models_are_missing(tmp_path: Path) -> None:
    picture = Image.new("L", (1240, 400), 255)
    font = ImageFont.load_default(60)
    ImageDraw.Draw(picture).text((80, 150), "The invoice number is 4711", fill=0, font=font)
    picture.save(tmp_path / "scan.pdf", resolution=150)
    limits = ParseLimits(ocr_languages=("eng",), hi_res_models=str(tmp_path))
    found = parse(tmp_path / "scan.pdf", suffix=".pdf", limits=limits)
    assert "invoice number is 4711" in found.elements[0].text
    assert found.warnings[0].startswith(f"The models in {tmp_path} (hi_res_models) cannot be loaded")


@pytest.mark.skipif(find_spec("unstructured_inference") is not None, reason="the extra is installed here")
def test_without_the_extra_the_setting_says_what_to_install(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "data", hi_res_models=tmp_path)
    with pytest.raises(ModelError, match=r"pip install -e '.\[hi-res\]'"), open_pipeline(settings):
        pass
