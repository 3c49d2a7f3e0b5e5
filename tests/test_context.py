"""Who a context stands for."""

import pytest

from chatkit_asgi.context import RequestContext, owner_of


@pytest.mark.parametrize(
    ("tenant", "user", "owner"),
    [
        ("", "alice", "alice"),
        ("acme", "alice", "acme/alice"),
        ("", "acme/alice", "acme%2Falice"),
        ("a%2Fb", "c", "a%252Fb/c"),
        ("a/b", "c", "a%2Fb/c"),
        ("acme", "", "acme/"),
        ("", "acme", "acme"),
    ],
)
def test_no_two_callers_share_an_owner_and_each_is_found_again(tenant: str, user: str, owner: str) -> None:
    context = RequestContext(user_id=user, tenant=tenant)
    assert context.owner == owner
    assert RequestContext.of_owner(owner) == context


@pytest.mark.parametrize(
    ("context", "owner"),
    [
        (RequestContext(user_id="alice", tenant="acme"), "acme/alice"),
        ({"user_id": "alice"}, "alice"),
        ({"userId": 7}, "7"),
        ({}, ""),
        (None, ""),
    ],
)
def test_owner_is_found_in_contexts_of_applications(context: object, owner: str) -> None:
    assert owner_of(context) == owner
