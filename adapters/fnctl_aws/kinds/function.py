"""`aws.lambda.function`: code and configuration, the version that was made of them, and the alias `live` that traffic reaches.

What is live is read through the alias, never from $LATEST: a hand at the console changes nothing that serves. Every version that fnctl makes says
in its description which input it was made of, so that an interrupted deploy, or a rollback, finds it again instead of making another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.graph import Artifact, Node, State
from fnctl_aws.kinds.base import Base, foreign, is_ours, known, own_tags, say, tag_changes
from fnctl_aws.kinds.code import configuration, is_image, live_props, mark, same_code, same_configuration, told
from fnctl_aws.names import LIVE, SERVICE_TAG, STAGE_TAG
from fnctl_aws.place import ledger_bucket

DIRECT = 50_000_000
"""Bytes that Lambda takes in the call itself; more comes from the ledger's bucket."""
KEPT = 5
"""Published versions that stay for a quick way back; each counts towards the region's code storage."""
READY = ("Active", "Inactive")


class Function(Base):
    """Props as fnctl_aws.translate.function writes them. `tags` belong to the function, all else to the live version."""

    rank = 40
    secret = frozenset({"environment"})

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Return what serves. A function without an alias is half made: it is there, and nothing of it is as it should be."""
        if hint is None and not known(props["role"]):
            return None  # never recorded, and its role is not there: a first deploy need not ask for each; an odd one out is adopted when it is made
        found, live = self._look(node.name, expected=hint is not None)
        if found is None:
            return None
        tags, arn = own_tags(found.get("Tags")), self._arn(node)
        if arn != hint and not is_ours(props["tags"], tags):
            return None
        if is_ours(props["tags"], tags):  # else somebody made another one in its place, and what fnctl recorded may still be removed
            _refuse_another_package(node, found["Configuration"], props)
        seen = live_props(told(found), props) if live else dict.fromkeys(props)
        return State(arn, {**seen, "tags": tags}, self._outputs(node, found["Configuration"]["Version"] if live else ""))

    def _look(self, name: str, *, expected: bool) -> tuple[dict[str, Any] | None, bool]:
        """Return the function and whether it has an alias. One call, in the order that is likely to be the last."""
        bare = None if expected else self.client.find("lambda", "get_function", FunctionName=name)
        if not expected and bare is None:
            return None, False
        live = self.client.find("lambda", "get_function", FunctionName=name, Qualifier=LIVE)
        return live or bare or self.client.find("lambda", "get_function", FunctionName=name), live is not None

    def phases(self, change: Change) -> Sequence[Phase]:
        """A new function has no old one beside it; a change of tags makes no version."""
        only_tags = bool(change.fields) and all(field.path.startswith("tags") for field in change.fields)
        return ("prepare",) if change.action == "create" or only_tags else ("prepare", "switch", "retire")

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Publish beside what serves, then point the alias at it, then forget what is too old."""
        node = change.node
        if phase == "prepare" or state is None:
            return self._prepare(change, props, state, run)
        if phase == "switch":
            version = str(state.outputs.get("next") or self._published(node, props, run))
            self._point(node.name, version)
            return State(state.id, props, {**self._outputs(node, version), "old": state.outputs.get("old", [])})
        self._prune(node.name, state)
        return State(state.id, props, self._outputs(node, str(state.outputs["version"])))

    def _prepare(self, change: Change, props: Mapping[str, Any], state: State | None, run: Run) -> State:
        node = change.node
        created = state is None and self._create(node, props, run)
        if state is None and not created:
            state = self._adopt(node, props, run)
        if state is not None:
            self._tag(state, props["tags"])
            if _same_version(state.props, props):
                return State(state.id, props, state.outputs)
        versions = [] if created else self._versions(node.name)
        version = _marked(versions, mark(props)) or self._publish(node, props, run, fresh=created)
        serving = str(state.outputs["version"]) if state else ""
        if not serving:
            self._reach(node.name, version)
            return State(self._arn(node), props, self._outputs(node, version))
        old = _superfluous([v["Version"] for v in versions], {serving, version})
        assert state is not None  # noqa: S101  # what serves was read
        return State(state.id, {**state.props, "tags": props["tags"]}, {**state.outputs, "next": version, "old": old})

    def _create(self, node: Node, props: Mapping[str, Any], run: Run) -> bool:
        """Return False where it is there already."""
        try:
            self.client.call(
                "lambda",
                "create_function",
                run,
                FunctionName=node.name,
                PackageType="Image" if "image" in props else "Zip",
                Code=self._code(node, props, run),
                Architectures=[props["architecture"]],
                Tags=props["tags"],
                Publish=False,
                **configuration(props),
            )
        except CloudError as error:
            if error.reason != "ResourceConflictException":
                raise
            return False
        return True

    def _adopt(self, node: Node, props: Mapping[str, Any], run: Run) -> State:
        state = self.read(node, props, None, run)
        if state is not None:
            return state
        found = self.client.find("lambda", "get_function", FunctionName=node.name)
        raise foreign(node.name, "function", own_tags(found.get("Tags") if found else None))

    def _publish(self, node: Node, props: Mapping[str, Any], run: Run, *, fresh: bool) -> str:
        """Bring $LATEST to what is wanted and make a version of it. Configuration first: new code never meets the old environment."""
        latest = self._settled(node, run)
        if not fresh and not same_configuration(latest, props):
            latest = self._configure(node, configuration(props), latest, run)
        if not same_code(latest, props):
            latest = self._replace_code(node, props, latest, run)
        made = self._make_version(node, props, latest, run)
        if made.get("Description") != mark(props):
            # Nothing changed since somebody published by hand, so Lambda gave that version back: it must differ to carry our mark.
            latest = self._configure(node, {**configuration(props), "Description": mark(props)}, latest, run)
            made = self._make_version(node, props, latest, run)
        self._settled(node, run, made["Version"])
        return str(made["Version"])

    def _configure(self, node: Node, settings: Mapping[str, Any], latest: Mapping[str, Any], run: Run) -> dict[str, Any]:
        self.client.call("lambda", "update_function_configuration", run, FunctionName=node.name, RevisionId=latest["RevisionId"], **settings)
        return self._settled(node, run)

    def _replace_code(self, node: Node, props: Mapping[str, Any], latest: Mapping[str, Any], run: Run) -> dict[str, Any]:
        self.client.call(
            "lambda",
            "update_function_code",
            run,
            FunctionName=node.name,
            Architectures=[props["architecture"]],
            Publish=False,
            RevisionId=latest["RevisionId"],
            **self._code(node, props, run),
        )
        return self._settled(node, run)

    def _make_version(self, node: Node, props: Mapping[str, Any], latest: Mapping[str, Any], run: Run) -> dict[str, Any]:
        conditions = {"CodeSha256": latest["CodeSha256"], "RevisionId": latest["RevisionId"]}
        return self.client.call("lambda", "publish_version", run, FunctionName=node.name, Description=mark(props), **conditions)

    def _published(self, node: Node, props: Mapping[str, Any], run: Run) -> str:
        # Only where the phases of one change ran in two runs.
        return _marked(self._versions(node.name), mark(props)) or self._publish(node, props, run, fresh=False)

    def _settled(self, node: Node, run: Run, version: str | None = None) -> dict[str, Any]:
        """Wait until Lambda is done with the last change. GetFunction has a quota of its own, six times the rest together."""
        qualifier = {"Qualifier": version} if version else {}

        def done() -> dict[str, Any] | None:
            found = self.client.find("lambda", "get_function", FunctionName=node.name, **qualifier)
            config = told(found) if found else {}
            _refuse_failed(node.name, config)
            ready = config.get("State", "Active") in READY and config.get("LastUpdateStatus", "Successful") == "Successful"
            return config if config and ready else None

        return self.client.wait(f"{node.name} to be ready", done, run)

    def _code(self, node: Node, props: Mapping[str, Any], run: Run) -> dict[str, Any]:
        if "image" in props:
            return {"ImageUri": props["image"]["uri"]}
        artifact = node.artifact
        if artifact is None:
            raise CloudError(f"{node.address} has no artifact", code="FN913", help="run `fnctl deploy` again")
        if artifact.size > DIRECT:
            return self._stored(node, artifact, props["tags"], run)
        return {"ZipFile": run.fetch(artifact).read_bytes()}

    def _stored(self, node: Node, artifact: Artifact, tags: Mapping[str, str], run: Run) -> dict[str, Any]:
        # The ledger has the bytes before anything is applied: a rollback would need them there anyway.
        bucket = ledger_bucket(self.client.account, self.client.region)
        key = f"{tags[SERVICE_TAG]}/{tags[STAGE_TAG]}/artifacts/{artifact.sha256}.zip"
        say(run, node, f"{artifact.size / 1e6:.0f} MB are read from s3://{bucket}/{key}")
        return {"S3Bucket": bucket, "S3Key": key}

    def _reach(self, name: str, version: str) -> None:
        """Create the alias; one that a killed run made is moved."""
        try:
            self.client.call("lambda", "create_alias", FunctionName=name, Name=LIVE, FunctionVersion=version)
        except CloudError as error:
            if error.reason != "ResourceConflictException":
                raise
            self._point(name, version)

    def _point(self, name: str, version: str) -> None:
        """Move traffic. Only over the alias as it was read: somebody else's switch in between is an error, not overwritten."""
        alias = self.client.find("lambda", "get_alias", FunctionName=name, Name=LIVE)
        if alias is None:
            self.client.call("lambda", "create_alias", FunctionName=name, Name=LIVE, FunctionVersion=version)
        elif alias["FunctionVersion"] != version or (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights"):
            self.client.call(
                "lambda",
                "update_alias",
                FunctionName=name,
                Name=LIVE,
                FunctionVersion=version,
                RoutingConfig={"AdditionalVersionWeights": {}},
                RevisionId=alias["RevisionId"],
            )

    def _prune(self, name: str, state: State) -> None:
        old = state.outputs.get("old")
        for version in old if isinstance(old, list) else ():
            try:
                self.client.find("lambda", "delete_function", FunctionName=name, Qualifier=version)
            except CloudError as error:
                if error.reason != "ResourceConflictException":  # somebody's own alias points at it
                    raise

    def _versions(self, name: str) -> list[dict[str, Any]]:
        found = self.client.pages("lambda", "list_versions_by_function", "Versions", FunctionName=name)
        return [version for version in found if version["Version"] != "$LATEST"]

    def _tag(self, state: State, wanted: Mapping[str, str]) -> None:
        found: Any = state.props["tags"]
        put, gone = tag_changes(wanted, found)
        if put:
            self.client.call("lambda", "tag_resource", Resource=state.id, Tags=put)
        if gone:
            self.client.call("lambda", "untag_resource", Resource=state.id, TagKeys=gone)

    def _arn(self, node: Node) -> str:
        return self.arn("lambda", f"function:{node.name}")

    def _outputs(self, node: Node, version: str) -> dict[str, Any]:
        arn = self._arn(node)
        return {"arn": arn, "live": f"{arn}:{LIVE}", "name": node.name, "version": version}

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Remove it with its versions, alias, policy and URL."""
        self.client.find("lambda", "delete_function", FunctionName=node.name)
        self.client.wait(
            f"{node.name} to be gone", lambda: True if self.client.find("lambda", "get_function", FunctionName=node.name) is None else None, run
        )


def _same_version(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(found.get(key) == value for key, value in wanted.items() if key != "tags")


def _marked(versions: Sequence[Mapping[str, Any]], wanted: str) -> str | None:
    """Return the newest version that was made of this very input."""
    return max((v["Version"] for v in versions if v.get("Description") == wanted), key=int, default=None)


def _superfluous(versions: Sequence[str], needed: set[str]) -> list[str]:
    newest = sorted(versions, key=int, reverse=True)[:KEPT]
    return sorted(set(versions) - set(newest) - needed, key=int)


def _refuse_another_package(node: Node, config: Mapping[str, Any], props: Mapping[str, Any]) -> None:
    """Stop before anything is written: Lambda never turns one into the other, and to delete it first would take its URL and its callers along."""
    if is_image(config) == ("image" in props):
        return
    was, wanted = ("an image", "an archive") if is_image(config) else ("an archive", "an image")
    name = node.address.rpartition("/")[2]
    raise CloudError(
        f"{node.name} was made from {was}, and Lambda never makes it one from {wanted}",
        reason="PackageType",
        help=f"give the function another name than `{name}`: the new one is made beside the old and takes its triggers, then the old one goes",
    )


def _refuse_failed(name: str, config: Mapping[str, Any]) -> None:
    for status, prefix in (("State", "State"), ("LastUpdateStatus", "LastUpdateStatus")):
        if config.get(status) == "Failed":
            reason = config.get(f"{prefix}ReasonCode") or "Failed"
            why = config.get(f"{prefix}Reason") or reason
            raise CloudError(f"Lambda could not set up {name}: {why}", reason=str(reason), help="correct what it names, and deploy again")
