"""Valid requests, and what is made of them: other values, other shapes, other bytes."""

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

__all__ = ["KEY", "Asked", "mutated", "valid_requests"]

KEY = "a key of the operator's"
"""What sessions are asked for with."""
DEEP: Any = []
for _ in range(150):
    DEEP = [DEEP]

VALUES: Sequence[Any] = (
    *(None, True, False, 0, -1, 1, 1e308, -1e-308, 2**31, 2**53 + 1, 2**63, -(2**64), 10**400, 1.5),
    *("", " ", "\0", "\x7f", "﻿", "\ud800", "a\udfffb", "‮", "﷽" * 50, "é" * 300, "x" * 70_000),
    *(
        "thr_",
        "../../etc/passwd",
        "%00",
        "' OR 1=1 --",
        "{{7*7}}",
        "${HOME}",
        "<script>",
        "\r\nSet-Cookie: a=b",
    ),
    *([], {}, [[]], [None], {"": ""}, {"type": None}, {"type": "x"}, [1] * 300, {"__proto__": 1}, DEEP),
    *("NaN", "Infinity", "1e999", "2026-13-45", "null", "inf", "data:text/html,x", "file:///etc/passwd"),
)
TOKENS: Sequence[bytes] = (
    *(
        b"\0",
        b"\xff",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\xfe\xff",
        b"\xf4\x90\x80\x80",
        b"\r\n",
    ),
    *(
        b'"',
        b"\\",
        b"\\u0000",
        b"\\ud800",
        b"\\udc00",
        b"\\x",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"//",
        b"/*",
    ),
    *(b"NaN", b"-Infinity", b"1e999", b"-0", b"00", b"9" * 400, b"1." + b"0" * 400, b"true", b"nul"),
    *(b'"type":"threads.list",', b'"params":null,', b'"a":1,"a":2,', b"[" * 300, b'{"a":' * 300, b" " * 5000),
    *(
        b"--xyz",
        b"--xyz--",
        b"\r\n\r\n",
        b'; filename="',
        b"Content-Disposition: form-data\r\n",
        b"=?utf-8?b?",
    ),
)
HEADERS: Sequence[tuple[bytes, bytes]] = (
    *(
        (b"content-type", value)
        for value in (b"", b"\xff", b"text/plain", b"multipart/form-data", b"a" * 9000)
    ),
    *(
        (b"content-type", b"multipart/form-data; boundary=" + value)
        for value in (b"", b'"', b"x" * 300, b"\0")
    ),
    *((b"content-length", value) for value in (b"", b"-1", b"9" * 30, b"0", b"abc", b"1,2", b"\xb2")),
    *((b"content-encoding", b"gzip"), (b"transfer-encoding", b"chunked"), (b"expect", b"100-continue")),
    *(
        (b"authorization", value)
        for value in (b"", b"Bearer", b"Bearer \xff", b"Basic YTpi", b"Bearer " * 900)
    ),
    *(
        (b"host", value)
        for value in (b"", b"\xff", b"a b", b"[::1", b"x:99999999", b"evil.example@localhost")
    ),
    *((b"origin", value) for value in (b"null", b"https://evil.example", b"\0", b"http://localhost:\xff")),
    *((b"accept-language", value) for value in (b"\xff", b"de;q=x", b"," * 5000, b"a-" * 900, b"*;q=0")),
    *((b"idempotency-key", value) for value in (b"", b"\xff", b"k" * 999, b"same")),
    *(
        (b"range", value)
        for value in (b"bytes=-0", b"bytes=9-1", b"bytes=" + b"0-," * 900, b"x", b"bytes=0-\xb2")
    ),
    *((b"if-none-match", b'W/"' + b"x" * 9000), (b"last-event-id", b"-1"), (b"last-event-id", b"\xb2\xff")),
    *((b"x-request-id", b"a\nb"), (b"x-forwarded-for", b"\xff, 1.2.3.4"), (b"cookie", b"=; ;\xff=" * 99)),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it goes over the wire, or nearly."""

    method: str
    path: str
    body: bytes = b""
    query: bytes = b""
    headers: Sequence[tuple[bytes, bytes]] = ()
    tree: Any = field(default=None, compare=False)
    """The JSON that the body was made of."""


def _json(path: str, tree: Any, *headers: tuple[bytes, bytes]) -> Asked:
    kind = (b"content-type", b"application/json")
    return Asked("POST", path, json.dumps(tree).encode(), headers=[kind, *headers], tree=tree)


def _message(ids: Mapping[str, str], **fields: Any) -> dict[str, Any]:
    tag = {"type": "input_tag", "id": "t", "text": "tag", "data": {"a": 1}, "group": "g", "interactive": True}
    return {
        "content": [{"type": "input_text", "text": "hello"}, tag],
        "attachments": [ids["attachment"]],
        "quoted_text": "quoted",
        "inference_options": {"tool_choice": None, "model": None},
        **fields,
    }


def valid_requests(ids: Mapping[str, str]) -> list[Asked]:
    """One of each operation and route. `ids` names a thread, its items and attachments, and a token."""
    thread, item = ids["thread"], ids["item"]
    action = {"type": "demo.button", "payload": {"a": [1, "b"]}}
    operations: dict[str, dict[str, Any]] = {
        "threads.get_by_id": {"thread_id": thread},
        "threads.list": {"limit": 20, "order": "desc", "after": None},
        "threads.create": {"input": _message(ids, attachments=[])},
        "threads.add_user_message": {"thread_id": thread, "input": _message(ids)},
        "threads.add_client_tool_output": {"thread_id": thread, "result": {"a": [1, 2]}},
        "threads.add_structured_input": {
            "thread_id": thread,
            "item_id": item,
            "input": {"status": "answered", "answers": {"q": {"values": ["v"], "skipped": False}}},
        },
        "threads.retry_after_item": {"thread_id": thread, "item_id": item},
        "threads.custom_action": {"thread_id": thread, "item_id": item, "action": action},
        "threads.sync_custom_action": {"thread_id": thread, "item_id": item, "action": action},
        "threads.update": {"thread_id": thread, "title": "title"},
        "threads.delete": {"thread_id": "thr_none"},
        "items.list": {"thread_id": thread, "limit": 20, "order": "asc", "after": item},
        "items.feedback": {"thread_id": thread, "item_ids": [item], "kind": "positive"},
        "attachments.create": {"name": "a.png", "size": 5, "mime_type": "image/png"},
        "attachments.delete": {"attachment_id": "atc_none"},
        "input.transcribe": {"audio_base64": "AAAA", "mime_type": "audio/webm"},
    }
    chatkit = [
        _json("/chatkit", {"type": name, "params": params, "metadata": {"m": 1}})
        for name, params in operations.items()
    ]
    form = (
        b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\nhello\r\n--xyz--\r\n"
    )
    multipart = [(b"content-type", b"multipart/form-data; boundary=xyz")]
    token = b"token=" + ids["token"].encode()
    return [
        *chatkit,
        Asked("POST", "/files", form, headers=multipart),
        Asked("POST", f"/files/{ids['announced']}", form, token, multipart),
        Asked("PUT", f"/files/{ids['announced']}", b"hello", token, [(b"content-type", b"image/png")]),
        Asked("GET", f"/files/{ids['attachment']}", b"", token, [(b"range", b"bytes=0-1")]),
        Asked("HEAD", f"/files/{ids['attachment']}", b"", token),
        Asked("GET", "/threads/search", b"", b"q=hello&limit=5"),
        Asked("GET", f"/threads/{thread}/stream", b"", b"after=0&turn=trn_none"),
        Asked("POST", f"/threads/{thread}/cancel"),
        Asked("GET", "/composer"),
        _json(
            "/session",
            {"user": "alice", "expires_after": {"seconds": 60}, "claims": {"a": 1}, "tenant": "t"},
            (b"authorization", b"Bearer " + KEY.encode()),
        ),
    ]


def mutated(asked: Asked, dice: Random) -> Asked:
    """The request with one to four things wrong, mostly one."""
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        asked = dice.choice(MUTATIONS)(asked, dice)
    return asked


def _other_value(asked: Asked, dice: Random) -> Asked:
    if not isinstance(asked.tree, dict | list) or not asked.tree:
        return _other_bytes(asked, dice)
    tree = deepcopy(asked.tree)
    holder, key = dice.choice(list(_places(tree)))
    match dice.randrange(5):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[str(dice.choice(VALUES))[:50]] = holder.pop(key)
        case 2:
            holder[key] = [deepcopy(holder[key])] * dice.choice((1, 2, 50))
        case _:
            holder[key] = deepcopy(dice.choice(VALUES))
    # surrogates go out as escapes, as clients in JavaScript send them
    return replace(asked, body=json.dumps(tree).encode(), tree=tree)


def _places(tree: Any) -> Any:
    """Every key of every object and array in it."""
    holders = [tree]
    while holders:
        holder = holders.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            yield holder, key
            if isinstance(holder[key], dict | list) and len(holders) < 50:
                holders.append(holder[key])


def _other_bytes(asked: Asked, dice: Random) -> Asked:
    body = bytearray(asked.body or b"x")
    for _ in range(dice.choice((1, 1, 2, 8))):
        place = dice.randrange(len(body) + 1)
        match dice.randrange(5):
            case 0 if body:
                body[place % len(body)] = dice.randrange(256)
            case 1:
                body = body[:place] or bytearray(b"x")
            case 2:
                body[place:place] = body[: dice.randrange(1, 200)]
            case 3:
                del body[place : place + dice.randrange(1, 20)]
            case _:
                body[place:place] = dice.choice(TOKENS)
    return replace(asked, body=bytes(body[:2_000_000]), tree=None)


def _other_headers(asked: Asked, dice: Random) -> Asked:
    name, value = dice.choice(HEADERS)
    kept = [header for header in asked.headers if header[0] != name or dice.random() < 0.3]
    return replace(asked, headers=[*kept, (name, value)])


def _other_address(asked: Asked, dice: Random) -> Asked:
    path, query = asked.path, bytearray(asked.query or b"a=b")
    token = dice.choice(TOKENS)[:200]
    match dice.randrange(4):
        case 0:
            place = dice.randrange(1, len(path) + 1)
            path = path[:place] + token.decode("utf-8", "replace") + path[place:]
        case 1:
            query[dice.randrange(len(query)) :] = token
        case 2:
            query[dice.randrange(len(query))] = dice.randrange(256)
        case _:
            query += b"&" + bytes(asked.query or b"token=x") * dice.choice((1, 300))
    return replace(asked, path=path, query=bytes(query))


def _other_method(asked: Asked, dice: Random) -> Asked:
    return replace(
        asked, method=dice.choice(("GET", "PUT", "PATCH", "OPTIONS", "TRACE", "BREW", "DELETE", "HEAD"))
    )


MUTATIONS = (*[_other_value] * 6, *[_other_bytes] * 4, _other_headers, _other_address, _other_method)
