"""Signing a request to AWS by hand (Signature Version 4): importing the SDK for one call would cost 190 ms at each cold start."""

from __future__ import annotations

import hashlib
import hmac
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_ALGORITHM = "AWS4-HMAC-SHA256"


def signed_headers(
    environ: Mapping[str, str], *, service: str, region: str, host: str, target: str, body: bytes, now: float, version: str = "1.1"
) -> dict[str, str]:
    """Give the headers of a signed `POST /` of the JSON protocol.

    Args:
        environ: holds AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for a role, AWS_SESSION_TOKEN.
        service: its signing name, `ssm`.
        region: as in the credential's scope.
        host: with the port where it is not the scheme's own.
        target: value of `X-Amz-Target`, `AmazonSSM.GetParameters`.
        body: the bytes that will be sent.
        now: Unix seconds.
        version: the protocol's: `1.1`, or DynamoDB's `1.0`.
    """
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    headers = {"content-type": f"application/x-amz-json-{version}", "host": host, "x-amz-date": stamp, "x-amz-target": target}
    if environ.get("AWS_SESSION_TOKEN"):
        headers["x-amz-security-token"] = environ["AWS_SESSION_TOKEN"]
    names = ";".join(sorted(headers))
    fields = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = f"POST\n/\n\n{fields}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    text = f"{_ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{environ['AWS_SECRET_ACCESS_KEY']}".encode()
    for part in (stamp[:8], region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"Credential={environ['AWS_ACCESS_KEY_ID']}/{scope}"
    return {**headers, "authorization": f"{_ALGORITHM} {credential}, SignedHeaders={names}, Signature={signature}"}
