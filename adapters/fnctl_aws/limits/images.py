"""Container images: where Lambda takes them from, and what names one for good."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from fnctl.manifest.model import Function
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl.source import Span
from fnctl_aws.limits.parts import at, outside

_HOST = r"[0-9]{12}\.dkr\.ecr(?P<fips>-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?"
_PATH = r"[a-z0-9]+([._/-]+[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})"


@rule("AWS126", "error", "aws", alike=True)
def image_out_of_reach(subject: Subject) -> Iterator[Found]:
    """Find images that Lambda cannot fetch: of another registry than a private one of ECR, of another region, without tag or digest.

    Why: CreateFunction and UpdateFunctionCode refuse them.

    Example:
      targets: { aws: { region: eu-west-1 } }
      functions:
        shop: { image: "111122223333.dkr.ecr.us-east-1.amazonaws.com/shop:1.4" }

    Use instead:
      targets: { aws: { region: eu-west-1 } }
      functions:
        shop: { image: "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:1.4" }

    Sources: Lambda Developer Guide, Create a Lambda function using a container image, read 2026-11
    """
    region = str(subject.service.settings.get("region") or "")
    for function in subject.service.functions.values():
        if function.image is None:
            continue
        host, _, path = function.image.uri.partition("/")
        match, span = re.fullmatch(_HOST, host), _where(subject, function)
        if match is None:
            copy = f"copy it there: ACCOUNT.dkr.ecr.{region or 'REGION'}.amazonaws.com/{path or 'NAME:TAG'}"
            yield Found(f"Lambda takes images from a private repository of ECR, and not from {host}", span, "another registry", help=copy)
        elif match["fips"]:
            help = f"the same image without it: {function.image.uri.replace('.ecr-fips.', '.ecr.', 1)}"
            yield Found("Lambda takes no image from a FIPS endpoint of ECR", span, "ecr-fips", help=help)
        elif region and match["region"] != region:
            help = f"copy the image to {region}, or let ECR replicate it there"
            yield Found(f"the image is in {match['region']}, and the function in {region}", span, "another region", help=help)
        elif not re.fullmatch(_PATH, path):
            help = "REPOSITORY:TAG, or REPOSITORY@sha256: and the 64 digits of the digest"
            yield Found(f"the image of `{function.name}` has no name that ECR knows", span, "one tag or one digest", help=help)


@rule("ADV024", "advice", "aws", alike=True)
def image_can_move(subject: Subject) -> Iterator[Found]:
    """Point at images that are named by a tag.

    Why: Lambda looks a tag up once, when the function is deployed. A tag that is pushed again changes nothing until the address does: neither
    `plan` nor `deploy` sees it, and no release says which image it was.

    Example:
      functions:
        shop: { image: "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:latest" }

    Use instead:
      functions:
        shop: { image: "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" }

    Sources: Lambda API Reference, UpdateFunctionCode, read 2026-11
    """
    for function in subject.service.functions.values():
        if function.image and "@" not in function.image.uri and ":" in function.image.uri.partition("/")[2]:
            help = "name it by its digest: docker push prints it, and so does aws ecr describe-images"
            yield Found(f"the tag of the image of `{function.name}` can move, and nothing will see it", _where(subject, function), "a tag", help=help)


@rule("AWS127", "error", "aws", alike=True)
def image_settings_too_long(subject: Subject) -> Iterator[Found]:
    """Find commands, entry points and working directories of an image that are longer than Lambda takes.

    Why: CreateFunction refuses them.

    Example: `command` with a list of 2,000 words.

    Use instead:
      functions:
        shop: { image: { uri: "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:1.4", command: [app.orders.handler] } }

    Sources: `lambda.image.words`, `lambda.image.directory`
    """
    for function in subject.service.functions.values():
        image = function.image
        if image is None:
            continue
        lengths = {"command": len(image.command), "entry_point": len(image.entry_point), "working_directory": len(image.working_directory or "")}
        for word, length in lengths.items():
            limit = "lambda.image.directory" if word == "working_directory" else "lambda.image.words"
            span = partial(at, subject, function, "image", word)
            yield from outside(
                subject.limits, limit, length, f"`{word}` of `{function.name}`", span, "keep it in the image: its own CMD, ENTRYPOINT and WORKDIR"
            )


def _where(subject: Subject, function: Function) -> Span | None:
    """Find the address, short or long."""
    return at(subject, function, "image", "uri")


RULES: tuple[Rule, ...] = (image_out_of_reach, image_settings_too_long, image_can_move)
