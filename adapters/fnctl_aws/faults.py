"""What AWS's refusals mean, as data: which pass with time, which say that nothing is there, which are about who asks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fnctl.errors import CloudError, CredentialsError, FnctlError, Unreachable

LOGIN = "log in (`aws sso login`), set AWS_PROFILE or `targets.aws.profile`, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
DENIED = "allow it for the identity that deploys; docs/aws-credentials.md has a policy with every action that fnctl uses"

REACH = "check the network, the region and AWS_ENDPOINT_URL; a sandbox is started with `fnctl sandbox start`"
AGAIN = "run the same command again: it looks first at what is there"

DENSE = (0.25, 0.5, 1.0, 2.0)
"""Seconds between tries while something propagates; the last one repeats. Roles are usually visible after 5 to 15 s."""
DOUBLING = (1.0, 2.0, 4.0, 8.0)
QUICK = (0.25, 0.5, 1.0)
THROTTLED = (0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a refusal is worth waiting for, and in which steps."""

    seconds: float
    steps: tuple[float, ...] = DOUBLING
    throttled: bool = False

    def pause(self, attempt: int, elapsed: float) -> float | None:
        """Return the seconds before try number `attempt` + 2, None when the time is up."""
        step = self.steps[min(attempt, len(self.steps) - 1)]
        return step if elapsed + step <= self.seconds else None


@dataclass(frozen=True, slots=True)
class Passing:
    """A refusal that passes: matched by service, operation (empty: any), code and a part of the message."""

    service: str
    operations: frozenset[str]
    code: str
    part: str
    patience: Patience


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _passing(service: str, operations: str, code: str, *parts: str, seconds: float, steps: tuple[float, ...] = DOUBLING) -> list[Passing]:
    return [Passing(service, frozenset(operations.split()), code, part, Patience(seconds, steps)) for part in parts or ("",)]


_FUNCTION = "create_function update_function_configuration"
_FUNCTION_WRITES = (
    "update_function_configuration update_function_code publish_version create_alias update_alias delete_alias delete_function "
    "put_function_concurrency delete_function_concurrency create_function_url_config update_function_url_config put_provisioned_concurrency_config "
    "put_function_event_invoke_config tag_resource"
)
_MAPPING = "create_event_source_mapping update_event_source_mapping"
_BUCKET_WRITES = (
    "put_bucket_versioning put_bucket_encryption put_public_access_block put_bucket_policy put_bucket_tagging "
    "put_bucket_lifecycle_configuration put_bucket_notification_configuration"
)

# Sources: boto3 error messages as handled by the engines that deploy with direct calls (cdkd retryable-errors.ts at 8ee4235, 2026-08-22;
# terraform-provider-aws retryFunctionOp and retryEventSourceMapping, 2026) and the exceptions of the service models. Both code and words must
# match, and words are AWS's own, never a resource's name. Whatever is not here fails at once.
PASSING: tuple[Passing, ...] = tuple(
    row
    for rows in (
        # A new role, and what it may do, reach Lambda seconds after IAM has said yes.
        _passing(
            "lambda",
            _FUNCTION,
            "InvalidParameterValueException",
            "The role defined for the function cannot be assumed by Lambda",
            "The provided execution role does not have permissions",
            "ARN does not refer to a valid principal",
            "KMS key is invalid for CreateGrant",
            seconds=300,
            steps=DENSE,
        ),
        _passing("lambda", _FUNCTION, "InvalidParameterValueException", "throttled by EC2", seconds=600),
        _passing(
            "lambda",
            _FUNCTION_WRITES,
            "ResourceConflictException",
            "update is in progress",
            "currently in the following state: Pending",
            seconds=300,
        ),
        _passing("lambda", "add_permission remove_permission", "ResourceConflictException", "concurrent update operation", seconds=60, steps=QUICK),
        _passing(
            "lambda",
            _MAPPING,
            "InvalidParameterValueException",
            "execution role does not have permissions to call",
            "Cannot access stream",
            "Please ensure the role can perform",
            "Please add Lambda as a Trusted Entity",
            "The security token included in the request is invalid",
            seconds=300,
            steps=DENSE,
        ),
        _passing("lambda", "update_event_source_mapping delete_event_source_mapping", "ResourceInUseException", "because it is in use", seconds=300),
        _passing("iam", "", "ConcurrentModification", seconds=60),
        _passing("iam", "", "MalformedPolicyDocument", "Invalid principal in policy", seconds=120, steps=DENSE),
        _passing("iam", "", "DeleteConflict", "must detach all policies", "must delete policies", seconds=30),
        _passing("sqs", "create_queue set_queue_attributes", "InvalidAttributeValue", "Invalid value for the parameter Policy", seconds=60),
        _passing("sqs", "create_queue", "AWS.SimpleQueueService.QueueDeletedRecently", seconds=75),
        _passing("sqs", "create_queue", "QueueDeletedRecently", seconds=75),
        _passing("sns", "", "InvalidParameter", "PrincipalNotFound", seconds=60, steps=DENSE),
        _passing(
            "scheduler", "create_schedule update_schedule", "ValidationException", "must allow AWS EventBridge Scheduler", seconds=120, steps=DENSE
        ),
        _passing(
            "stepfunctions",
            "create_state_machine update_state_machine",
            "AccessDeniedException",
            "is authorized to assume the provided role",
            "is not authorized to access the Log Destination",
            seconds=60,
            steps=DENSE,
        ),
        _passing("stepfunctions", "create_state_machine", "StateMachineDeleting", seconds=300),
        _passing("s3", "", "OperationAborted", seconds=120),
        _passing("s3", _BUCKET_WRITES, "NoSuchBucket", seconds=15, steps=QUICK),
        _passing("s3", "put_bucket_policy", "MalformedPolicy", "Invalid principal in policy", seconds=60, steps=DENSE),
        _passing(
            "s3",
            "put_bucket_notification_configuration",
            "InvalidArgument",
            "Unable to validate the following destination configurations",
            seconds=60,
        ),
        _passing("dynamodb", "update_table delete_table update_time_to_live tag_resource", "ResourceInUseException", seconds=300),
        _passing("dynamodb", "update_time_to_live", "ValidationException", "TimeToLive is being", seconds=120),
        _passing("dynamodb", "", "LimitExceededException", seconds=300),
        _passing("events", "", "ConcurrentModificationException", seconds=60),
        _passing("apigatewayv2", "", "ConflictException", "another request", "concurrent", "Unable to complete operation due to", seconds=60),
        _passing("logs", "", "OperationAbortedException", seconds=60),
        _passing("secretsmanager", "create_secret", "InvalidRequestException", "scheduled for deletion", seconds=60),
    )
    for row in rows
)

THROTTLES = _words(
    "Throttling ThrottlingException ThrottledException RequestLimitExceeded TooManyRequestsException TooManyUpdates RequestThrottled "
    "RequestThrottledException SlowDown PriorRequestNotComplete BandwidthLimitExceeded ProvisionedThroughputExceededException "
    "EC2ThrottledException TransactionInProgressException"
)
NOT_FOUND = _words(
    "ResourceNotFoundException NoSuchEntity NoSuchBucket NoSuchKey NotFoundException NotFound 404 AWS.SimpleQueueService.NonExistentQueue "
    "QueueDoesNotExist ParameterNotFound NoSuchTagSet NoSuchBucketPolicy NoSuchPublicAccessBlockConfiguration NoSuchLifecycleConfiguration "
    "ServerSideEncryptionConfigurationNotFoundError NoSuchCORSConfiguration NoSuchVersion NoSuchUpload StateMachineDoesNotExist"
)
CREDENTIALS = _words(
    "ExpiredToken ExpiredTokenException TokenRefreshRequired InvalidClientTokenId UnrecognizedClientException InvalidAccessKeyId InvalidToken "
    "SignatureDoesNotMatch InvalidSignatureException AuthFailure MissingAuthenticationToken MissingAuthenticationTokenException RequestExpired "
    "IncompleteSignature IncompleteSignatureException OptInRequired NotSignedUp RequestTimeTooSkewed"
)
ACCESS = _words("AccessDenied AccessDeniedException UnauthorizedOperation AuthorizationError AuthorizationErrorException 403")

# Creates that the service would do twice, calls with a condition that our own first try would fail, and calls that run people's code. A lost answer
# to one of these is reported as unknown and never sent again from here.
ONCE = frozenset(
    [
        *(("apigatewayv2", name) for name in ("create_api", "create_integration", "create_authorizer", "create_deployment")),
        *(("lambda", name) for name in ("create_event_source_mapping", "publish_version", "invoke")),
        ("stepfunctions", "publish_state_machine_version"),
        ("sqs", "send_message"),
        ("sns", "publish"),
    ]
)
CONDITIONS = frozenset({"IfMatch", "IfNoneMatch", "RevisionId"})


NO_CREDENTIALS = _words(
    "NoCredentialsError PartialCredentialsError CredentialRetrievalError TokenRetrievalError NoAuthTokenError ProfileNotFound SSOError LoginError "
    "InvalidConfigError ConfigParseError ConfigNotFound UnknownCredentialError RefreshWithMFAUnsupportedError UnknownTokenProviderError"
)
LOST = frozenset({"HTTPClientError", "IncompleteReadError", "FlexibleChecksumError"})
SENSITIVE = ("Value", "SecretString", "SecretBinary")
"""Parameters that hold people's secrets: AWS's validation messages quote them."""


def once(service: str, operation: str, params: Iterable[str]) -> bool:
    """Tell whether a call must not be repeated while it is unknown whether it took effect."""
    return (service, operation) in ONCE or not CONDITIONS.isdisjoint(params)


def patience(service: str, operation: str, code: str, status: int, message: str) -> Patience | None:
    """Return how long to go on trying after a refusal, None when trying again cannot help."""
    for row in PASSING:
        named = row.service == service and row.code == code and row.part in message
        if named and (not row.operations or operation in row.operations):
            return row.patience
    if code in THROTTLES or status == 429:
        return Patience(180, THROTTLED, throttled=True)
    return Patience(30, DOUBLING) if status >= 500 and status != 501 else None


def answered(
    response: Mapping[str, Any], service: str, operation: str, name: str, secrets: Iterable[str], *, once: bool
) -> tuple[FnctlError, Patience | None]:
    """Judge a refusal: the error to raise, and how long to go on trying before that.

    `name` is the operation that was refused (`CreateFunction`): another one than asked for means that the SDK was fetching credentials.
    `secrets` are values to keep out of the message.
    """
    fault = response.get("Error", {})
    code, message = str(fault.get("Code", "")), scrub(str(fault.get("Message", "")), secrets)
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    asked = name.lower() == operation.replace("_", "")
    action = f"{service if asked else 'sts'}:{name}"
    patient = patience(service, operation, code, status, message)
    # A 5xx that is no throttle may come after the work was done.
    unknown = status >= 500 and not (patient and patient.throttled)
    return refused(action, code, message, unknown=unknown), None if once and unknown else patient


def broken(names: frozenset[str], words: str, service: str, operation: str, endpoint: str, *, once: bool) -> tuple[FnctlError, Patience | None]:
    """Judge a failure that AWS did not answer for. `names` are the class names of botocore's exception."""
    call = f"{service} {operation}"
    if not names.isdisjoint(NO_CREDENTIALS):
        return CredentialsError(f"there are no usable AWS credentials: {_sentence(words)}", help=LOGIN), None
    if "ConnectionError" in names:
        return Unreachable(f"nothing answers at {endpoint}: {_sentence(words)}", reason="Unreachable", help=REACH), Patience(3, QUICK)
    if not names.isdisjoint(LOST):
        lost = CloudError(f"the answer of {endpoint} to {call} was lost: {_sentence(words)}", reason="Lost", unknown=True, help=AGAIN)
        return lost, None if once else Patience(10, QUICK)
    if "ResponseParserError" in names:
        return CloudError(f"what {endpoint} answers to {call} is not AWS's protocol", reason="NotAws", unknown=True, help=REACH), None
    hidden = service in ("ssm", "secretsmanager")  # botocore quotes the values that it does not like
    return CloudError(f"{call} could not be sent" + ("" if hidden else f": {_sentence(words)}"), reason="Invalid"), None


IMAGES = (
    (
        "permission to access the ECR image",
        "let the repository's policy allow `lambda.amazonaws.com` to read it, or this identity write that policy: docs/aws-credentials.md",
    ),
    ("media type", "push one image for one machine: docker build --platform linux/amd64 --provenance=false (linux/arm64 for `architecture: arm64`)"),
    ("Source image", "push the image first, or correct `image`: the repository and the tag or digest have to be there"),
)
"""Words of Lambda's refusals of a container image, and what to do: each of them is easy to take for something else."""


def refused(action: str, code: str, message: str, *, unknown: bool = False) -> FnctlError:
    """Put a refusal into fnctl's errors. `action` is IAM's word for the call, `lambda:CreateFunction`; `message` is AWS's own, already scrubbed."""
    words = _sentence(message) or code
    if code in CREDENTIALS or (code in ACCESS and action.startswith("sts:")):
        skewed = code in ("RequestTimeTooSkewed", "RequestExpired")
        help_ = "set this machine's clock: AWS refuses requests that are more than minutes off" if skewed else LOGIN
        return CredentialsError(f"AWS does not accept these credentials: {words}", notes=(f"{action} answered {code}",), help=help_)
    image = next((help for part, help in IMAGES if part in message), None) if action.startswith("lambda:") else None
    if code in ACCESS and image is None:
        return CloudError(f"{action} is not allowed: {words}", reason=code, help=DENIED)
    return CloudError(f"{action} failed: {words}", reason=code, unknown=unknown, notes=(f"AWS's error code is {code}",), help=image)


_SECRETS = (
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b"),
    re.compile(r"(?i)(?<=signature=)[0-9a-f]{16,}"),
    re.compile(r"(?i)(?<=security-token[=:])\S+"),
    re.compile(r"(?i)(?<=secret[-_ ]access[-_ ]key[=:])\S+"),
    re.compile(r"(?i)(?<=encoded authorization failure message: )\S+"),
)


def scrub(message: str, secrets: Iterable[str] = ()) -> str:
    """Take keys, signatures, tokens and the given values out of a message; a signature error's canonical request goes as a whole."""
    for secret in sorted((value for value in secrets if value), key=len, reverse=True):
        message = message.replace(secret, "[hidden]")
    for pattern in _SECRETS:
        message = pattern.sub("[hidden]", message)
    return message.partition("The Canonical String for this request")[0]


def _sentence(message: str) -> str:
    return " ".join(message.split()).rstrip(".")
