"""Deploys run at AWS's quotas and not into them: calls are paced, refusals are not waited for."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.cli import Fnctl
from fakes.quota import metered, quota_of

FUNCTIONS = 8
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def manifest() -> str:
    head = "fnctl: 1\nservice: many\ntargets: { aws: { region: eu-west-1 } }\ndefaults: { runtime: python3.13 }\nfunctions:\n"
    line = '  f{0}: {{ handler: "src/f{0}.py:handler", triggers: [{{ http: GET /f{0} }}] }}\n'
    return head + "".join(line.format(number) for number in range(FUNCTIONS))


def test_a_deploy_of_many_functions_is_never_refused(fnctl: Fnctl, project: Callable[..., Path]) -> None:
    sources = {f"src/f{number}.py": f"def handler(request):\n    return {number}\n" for number in range(FUNCTIONS)}
    folder = project(**{"fnctl.yaml": manifest(), **sources})
    fnctl("sandbox", "start", cwd=folder)
    endpoint = fnctl("sandbox", "status", "--output", "json", cwd=folder).document()["endpoint"]
    with metered(endpoint) as meter:
        result = fnctl("deploy", "--yes", "--output", "json", cwd=folder, env={**KEYS, "AWS_ENDPOINT_URL": meter.endpoint}).result()
    assert (result["status"], len(result["outputs"]["functions"])) == ("deployed", FUNCTIONS)
    assert meter.count("lambda") > meter.quotas["lambda"].burst + FUNCTIONS  # it had something to be refused for
    assert meter.count(status=429) == 0


def test_the_quotas_bite() -> None:
    with metered("http://127.0.0.1:9") as meter:
        meter.quotas["lambda"].burst = meter.quotas["lambda"].tokens = 0.0
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{meter.endpoint}/2015-03-31/functions/x/versions", data=b"{}", timeout=5)
        refused.value.close()
    assert (refused.value.code, refused.value.headers["x-amzn-errortype"]) == (429, "TooManyRequestsException")
    assert meter.count("lambda", 429) == 1


def test_each_call_draws_from_its_own_quota() -> None:
    base = "/2015-03-31/functions"
    assert quota_of("POST", base) == "lambda"
    assert quota_of("GET", f"{base}/x?Qualifier=live") == "lambda.GetFunction"
    assert quota_of("GET", f"{base}/x/policy?Qualifier=live") == "lambda.GetPolicy"
    assert quota_of("POST", f"{base}/x/invocations") == ""
    assert quota_of("GET", "/v2/apis") == "apigateway"
    assert quota_of("PUT", "/bucket/2015-03-31/functions") == ""
