"""One manifest on every platform: what `validate --all-targets` knows. Needs no account and no network, as `validate` does not."""

from __future__ import annotations

from fnctl import checking, plugins
from fnctl.dataclass import replace
from fnctl.diagnostics import ordered
from fnctl.errors import FnctlError
from fnctl.manifest import resolve as resolving
from fnctl.manifest.load import Document
from fnctl.rules.matrix import Checkup, Matrix
from fnctl.rules.matrix import matrix as lay_out
from fnctl.session import Session


def matrix(session: Session) -> Matrix:
    """Check for every target that is installed, also those that the manifest does not name. Raises FnctlError for a broken manifest."""
    document, findings = checking.document_of(session)
    if not document.valid:
        message = "the manifest has errors"
        raise FnctlError(message, diagnostics=tuple(ordered(findings)))
    declared = resolving.targets(document)
    more = plugins.Plugins()
    names = (*declared, *(name for name in plugins.names() if name not in declared))
    return lay_out(_checkup(session, document, name, more, declared=name in declared) for name in names)


def _checkup(session: Session, document: Document, target: str, more: plugins.Plugins, *, declared: bool) -> Checkup:
    service, found = checking.one(session, document if declared else _naming(document, target), target, more, files=False)
    return Checkup(target, service, tuple(ordered(found)), declared)


def _naming(document: Document, target: str) -> Document:
    """Return the manifest as if it named one more target, with nothing said of it."""
    targets = {**(document.data.get("targets") or {}), target: {}}
    return replace(document, data={**document.data, "targets": targets}, memo={})
