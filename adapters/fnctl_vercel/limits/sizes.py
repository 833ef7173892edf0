"""Sizes of what was built for Vercel."""

from __future__ import annotations

from collections.abc import Iterator

from fnctl.rules.breach import breach, oversize
from fnctl.rules.model import Found, Measured, Rule, Subject, rule

SHOWN = 5


@rule("VC401", "error", "vercel", needs="built")
def bundle_too_large(subject: Subject) -> Iterator[Found]:
    """Find functions, after a build, that are over the platform's size unpacked.

    `build`, `plan` and `deploy` measure what they make, and `fnctl validate --built` what the last build left.

    Why: 250 MB for Node, 500 MB for Python. Beyond that the deployment fails, after everything was uploaded, and Vercel names neither size nor file.
    Large functions, up to 5 GB, are a beta: where your project has them, say how large with `limits: { vercel: { function.size.nodejs: 5GB } }`.

    Example:
        targets: { vercel: {} }
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET / }], include: ["models/**"] }

    Use instead: `exclude` for what the code does not read; models and other data from a bucket.

    Sources: vercel.com/docs/functions/limitations, 2026-07-01; `function.size.nodejs`, `function.size.python`
    """
    for built in (one for artifact in subject.built.values() for one in _functions(artifact)):
        runtimes = {subject.service.functions[name].runtime for name in built.functions if name in subject.service.functions}
        family = "nodejs" if any(runtime.startswith("nodejs") for runtime in runtimes) else "python"
        limit = subject.limits[f"function.size.{family}"]
        if built.unpacked_size > limit.in_bytes():
            beta = f"limits: {{ vercel: {{ {limit.id}: {subject.limits['function.size.beta'].value:.0f}GB }} }}"
            help = f"`exclude` what the code does not read, and keep data in a bucket; or, where the project has the beta of large functions:\n{beta}"
            yield oversize(subject, limit, built, built.unpacked_size, help)


@rule("VC402", "warning", "vercel", needs="built")
def too_many_files(subject: Subject) -> Iterator[Found]:
    """Find outputs, after a build, with more files than a deployment takes one by one.

    `fnctl validate --built` counts them.

    Why: A deployment has 15,000 files at most, and an account uploads 5,000 a day on Hobby. As an archive the same output is a few pieces.

    Example: `targets: { vercel: { upload: files } }` with Python packages that have 20,000 files.

    Use instead: `upload: archive`, which is what fnctl does where nothing is said.

    Sources: `deployment.files`, `deployment.upload.count`
    """
    limit = subject.limits["deployment.files"]
    for built in subject.built.values() if subject.service.settings.get("upload") == "files" else ():
        if len(built.members) > limit.value:
            label = f"{len(built.members):,} files, and at most {limit.amount()}"
            span = subject.service.span("targets", "vercel", "upload")
            yield breach(limit, "the output has more files than a deployment takes", span, label, "leave `upload` out: an archive is a few pieces")


def _functions(built: Measured) -> Iterator[Measured]:
    """Take an output apart: the limit is for each of its functions. Anything else counts as one."""
    found: dict[str, list[tuple[str, int]]] = {}
    for path, size in built.members:
        place, mark, inside = path.partition(".func/")
        if mark:
            found.setdefault(place, []).append((inside, size))
    for place, members in found.items():
        name = place.removeprefix("functions/").removeprefix("_fnctl/").partition("/")[0]
        yield Measured((name,), built.size, sum(size for _, size in members), tuple(members[:SHOWN]))
    if not found:
        yield built


RULES: tuple[Rule, ...] = (bundle_too_large, too_many_files)
