from __future__ import annotations

import pytest

from fnctl.errors import CloudError, CredentialsError
from fnctl_aws import faults

ROLE = "The role defined for the function cannot be assumed by Lambda."


@pytest.mark.parametrize(
    ("service", "operation", "code", "status", "message", "seconds"),
    [
        ("lambda", "create_function", "InvalidParameterValueException", 400, ROLE, 300),
        ("lambda", "update_function_configuration", "InvalidParameterValueException", 400, ROLE, 300),
        ("lambda", "create_function", "InvalidParameterValueException", 400, "Runtime nope is not valid", None),
        ("iam", "create_role", "InvalidParameterValueException", 400, ROLE, None),
        ("lambda", "update_function_code", "ResourceConflictException", 409, "An update is in progress for resource: arn:x", 300),
        ("lambda", "update_alias", "ResourceConflictException", 409, "The function is currently in the following state: Pending", 300),
        ("lambda", "create_function", "ResourceConflictException", 409, "Function already exist: f", None),
        ("lambda", "add_permission", "ResourceConflictException", 409, "The statement id (x) provided already exists", None),
        ("lambda", "add_permission", "ResourceConflictException", 409, "due to a concurrent update operation", 60),
        (
            "lambda",
            "create_event_source_mapping",
            "InvalidParameterValueException",
            400,
            "The function execution role does not have permissions to call ReceiveMessage on SQS",
            300,
        ),
        ("lambda", "create_event_source_mapping", "InvalidParameterValueException", 400, "Queue visibility timeout: 30 seconds is less", None),
        ("sqs", "create_queue", "AWS.SimpleQueueService.QueueDeletedRecently", 400, "You must wait 60 seconds", 75),
        ("s3", "create_bucket", "OperationAborted", 409, "A conflicting conditional operation is currently in progress", 120),
        ("s3", "put_bucket_versioning", "NoSuchBucket", 404, "The specified bucket does not exist", 15),
        ("s3", "get_object", "NoSuchBucket", 404, "The specified bucket does not exist", None),
        (
            "scheduler",
            "create_schedule",
            "ValidationException",
            400,
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
            120,
        ),
        ("scheduler", "create_schedule", "ValidationException", 400, "Invalid Schedule Expression cron(x).", None),
        ("dynamodb", "create_table", "ResourceInUseException", 400, "Table already exists: t", None),
        ("dynamodb", "delete_table", "ResourceInUseException", 400, "Table is being created: t", 300),
        ("lambda", "get_alias", "TooManyRequestsException", 429, "Rate exceeded", 180),
        ("iam", "get_role", "Throttling", 400, "Rate exceeded", 180),
        ("s3", "put_object", "SlowDown", 503, "Please reduce your request rate.", 180),
        ("sqs", "get_queue_url", "InternalError", 500, "", 30),
        ("lambda", "get_alias", "NotImplemented", 501, "", None),
        ("lambda", "get_alias", "AccessDeniedException", 403, "User is not authorized", None),
    ],
)
def test_what_passes_and_for_how_long(service: str, operation: str, code: str, status: int, message: str, seconds: float | None) -> None:
    found = faults.patience(service, operation, code, status, message)
    assert (found.seconds if found else None) == seconds


def test_a_role_is_asked_for_densely_and_then_every_two_seconds() -> None:
    found = faults.patience("lambda", "create_function", "InvalidParameterValueException", 400, ROLE)
    assert found is not None
    assert [found.pause(attempt, 0) for attempt in range(6)] == [0.25, 0.5, 1.0, 2.0, 2.0, 2.0]
    assert found.pause(3, 299) is None


def test_every_row_names_operations_that_exist() -> None:
    from botocore import xform_name
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    for row in faults.PASSING:
        model = ServiceModel(Loader().load_service_model(row.service, "service-2"))
        assert row.operations <= {xform_name(name) for name in model.operation_names}, row


@pytest.mark.parametrize(
    ("action", "code", "kind", "words"),
    [
        ("lambda:GetFunction", "ExpiredTokenException", CredentialsError, "does not accept these credentials"),
        ("sts:GetCallerIdentity", "InvalidClientTokenId", CredentialsError, "does not accept these credentials"),
        ("sts:AssumeRole", "AccessDenied", CredentialsError, "does not accept these credentials"),
        ("lambda:CreateFunction", "AccessDeniedException", CloudError, "lambda:CreateFunction is not allowed"),
        ("lambda:CreateFunction", "CodeStorageExceededException", CloudError, "lambda:CreateFunction failed: the words"),
    ],
)
def test_refusals_in_our_words(action: str, code: str, kind: type[Exception], words: str) -> None:
    error = faults.refused(action, code, "the words.")
    assert type(error) is kind
    assert words in str(error)
    assert error.diagnostics[0].help or kind is CloudError


@pytest.mark.parametrize(
    ("code", "message", "help"),
    [
        ("AccessDeniedException", "Lambda does not have permission to access the ECR image. Check the ECR permissions.", "lambda.amazonaws.com"),
        (
            "InvalidParameterValueException",
            "The image manifest, config or layer media type for the source image x/shop:1 is not supported.",
            "--provenance=false",
        ),
        ("InvalidParameterValueException", "Source image x/shop:1 does not exist. Provide a valid source image.", "push the image first"),
    ],
)
def test_what_to_do_about_an_image_is_said(code: str, message: str, help: str) -> None:
    error = faults.refused("lambda:CreateFunction", code, message)
    assert message.rstrip(".") in str(error)
    assert "is not allowed" not in str(error), "it is ECR that does not allow it"
    assert help in str(error.diagnostics[0].help)


def test_the_clock_is_named_when_it_is_the_clock() -> None:
    assert "clock" in str(faults.refused("s3:PutObject", "RequestTimeTooSkewed", "too large").diagnostics[0].help)


@pytest.mark.parametrize(
    ("message", "clean"),
    [
        ("key AKIAIOSFODNN7EXAMPLE is bad", "key [hidden] is bad"),
        ("token ASIAIOSFODNN7EXAMPLE", "token [hidden]"),
        ("X-Amz-Signature=0123456789abcdef0123 no", "X-Amz-Signature=[hidden] no"),
        ("x-amz-security-token:FwoGZXIvYXdzEBYa next", "x-amz-security-token:[hidden] next"),
        ("Value 'hunter2' at 'value' failed", "Value '[hidden]' at 'value' failed"),
        ("does not match. The Canonical String for this request should have been 'POST x-amz-security-token:abc'", "does not match. "),
    ],
)
def test_no_secret_stays_in_a_message(message: str, clean: str) -> None:
    assert faults.scrub(message, ["hunter2", ""]) == clean


@pytest.mark.parametrize(
    ("service", "operation", "params", "once"),
    [
        ("apigatewayv2", "create_api", {"Name"}, True),
        ("lambda", "publish_version", {"FunctionName"}, True),
        ("lambda", "update_alias", {"FunctionName", "RevisionId"}, True),
        ("s3", "put_object", {"Key", "IfNoneMatch"}, True),
        ("s3", "put_object", {"Key"}, False),
        ("lambda", "create_function", {"FunctionName"}, False),
    ],
)
def test_what_is_never_sent_twice_blindly(service: str, operation: str, params: set[str], once: bool) -> None:
    assert faults.once(service, operation, params) is once
