"""Routes of HTTP triggers: what fits, what it gives, and which of several wins."""

from __future__ import annotations

import pytest

from fnctl_azure.standin.hosts.routes import match, route


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("orders", "/orders", {}),
        ("Orders", "/ORDERS/", {}),
        ("orders", "/orders/7", None),
        ("orders/{id}", "/orders/a%20b", {"id": "a b"}),
        ("orders/{id}", "/orders", None),
        ("orders/{id?}", "/orders", {}),
        ("orders/{id=7}", "/orders", {"id": "7"}),
        ("orders/{id:int}", "/orders/x", None),
        ("orders/{id:int:min(3)}", "/orders/2", None),
        ("orders/{id:int:min(3)?}", "/orders/3", {"id": "3"}),
        ("files/{*path}", "/files/a/b%2Fc", {"path": "a/b/c"}),
        ("files/{*path}", "/files", {"path": ""}),
        ("{name}.{kind}", "/photo.jpg", {"name": "photo", "kind": "jpg"}),
        ("{code:regex(^[a-z]{{2}}$)}", "/ab", {"code": "ab"}),
        ("{code:regex(^[a-z]{{2}}$)}", "/abc", None),
        ("{fnctl_root:maxlength(0)?}", "/", {}),
        ("{fnctl_root:maxlength(0)?}", "/x", None),
        ("{id:guid}/x", "/6f9619ff-8b86-d011-b42d-00c04fc964ff/x", {"id": "6f9619ff-8b86-d011-b42d-00c04fc964ff"}),
        ("a/{b:alpha}/{c:range(1,3)}", "/a/Xy/4", None),
        ("*/x", "/*/x", {}),
    ],
)
def test_what_fits(template: str, path: str, values: dict[str, str] | None) -> None:
    assert match(route(template), path) == values


def test_what_says_most_is_tried_first() -> None:
    order = ["a/b", "a/{id}x", "a/{id:int}", "a/{id}", "a/{*rest}", "{any}/b", "{*all}"]
    assert [one.template for one in sorted(map(route, reversed(order)), key=lambda one: one.rank)] == order
