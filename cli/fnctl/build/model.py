"""The values of a build: what to build for, what came out, and what an archive is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fnctl.dataclass import dataclass, field
from fnctl.graph import Json

if TYPE_CHECKING:  # every command loads this module for the contract, and only a build needs these
    from fnctl.build.cache import Cache
    from fnctl.manifest.model import Service


@dataclass(frozen=True)
class BuildTarget:
    """The machine that will run the code.

    Attributes:
        runtime: `python3.13`, `nodejs22`.
        architecture: `x86_64` or `arm64`.
        platform_tags: wheel platform tags that it accepts, best first, e.g. ("manylinux_2_28_x86_64", "manylinux2014_x86_64").
        python: the Python version of wheels, "3.13"; None for Node.
        interpreter: set when the code will run on this machine (a sandbox): dependencies are for that very interpreter.
        externals: Node modules that the platform brings along and the bundle leaves out.
        provided: Python distributions likewise, normalised names.
        brings: pinned requirements with their digests that the platform wants in a Python artifact, whatever the function asks for.
    """

    runtime: str
    architecture: str
    platform_tags: tuple[str, ...] = ()
    python: str | None = None
    interpreter: Path | None = None
    externals: tuple[str, ...] = ()
    provided: tuple[str, ...] = ()
    brings: tuple[str, ...] = ()


@dataclass(frozen=True)
class File:
    """One member of an archive. `path` is relative with `/`; `source` is a file on disk or the bytes themselves."""

    path: str
    source: Path | bytes
    executable: bool = False


@dataclass(frozen=True)
class Inlined:
    """A source that a bundler has written into the bundle: the bytes it takes there, and whose it is; no package for the project's own."""

    path: str
    size: int
    package: str = ""
    version: str = ""


@dataclass(frozen=True)
class Bundle:
    """One function's own files and dependencies, not yet in a platform's shape.

    Attributes:
        files: own sources, or the esbuild bundle; paths keep the layout of the manifest's folder for Python, so that `src/api.py` imports its
            neighbours as it does at home; Node gives `handler.mjs` (+ `.map`).
        wheels: wheel files whose members go in as they are (purelib and platlib at the root).
        entry: what a shim imports: (`src/api.py`, `app`) for Python, (`handler.mjs`, `handler`) for Node.
        dependencies: digest of the resolved set ("" when there are none).
        digest: digest of all inputs: files, wheels, target, engine.
        inlined: what a Node bundle is made of.
        published: for a wheel of a package index, by its path: the digest that the index has it under. `wheels` are trimmed, and have others.
        prebuilt: an archive that somebody else has made; there are no files and wheels then.
    """

    function: str
    target: BuildTarget
    files: tuple[File, ...]
    wheels: tuple[Path, ...]
    entry: tuple[str, str]
    dependencies: str
    digest: str
    inlined: tuple[Inlined, ...] = ()
    published: Mapping[Path, str] = field(default_factory=dict)
    prebuilt: Path | None = None


@dataclass(frozen=True)
class Recipe:
    """What one artifact is made of, said by the adapter: bundles plus its shim. Two members of one path are an error.

    Attributes:
        wheels: by the folder that their members go to: `""` for the archive's root, `"a/b/"` for one below it.
        unpacked: names a folder beside the archive where the same tree is laid out for other tools, "" for none.
        folders: in which one each function stands alone (`"functions/api.func/"`), where functions do not share the archive.
        packages: a folder with a `package.json` and the lock that goes with it: npm packages that the shim needs beside it, in `node_modules/`.
        installed: wheels likewise that are not in the archive: the platform installs them from a list that is.
        prebuilt: an archive that is the artifact, byte for byte; there is nothing else in it then.
    """

    name: str
    files: tuple[File, ...]
    wheels: Mapping[str, tuple[Path, ...]]
    functions: tuple[str, ...]
    facts: Mapping[str, Json] = field(default_factory=dict)
    unpacked: str = ""
    folders: Mapping[str, str] = field(default_factory=dict)
    packages: Path | None = None
    installed: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    prebuilt: Path | None = None


@dataclass(frozen=True)
class Builder:
    """What builds the functions of one runtime family.

    Attributes:
        family: the word that its runtimes begin with: `python`, `nodejs`, somebody's `go`.
        bundles: (service, function name -> the machine that will run it, the run's cache) -> function name -> Bundle. All functions of the family
            come at once, for some tools are faster with many. Raises FnctlError with the diagnostics of every function that failed:
            `fnctl.build.jobs.apart` does that for builders that take one at a time.
    """

    family: str
    bundles: Callable[[Service, Mapping[str, BuildTarget], Cache], Mapping[str, Bundle]]
