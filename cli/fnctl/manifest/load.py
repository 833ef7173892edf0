"""From a folder to a Document: find the manifest, read it with what it includes, check its shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from fnctl.dataclass import dataclass, field
from fnctl.diagnostics import Diagnostic, has_errors
from fnctl.errors import FnctlError
from fnctl.manifest import parse, shape
from fnctl.manifest.model import Key
from fnctl.manifest.syntax import contents, lines
from fnctl.pattern import later
from fnctl.source import Span

if TYPE_CHECKING:
    from fnctl.manifest.places import Place

NAMES = ("fnctl.yaml", "fnctl.yml")
VERSION = 1
NO_FILES: Mapping[Path, bytes] = MappingProxyType({})
_SECTIONS = ("functions", "resources", "workflows")
_REPEATED = later(r"(?:\*\*/)+")  # means what one of them means, and takes pathlib a time that grows with each
_Path: TypeAlias = "tuple[Key, ...]"


@dataclass(frozen=True, eq=False)
class Document:
    """A manifest as written, included files merged in, before stage and target.

    Attributes:
        data: plain values. Trust its shape only when `valid`.
        files: every file read, by its path relative to `folder`, as bytes.
        included: (section, name or index) -> (file, the same in that file), for what did not come from the manifest itself.
        valid: no error was found in it.
        memo: what resolving remembers between targets.
    """

    data: Mapping[str, Any]
    path: Path
    folder: Path
    files: Mapping[str, bytes]
    included: Mapping[_Path, tuple[str, _Path]] = field(default_factory=dict)
    valid: bool = True
    memo: dict[Any, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def _places(self) -> dict[str, Place | None]:
        return {name: _places(raw) for name, raw in self.files.items()}

    def span(self, path: _Path, key: bool = False) -> Span | None:
        """Find where a path stands, or its nearest parent that is there. `key` asks for the key instead of the value."""
        file, prefix = self.included.get(path[:2], (self.path.name, path[:2]))
        return _span(self._places.get(file), (*prefix, *path[2:]), file, key)

    def lines(self, name: str) -> list[str] | None:
        """Return the lines of a file that was read, for showing a finding."""
        raw = self.files.get(name)
        return None if raw is None else lines(raw)


def find(cwd: Path, given: Path | None) -> Path:
    """Find the manifest: the one given, or `fnctl.yaml` in the folder or a parent. Raises FnctlError."""
    if given is not None:
        path = cwd / given
        if path.is_dir():
            return _in_folder(path) or _missing(f"there is no fnctl.yaml in {given}")
        return path if path.exists() else _missing(f"there is no file {given}")
    for folder in (cwd, *cwd.parents):
        if found := _in_folder(folder):
            return found
    return _missing("there is no fnctl.yaml here or in a folder above")


def load(path: Path, unsaved: Mapping[Path, bytes] = NO_FILES) -> tuple[Document | None, list[Diagnostic]]:
    """Read and check a manifest. The Document is None when there is nothing to go on with; with errors in it, it is not `valid`.

    `unsaved` holds files as an editor has them: they are read from there.
    """
    raw, finding = _read(path, path.name, unsaved)
    if raw is None:
        return None, [finding] if finding else []
    data, found = parse.parse(raw, path.name)
    if data is parse.NOTHING:
        return None, found
    if fatal := _not_a_manifest(data, raw, path.name):
        return None, [*found, fatal]
    files = {path.name: raw}
    main = Document(data, path, path.parent, files)
    found += _findings(main, path.name, shape.check(shape.manifest().shape(shape.manifest().document), data))
    merged, included = dict(data), dict[_Path, tuple[str, _Path]]()
    found += _include(main, merged, files, included, unsaved)
    return Document(merged, path, path.parent, files, included, valid=not has_errors(found)), found


def _in_folder(folder: Path) -> Path | None:
    return next((folder / name for name in NAMES if (folder / name).is_file()), None)


def _missing(message: str) -> Path:
    raise FnctlError(message, code="FN001", help="`fnctl init` writes one to start from; `--manifest PATH` names another")


def _read(path: Path, name: str, unsaved: Mapping[Path, bytes]) -> tuple[bytes | None, Diagnostic | None]:
    if path in unsaved:
        return unsaved[path], None
    try:
        return contents(path), None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return None, Diagnostic("FN001", "error", f"{name} cannot be read: {reason}", help="look at the path and its permissions")


def _places(raw: bytes) -> Place | None:
    from fnctl.manifest.places import places  # for findings only

    return places(raw)


def _span(root: Place | None, path: _Path, name: str, key: bool) -> Span | None:
    if root is None:
        return None
    from fnctl.manifest.places import locate

    return locate(root, path, name, key=key)


def _not_a_manifest(data: object, raw: bytes, name: str) -> Diagnostic | None:
    if data is None:
        return Diagnostic("FN004", "error", f"{name} is empty", help="run `fnctl init` for a manifest to start from")
    if not isinstance(data, dict):
        what = "a list" if isinstance(data, list) else "one value"
        return Diagnostic(
            "FN004",
            "error",
            "a manifest is a map of keys",
            _span(_places(raw), (), name, key=False),
            f"this is {what}",
            help="it begins with `fnctl: 1`",
        )
    version = data.get("fnctl", VERSION)
    if version.__class__ is int and version != VERSION:
        help = (
            f"this fnctl reads version {VERSION}: update fnctl with `pip install -U fnctl-cli`" if version > VERSION else f"write `fnctl: {VERSION}`"
        )
        return Diagnostic(
            "FN005",
            "error",
            f"manifest version {version} is not known",
            _span(_places(raw), ("fnctl",), name, key=False),
            "not a version of the language",
            help=help,
        )
    return None


def _findings(document: Document, file: str, problems: Iterable[shape.Problem]) -> list[Diagnostic]:
    root: Place | None = None
    found = []
    for p in problems:
        root = root or _places(document.files[file])
        found.append(Diagnostic(p.code, "error", p.message, _span(root, p.path, file, p.key), p.label, help=p.help, fix=p.fix))
    return found


def _include(
    main: Document, merged: dict[str, Any], files: dict[str, bytes], included: dict[_Path, tuple[str, _Path]], unsaved: Mapping[Path, bytes]
) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    patterns: Any = main.data.get("include")
    for index, given in enumerate(patterns if isinstance(patterns, list) else ()):
        pattern: Any = given
        if not isinstance(pattern, str) or not pattern:
            continue  # a finding of its own already
        at = main.span(("include", index))
        if pattern.startswith("/") or ".." in pattern.split("/") or "\\" in pattern:
            found.append(
                Diagnostic(
                    "FN009",
                    "error",
                    "`include` stays in the manifest's folder",
                    at,
                    help="a glob relative to the manifest, with `/`: functions/*.yaml",
                )
            )
            continue
        paths = sorted(p for p in matching(main.folder, pattern) if p.is_file() and p != main.path)
        if not paths:
            found.append(Diagnostic("FN009", "error", "`include` matches no file", at, "nothing there", help="look at the glob, or remove it"))
        for path in paths:
            name = path.relative_to(main.folder).as_posix()
            if name not in files:
                raw, finding = _read(path, name, unsaved)
                found += [finding] if finding else []
                found += _part(main, name, raw, merged, files, included) if raw is not None else []
    return found


def matching(folder: Path, pattern: str) -> list[Path]:
    """Find what a pattern of `include` names; nothing for one that cannot be."""
    try:
        return list(folder.glob(_REPEATED.sub("**/", pattern)))
    except (ValueError, NotImplementedError, IndexError, OSError):  # `**x`, an empty part: pathlib refuses, and so nothing matches
        return []


def _part(
    main: Document, name: str, raw: bytes, merged: dict[str, Any], files: dict[str, bytes], included: dict[_Path, tuple[str, _Path]]
) -> list[Diagnostic]:
    data, found = parse.parse(raw, name)
    files[name] = raw
    if data is parse.NOTHING:
        return found
    if not isinstance(data, dict):
        return [
            *found,
            Diagnostic(
                "FN004", "error", f"{name} is not a map of keys", help="an included file holds `functions`, `resources`, `workflows`, `secrets`"
            ),
        ]
    found += _findings(main, name, problems := shape.check(shape.manifest().definition("part"), data))
    return found if problems else found + _merge(data, name, merged, raw, included)


def _merge(data: dict[str, Any], name: str, merged: dict[str, Any], raw: bytes, included: dict[_Path, tuple[str, _Path]]) -> list[Diagnostic]:
    found = []
    for section in _SECTIONS:
        have = merged.get(section)
        have = dict(have) if isinstance(have, dict) else {}
        for key, value in (data.get(section) or {}).items():
            if key in have:
                span = _span(_places(raw), (section, key), name, key=True)
                found.append(
                    Diagnostic("FN038", "error", f"`{key}` is already in `{section}`", span, "a second one", help="names are unique over all files")
                )
            else:
                included[section, key] = (name, (section, key))
                have[key] = value
        if have:
            merged[section] = have
    secrets = merged.get("secrets")
    secrets = list(secrets) if isinstance(secrets, list) else []
    for index, secret in enumerate(data.get("secrets") or ()):
        included["secrets", len(secrets)] = (name, ("secrets", index))
        secrets.append(secret)
    if secrets:
        merged["secrets"] = secrets
    return found
