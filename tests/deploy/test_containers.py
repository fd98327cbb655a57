"""The compose file, the image and the Kubernetes manifests, as far as a machine without engine and cluster allows."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from app.models.profiles import hardware_profiles

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "deploy" / "compose"
OVERLAYS = ("single-gpu", "several-gpus")
PROFILES = ("cpu", "nvidia", "amd", "intel", "ascend")
PINNED = r":v?\d+\.\d+\.\d+(?:-x86_64)?$"


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="docker-compose is not installed")
@pytest.mark.parametrize("profile", PROFILES)
def test_compose_takes_every_profile(profile: str, tmp_path: Path) -> None:
    """`docker-compose config` checks against the compose schema and resolves everything."""
    done = subprocess.run(
        ["docker-compose", "--file", str(COMPOSE / "compose.yaml"), "--profile", profile, "config"],
        capture_output=True, text=True, check=False, env=os.environ | {"PREMISE_LLM_KEY": str(tmp_path / "key")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    made = yaml.safe_load(done.stdout)
    # 1.29 prints the services of other profiles too
    services = {name: item for name, item in made["services"].items() if item.get("profiles", [profile]) == [profile]}
    assert set(services) == {"premise", "proxy", f"model-{profile}"}
    for name, service in services.items():
        assert re.search(PINNED, service["image"]), f"{name}: the image is not pinned"
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert int(service["user"].split(":")[0]) > 0
        assert service["healthcheck"]["test"]
        assert service["deploy"]["resources"]["limits"]["memory"]
        assert name == "proxy" or list(service["networks"]) == ["inside"]
        assert name == "proxy" or "ports" not in service
        words = json.dumps([service.get("command"), service.get("environment")])
        assert "/run/secrets/llm_key" in words or name == "proxy"
    assert made["networks"]["inside"]["internal"] is True


def test_every_kind_of_host_has_one_image_of_vllm_by_its_version() -> None:
    services = yaml.safe_load((COMPOSE / "compose.yaml").read_text())["services"]
    hardware = hardware_profiles()
    assert set(hardware) == set(PROFILES)
    for maker, profile in hardware.items():
        assert services[f"model-{maker}"]["image"] == profile.image
        assert re.search(PINNED, profile.image)


def test_the_image_runs_without_root_and_copies_what_there_is() -> None:
    text = (COMPOSE / "Dockerfile").read_text()
    assert re.search(r"^USER (?!0|root)", text, re.MULTILINE)
    assert re.search(r"^FROM \S+:\d+\.\d+", text, re.MULTILINE)
    for source in re.findall(r"^COPY (\S+) (\S+)$", text, re.MULTILINE):
        if "$" not in source[0]:
            assert (ROOT / source[0]).exists(), source
    pinned = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert pinned
    assert f"image: premise:{pinned[1]}" in (COMPOSE / "compose.yaml").read_text()
    assert f"newTag: {pinned[1]}" in (ROOT / "deploy/kubernetes/base/kustomization.yaml").read_text()


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_the_proxy_of_the_compose_file_is_understood_by_nginx(tmp_path: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout",
         f"{tmp_path}/premise.key", "-out", f"{tmp_path}/premise.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    text = (
        (COMPOSE / "nginx.conf")
        .read_text()
        .replace(" /tmp/", f" {tmp_path}/")
        .replace("/etc/premise/tls", str(tmp_path))
    )
    text = text.replace("premise:8600", "127.0.0.1:8600")  # a name of the internal network
    # Debian 12's nginx is older than the image's: there the switch for HTTP/2 stands in `listen`
    text = text.replace("listen 8443 ssl;", "listen 8443 ssl http2;").replace("http2 on;", "")
    (tmp_path / "nginx.conf").write_text(text)
    done = subprocess.run(
        ["nginx", "-t", "-c", str(tmp_path / "nginx.conf")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def manifests(overlay: str) -> list[dict[str, Any]]:
    folder = str(ROOT / "deploy" / "kubernetes" / overlay)
    made = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=True).stdout
    return list(yaml.safe_load_all(made))


needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_cluster_takes_every_manifest(overlay: str) -> None:
    """Each against Kubernetes' own schema, strictly: an unknown field is an error."""
    made = manifests(overlay)
    assert len(made) > 10
    for manifest in made:
        kubernetes_validate.validate(manifest, "1.32", strict=True)
        assert manifest["kind"] == "Namespace" or manifest["metadata"]["namespace"] == "premise"


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_pods_are_hardened_and_the_network_is_closed(overlay: str) -> None:
    made = manifests(overlay)
    pods = [item for item in made if item["kind"] in ("Deployment", "StatefulSet")]
    assert {item["metadata"]["name"] for item in pods} == {"premise", "model"}
    for item in pods:
        spec = item["spec"]["template"]["spec"]
        assert spec["enableServiceLinks"] is False
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        (container,) = spec["containers"]
        assert {"startupProbe", "readinessProbe", "livenessProbe", "resources"} <= set(container)
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert re.search(r":v?\d+\.\d+\.\d+$", container["image"])
    policies = {item["metadata"]["name"]: item["spec"] for item in made if item["kind"] == "NetworkPolicy"}
    assert policies["nothing"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert "egress" not in policies["model"]
    assert not any("ipBlock" in json.dumps(policy) for policy in policies.values())
    budgets = {item["metadata"]["name"] for item in made if item["kind"] == "PodDisruptionBudget"}
    assert budgets == {"premise", "model"}
