"""The bundle for hosts without a network: packed, verified, refused when touched, installed from itself alone.

Most tests take a few packages the way. The last packs the whole bundle (0.8 GB; AIRGAP_BUNDLE names one that is there
already), installs it into a fresh environment and runs the main job, all without a network.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from models.made import licence
from referencing import Registry, Resource

from storage.embedder import LocalEmbedder
from storage.settings import Settings

ROOT = Path(__file__).parents[2]
ALONE = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
WHOLE = os.environ.get("AIRGAP_BUNDLE")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One package, its build tools, and the program."""
    made = tmp_path_factory.mktemp("airgap") / "bundle"
    (made.parent / "all.zip").write_bytes(b"what deploy/audit --fetch wrote")
    model = made.parent / "a-model"
    shutil.copytree(LocalEmbedder.from_settings(Settings()).directory, model)
    licence(model)
    more = ["--only", "pyrage", "--only", "tokenizers", "--advisories", str(made.parent / "all.zip")]
    more += ["--model", str(model)]
    subprocess.run([sys.executable, str(ROOT / "deploy/airgap/pack"), str(made), *more], check=True)
    return made


@pytest.fixture
def copy(bundle: Path, tmp_path: Path) -> Iterator[Path]:
    """One to spoil."""
    yield Path(shutil.copytree(bundle, tmp_path / "copy"))


def install(bundle: Path, target: Path, *more: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [*ALONE, "sh", str(bundle / "install"), "--into", str(target), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)


def test_the_bundle_proves_itself_and_names_everything_in_it(bundle: Path) -> None:
    subprocess.run(["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"], cwd=bundle, check=True)
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert manifest["whole"] is False
    assert (bundle / "premise" / "deploy" / "systemd" / "install").exists()
    assert "advisories.zip" in (bundle / "SHA256SUMS").read_text()
    assert "python3-venv" in (bundle / "packages.txt").read_text()
    made = json.loads((bundle / "sbom.cdx.json").read_text())
    wheels = {file.name.split("-")[0].lower().replace("_", "-") for file in (bundle / "wheels").iterdir()}
    kinds = {item["name"]: item for item in made["components"]}
    assert set(kinds) - {"a-model"} == wheels >= {"pyrage", "setuptools", "tokenizers"}
    assert kinds["a-model"]["type"] == "machine-learning-model"
    parts = {item["name"]: item["hashes"][0]["content"] for item in kinds["a-model"]["components"]}
    listed = re.findall(r"^(\w{64})  models/a-model/(.*)$", (bundle / "SHA256SUMS").read_text(), re.MULTILINE)
    assert parts == {name: digest for digest, name in listed}
    assert manifest["without_licence_text"] == []
    assert (bundle / "licences" / "a-model" / "LICENSE").read_bytes() == (
        bundle / "models/a-model/LICENSE"
    ).read_bytes()
    # its wheel brings no text and names Apache-2.0, as others do that bring it
    assert "Version 2.0, January 2004" in (bundle / "licences" / "tokenizers" / "Apache-2.0.txt").read_text()


def test_the_bill_of_materials_is_cyclonedx(bundle: Path) -> None:
    schemas = files("cyclonedx.schema._res")
    known = [
        (json.loads(item.read_text())["$id"], Resource.from_contents(json.loads(item.read_text())))
        for item in schemas.iterdir()
        if item.name in ("spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json")
    ]
    schema = json.loads((schemas / "bom-1.6.SNAPSHOT.schema.json").read_text())
    validator = Draft7Validator(schema, registry=Registry().with_resources(known))
    assert [error.message for error in validator.iter_errors(json.loads((bundle / "sbom.cdx.json").read_text()))] == []


@pytest.mark.parametrize("fault", ["changed", "missing", "added"])
def test_a_bundle_that_was_touched_installs_nothing(copy: Path, tmp_path: Path, fault: str) -> None:
    file = next((copy / "wheels").glob("pyrage*"))
    if fault == "changed":
        file.write_bytes(file.read_bytes() + b"x")
    elif fault == "missing":
        file.unlink()
    else:
        file.with_name("pyrage-99.0-py3-none-any.whl").write_bytes(b"evil")
    done = install(copy, tmp_path / "target")
    assert done.returncode != 0
    assert "Nothing was installed" in done.stderr
    assert "pyrage" in done.stderr
    assert not (tmp_path / "target").exists()


def test_what_the_bundle_lacks_is_fetched_from_nowhere(bundle: Path, tmp_path: Path) -> None:
    done = install(bundle, tmp_path / "target")
    assert done.returncode != 0
    assert "ERROR: Cannot install" in done.stderr or "No matching distribution" in done.stderr
    assert not (tmp_path / "target" / ".venv" / ".premise-installed").exists()
    python = str(tmp_path / "venv" / "bin" / "python")
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    pip = [*ALONE, python, "-m", "pip", "install", "-q", "--no-index", "--find-links", str(bundle / "wheels"), "pyrage"]
    subprocess.run(pip, check=True)
    subprocess.run([*ALONE, python, "-c", "import pyrage"], check=True)


def test_apt_finds_the_system_packages_of_a_bundle_and_their_licences_are_copied_out(tmp_path: Path) -> None:
    """A package made here, listed as `pack` lists, asked for as `install` asks, on a host that has nothing."""
    made, debs = tmp_path / "made", tmp_path / "debs"
    for folder in (made / "DEBIAN", made / "usr/share/doc/premise-try", debs, tmp_path / "lists/partial"):
        folder.mkdir(parents=True)
    (made / "DEBIAN/control").write_text(
        "Package: premise-try\nVersion: 1:2.0\nArchitecture: all\nMaintainer: x <x@example.com>\nDescription: try\n"
    )
    (made / "usr/share/doc/premise-try/copyright").write_text("Format: https://example.com/\n\nLicense: MIT\n")
    subprocess.run(["dpkg-deb", "-b", "--root-owner-group", str(made), str(debs / "t.deb")], check=True)
    code = "import sys, json, system_packages as s; from pathlib import Path; d = Path(sys.argv[1])\n"
    code += "s.index(d, sorted(d.glob('*.deb'))); print(json.dumps(s.components(d, d.parent / 'licences')))"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "deploy/airgap"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", code, str(debs)]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    (item,) = json.loads(said)
    assert (item["name"], item["version"], item["licenses"]) == ("premise-try", "1:2.0", [{"license": {"name": "MIT"}}])
    assert (tmp_path / "licences" / item["group"] / "premise-try" / "copyright").exists()
    (tmp_path / "sources.list").write_text(f"deb [trusted=yes] file:{debs} ./\n")
    options = {
        "Dir::Etc::SourceList": tmp_path / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": tmp_path / "lists",
        "Dir::State::status": "/dev/null",
        "Dir::Cache": tmp_path,
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", "-qq", *(word for name, value in options.items() for word in ("-o", f"{name}={value}"))]
    subprocess.run([*apt, "update"], check=True)
    done = subprocess.run([*apt, "-s", "install", "premise-try"], capture_output=True, text=True, check=True)
    assert "Inst premise-try (1:2.0" in done.stdout


@pytest.mark.parametrize(("key", "value", "said"), [("platform", "Linux s390x", "s390x"), ("python", "3.9.1", "3.9")])
def test_a_bundle_for_another_host_installs_nothing(
    copy: Path, tmp_path: Path, key: str, value: str, said: str
) -> None:
    file = copy / "manifest.json"
    file.write_text(re.sub(rf'"{key}": ".*"', f'"{key}": "{value}"', file.read_text()))
    renew = "sha256sum manifest.json $(sed 's/^[^ ]*  //' SHA256SUMS | grep -v manifest) >s; mv s SHA256SUMS"
    subprocess.run(["sh", "-c", renew], cwd=copy, check=True)
    done = install(copy, tmp_path / "target")
    assert done.returncode != 0
    assert said in done.stderr
    assert "Nothing was installed" in done.stderr
    assert not (tmp_path / "target").exists()


def test_a_folder_that_is_no_model_is_not_taken_along(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "deploy/airgap/pack"), str(tmp_path / "b"), "--only", "pyrage"]
    done = subprocess.run([*command, "--model", str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "no model directory" in done.stderr


@pytest.mark.timeout(2400)
def test_the_whole_bundle_installs_and_answers_without_a_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target, bundle = tmp_path / "premise", Path(WHOLE or tmp_path / "bundle")
    if WHOLE is None:
        subprocess.run(
            [sys.executable, str(ROOT / "deploy/airgap/pack"), str(bundle), "--no-system-packages"], check=True
        )
    done = install(bundle, target, "--sample", HOME=str(tmp_path), PREMISE_DATA=str(tmp_path / "data"))
    assert done.returncode == 0, done.stderr[-2000:]
    assert "[1] everyone/" in done.stdout  # an answer, with its source
    said = re.search(r"first answer (\d+) s after the start", done.stderr)
    assert said, done.stderr[-2000:]
    with capsys.disabled():
        print(f"\nfrom the bundle to the first answer: {said[1]} s")
    for made in (target, tmp_path / "bundle"):
        shutil.rmtree(made, ignore_errors=True)  # 3 GB
