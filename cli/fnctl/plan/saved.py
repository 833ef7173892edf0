"""A saved plan: one file with the plan, its artifacts and what it was decided on; `fnctl deploy FILE` applies exactly that."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fnctl.dataclass import dataclass
from fnctl.errors import FnctlError
from fnctl.graph import Artifact, Graph, Json, from_json, to_json
from fnctl.plan.model import Basis

FORMAT = "fnctl/saved-plan/1"


@dataclass(frozen=True)
class SavedPlan:
    """What the file holds; `settings` and `secrets` are what connecting needs of the manifest."""

    service: str
    stage: str
    target: str
    settings: Mapping[str, Json]
    secrets: tuple[str, ...]
    sandbox: bool
    protect: bool
    graph: Graph
    basis: Basis
    provenance: Mapping[str, Json] | None = None


def save(path: Path, plan: SavedPlan, artifacts: Mapping[str, Artifact]) -> None:
    """Write the file through a temporary neighbour. Raises FnctlError when the place cannot be written."""
    document = {**{k: v for k, v in vars(plan).items() if k not in ("graph", "basis")}, "graph": to_json(plan.graph), "basis": dict(vars(plan.basis))}
    draft = path.with_name(f".{path.name}.draft")
    try:
        with zipfile.ZipFile(draft, "w") as archive:
            archive.writestr("plan.json", json.dumps({"schema": FORMAT, **document}))
            for artifact in artifacts.values():
                if artifact.path is not None:
                    archive.write(artifact.path, f"artifacts/{artifact.sha256}.zip")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        message = f"the plan cannot be written to {path}: {error.strerror}"
        raise FnctlError(message, code="FN916", help="choose another place: fnctl plan --out FILE") from error


def load(path: Path, folder: Path) -> SavedPlan:
    """Read the file and unpack its artifacts into `folder`. Raises FnctlError for anything that is not a saved plan."""
    try:
        with zipfile.ZipFile(path) as archive:
            data = json.loads(archive.read("plan.json"))
            if data.pop("schema") != FORMAT:
                raise ValueError("another format")  # noqa: TRY301
            folder.mkdir(parents=True, exist_ok=True)
            for name in archive.namelist():
                if name.startswith("artifacts/"):
                    (folder / Path(name).name).write_bytes(archive.read(name))
            return _read(data)
    except FileNotFoundError:
        message = f"there is no plan at {path}"
        raise FnctlError(message, code="FN916", help="make one:\nfnctl plan --out FILE") from None
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        message = f"{path} is not a plan that this fnctl can apply"
        raise FnctlError(message, code="FN916", notes=(str(error),), help="plan again:\nfnctl plan --out FILE") from error


def _read(data: dict[str, Any]) -> SavedPlan:
    data["graph"] = from_json(data["graph"])
    data["basis"] = Basis(**data["basis"])
    data["secrets"] = tuple(data["secrets"])
    return SavedPlan(**data)
