"""Texts and values that mean harm, in every place of the protocol that takes one."""

import json
from pathlib import Path

from tests.page.events import Json, assistant, custom, item, part, user, widget

__all__ = ["CORPUS", "FAULTS", "PAYLOADS", "turn"]

_FILE = Path(__file__).parents[2] / "page" / "tests" / "xss.json"
CORPUS: list[str] = [
    each["text"].replace("alert(", "pwned(") for each in json.loads(_FILE.read_text())["texts"]
]
"""Markdown."""

PAYLOADS = [
    "<script>pwned(1)</script>",
    "<img src=x onerror=pwned(1)>",
    '"><svg onload=pwned(1)>',
    "' onmouseover='pwned(1)' x='",
    "javascript:pwned(1)",
    " JaVa\tScRiPt:pwned(1)",
    "data:text/html,<script>pwned(1)</script>",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='pwned(1)'/>",
    "vbscript:pwned(1)",
    "blob:null/x",
    "[x](javascript:pwned(1)) ![x](javascript:pwned(1))",
    "${pwned(1)} {{constructor.constructor('pwned(1)')()}}",
    "red; background: url(javascript:pwned(1)); behavior: url(x)",
    "lucide:../../x",
    "__proto__",
    "constructor",
    "</textarea></style></template><script>pwned(1)</script>",
]

PROPERTIES = (
    *("value", "label", "name", "placeholder", "icon", "iconStart", "iconEnd", "src", "alt", "href", "color"),
    *("background", "size", "width", "height", "gap", "padding", "margin", "border", "radius", "flex", "fit"),
    *("aspectRatio", "position", "variant", "style", "pattern", "inputType", "defaultValue", "min", "max"),
    *("fieldName", "ariaLabel", "weight", "textAlign", "align", "justify", "wrap", "direction", "id", "key"),
    *("minSize", "spacing", "theme"),
)
COMPONENTS = (
    *("Badge", "Box", "Button", "Caption", "Checkbox", "Col", "DatePicker", "Divider", "Icon", "Image"),
    *("Input", "Label", "Markdown", "RadioGroup", "Row", "Select", "Spacer", "Text", "Textarea", "Title"),
    "Transition",
)

FAULTS = r"""() => {
  const faults = [];
  const address = /^(href|src|srcset|action|formaction|xlink:href|srcdoc|poster|data|background|ping|cite)$/i;
  const scheme = /^(https?|mailto|tel|chatkit-link|blob):$/;
  const picture = /^data:image\/(png|jpeg|gif|webp|avif)[;,]/i;
  const walk = root => {
    for (const element of root.querySelectorAll('*')) {
      if (/^(script|iframe|frame|object|embed|base|meta|link|style|applet)$/.test(element.localName))
        faults.push(element.localName);
      for (const {name, value} of element.attributes) {
        if (/^on/i.test(name)) faults.push(`${name}=${value}`);
        if (!address.test(name) || picture.test(value) || !URL.canParse(value, document.baseURI)) continue;
        if (!scheme.test(new URL(value, document.baseURI).protocol)) faults.push(`${name}=${value}`);
      }
      if (element.shadowRoot) walk(element.shadowRoot);
    }
  };
  walk(document.querySelector('openai-chatkit').shadowRoot);
  return faults;
}"""
"""What must not be in the chat, at whatever depth: elements and attributes that run, addresses that do."""


def turn(n: int, text: str) -> list[Json]:
    """A turn with every kind of item, where each text, name, address, color and icon is the given one."""
    sources = [_source(kind, text) for kind in ("url", "file", "entity")]
    annotations = [{"type": "annotation", "index": 2, "source": source} for source in sources]
    tag = {
        "type": "input_tag",
        "id": text,
        "text": text,
        "group": text,
        "data": {text: text},
        "interactive": True,
    }
    files = [
        {"type": kind, "id": f"atc_{n}_{kind}", "name": text, "mime_type": text, "preview_url": text}
        for kind in ("file", "image")
    ]
    said = user(f"u{n}", [{"type": "input_text", "text": text}, tag], attachments=files, quoted_text=text)
    summary = {"title": text, "icon": text}
    return [
        said,
        assistant(f"a{n}", part(text, *annotations)),
        item(
            "workflow",
            f"w{n}",
            workflow={"type": text, "tasks": _tasks(text, sources), "summary": summary, "expanded": True},
        ),
        item("task", f"t{n}", task=_tasks(text, sources)[0]),
        item("generated_image", f"g{n}", image={"id": text, "url": text}),
        _questions(f"q{n}", text, "pending"),
        _questions(f"r{n}", text, "answered"),
        widget(f"c{n}", _card(text), copy_text=text),
        widget(f"l{n}", _list(text)),
        item(
            "client_tool_call", f"x{n}", status="completed", call_id=text, name=text, arguments={text: text}
        ),
        item(f"{text}", f"o{n}", content=text),
    ]


def _source(kind: str, text: str) -> Json:
    names = (
        "title",
        "description",
        "timestamp",
        "group",
        "url",
        "attribution",
        "filename",
        "id",
        "icon",
        "label",
    )
    return {"type": kind, **dict.fromkeys(names, text), "interactive": True, "data": {text: text}}


def _tasks(text: str, sources: list[Json]) -> list[Json]:
    common = {"icon": text, "content": text, "sources": sources, "queries": [text], "title_query": text}
    kinds = ("custom", "web_search", "thought", "file", "image", text)
    return [{**custom(text, **common), "type": kind, "status_indicator": text} for kind in kinds]


def _questions(id: str, text: str, status: str) -> Json:
    common = {"question": text, "description": text, "answer": {"values": [text], "skipped": False}}
    options = [{"value": text}, {"value": f"{text} 2"}]
    inputs = [
        {"type": "multiple_choice", "id": f"{text} a", "options": options, **common},
        {"type": "freeform", "id": f"{text} b", **common},
    ]
    return item("structured_input", id, status=status, inputs=inputs)


def _card(text: str) -> Json:
    action = {"type": text, "payload": {text: text}}
    options = [{"value": text, "label": text, "description": text}]
    every = dict.fromkeys(PROPERTIES, text)
    fields = {"onClickAction": action, "onChangeAction": action, "onSubmitAction": action, "options": options}
    chart = {
        "type": "Chart",
        "data": [{text: text, "n": 3}],
        "xAxis": {"dataKey": text, "labels": {text: text}},
        "series": [
            {"type": text, "dataKey": "n", "label": text, "color": text, "stack": text, "curveType": text}
        ],
    }
    editable = {
        "type": "Text",
        "value": text,
        "editable": {"name": text, "placeholder": text, "autoComplete": text},
    }
    children = [{"type": kind, **every, **fields} for kind in COMPONENTS]
    form = {**every, **fields, "type": "Form", "children": children[:3]}
    return {
        **every,
        "type": "Card",
        "status": {"text": text, "icon": text, "favicon": text},
        "confirm": {"label": text, "action": action},
        "cancel": {"label": text, "action": action},
        "children": [*children, chart, editable, form, {"type": text}],
    }


def _list(text: str) -> Json:
    row = {
        "type": "ListViewItem",
        "onClickAction": {"type": text},
        "children": [{"type": "Text", "value": text}],
    }
    return {"type": "ListView", "children": [row] * 8, "limit": 2, "status": {"text": text, "favicon": text}}
