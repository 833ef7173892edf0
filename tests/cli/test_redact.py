"""The redactor: what it masks, and what it must leave readable."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnctl.redact import MASK, SHORTEST, redactor

ENVIRON = {
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "GITHUB_TOKEN": 'ghp_"quoted"\\0123456789',
    "DB_PASSWORD": "short",
    "AWS_ACCESS_KEY_ID": "not-a-secret-by-itself",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/secrets/token-file",
    "HOME": "/home/somebody",
}
redact = redactor(ENVIRON)


@pytest.mark.parametrize(
    "text",
    [
        f"key {ENVIRON['AWS_SECRET_ACCESS_KEY']}.",
        ENVIRON["GITHUB_TOKEN"],
        json.dumps({"x": ENVIRON["GITHUB_TOKEN"]}),
        "AKIAIOSFODNN7EXAMPLE",
        "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.payload",
        "postgres://user:correct-horse@host/db",
        "aws_secret_access_key = abcdefghij",
        'client_secret: "abcdefghij"',
        "https://x/?X-Amz-Signature=0123456789abcdef",
        "AUTHORIZATION BEARER eyJhbGciOiJIUzI1NiJ9.payload",
        "authorization: bas\u0131c eyJhbGciOiJIUzI1NiJ9.payload",
        "\u017fecret: abcdefghij",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_it_masks(text: str) -> None:
    masked = redact(text)
    assert MASK in masked
    assert not any(value in masked for value in ("wJalr", "ghp_", "IOSFODNN7", "eyJhbG", "correct-horse", "abcdefghij", "0123456789abcdef", "MIIE"))


@pytest.mark.parametrize(
    "text",
    [
        "the password is short",
        "secrets: [STRIPE_KEY_NUMBER_ONE]",
        '{"secrets": [{"name": "STRIPE_KEY", "set": true}]}',
        "fnctl secret set STRIPE_KEY_LIVE",
        "sha256 9fabcb61c01caa21dbca9134f67f187cc275f7582a9537fc5fdcfbeba548c036",
        "https://abc123.execute-api.eu-west-1.amazonaws.com/orders",
        "arn:aws:lambda:eu-west-1:123456789012:function:orders-dev-api:live",
        "/var/run/secrets/token-file",
        "/home/somebody",
        "not-a-secret-by-itself",
    ],
)
def test_it_leaves(text: str) -> None:
    assert redact(text) == text


@given(st.text(min_size=SHORTEST).filter(lambda value: value.strip() == value), st.text(max_size=20), st.text(max_size=20))
def test_no_given_value_survives(value: str, before: str, after: str) -> None:
    masked = redactor({}, [value])(before + value + after)
    assert value not in masked.replace(MASK, "") or value in before + after
