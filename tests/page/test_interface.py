"""Each method of the published interface, called by a page of another site."""

from typing import Any

import pytest
from playwright.sync_api import Error, Locator, Page, expect

from tests.page.hosts import Host

ATTACHMENT_FIELDS = ("type", "id", "name", "mime_type")
TAG = {"type": "input_tag", "id": "doc_1", "text": "Plan", "group": "Documents", "data": {"page": "3"}}
EMPTY = {"content": [{"type": "input_text", "text": ""}], "attachments": [], "quoted_text": None}


def composer(host: Host) -> Locator:
    return host.page.get_by_role("textbox", name="Message")


def messages(page: Page) -> Locator:
    return page.get_by_role("region", name="Messages")


def upload(host: Host, name: str = "notes.txt") -> dict[str, Any]:
    """An attachment that the app has, as the element takes one."""
    script = """async name => {
      const form = new FormData();
      form.append('file', new File(['some notes'], name, {type: 'text/plain'}));
      return (await fetch(`${APP}/files`, {method: 'POST', body: form})).json();
    }"""
    uploaded = host.run(script, name)
    return {field: uploaded[field] for field in ATTACHMENT_FIELDS}


# ---- setOptions


def test_options_are_replaced_and_not_merged(host: Host) -> None:
    host.show(
        "{startScreen: {greeting: 'Good day'}, composer: {placeholder: 'Ask away'}, frameTitle: 'Help'}"
    )
    expect(host.page.get_by_role("heading", name="Good day")).to_be_visible()
    expect(host.page.get_by_placeholder("Ask away")).to_be_visible()
    host.show("{composer: {}}")
    expect(host.page.get_by_role("heading", name="What can I help with today?")).to_be_visible()
    expect(host.page.get_by_placeholder("Message the AI")).to_be_visible()


def test_the_same_options_again_load_nothing_again(host: Host) -> None:
    host.show().say("/help")
    thread = host.thread
    host.open().show(f"{{initialThread: '{thread}'}}")
    expect(messages(host.page)).to_contain_text("/help")
    asked = len(host.asked("threads.get_by_id"))
    host.show(f"{{initialThread: '{thread}'}}").show(f"{{initialThread: '{thread}'}}")
    host.call("focusComposer")
    assert len(host.asked("threads.get_by_id")) == asked
    assert host.told("ready", "thread.change") == [["ready", None], ["thread.change", {"threadId": thread}]]


def test_another_address_begins_anew(host: Host) -> None:
    host.show().say("Hello")
    thread = host.thread
    host.show("{api: {...API, url: `${API.url}?again`}}")
    expect(host.page.get_by_role("heading", name="What can I help with today?")).to_be_visible()
    host.show(f"{{initialThread: '{thread}'}}")
    expect(messages(host.page)).to_contain_text("Hello")
    assert [detail["threadId"] for _, detail in host.told("thread.change")] == [None, thread, None, thread]


def test_options_may_be_set_before_the_element_is_in_the_page(host: Host) -> None:
    made = """async () => {
      await customElements.whenDefined('openai-chatkit');
      window.told.length = 0;
      window.chat = listen(document.createElement('openai-chatkit'), told);
      await show({startScreen: {greeting: 'Made by hand'}});
      document.querySelector('openai-chatkit').replaceWith(chat);
      await heard('ready');
      await chat.sendUserMessage({text: 'Hello'});
    }"""
    host.run(made)
    expect(messages(host.page)).to_contain_text("Hello")
    assert [name for name, _ in host.told()][:2] == ["ready", "thread.change"]


def test_what_is_called_before_it_is_ready_is_done_when_it_is(host: Host) -> None:
    host.run("""async () => {
      await customElements.whenDefined('openai-chatkit');
      const sent = chat.sendUserMessage({text: 'Early'});
      await show();
      await sent;
    }""")
    expect(messages(host.page)).to_contain_text("Early")


# ---- focusComposer, setThreadId


def test_focus_composer(host: Host) -> None:
    host.show().call("focusComposer")
    expect(composer(host)).to_be_focused()


def test_set_thread_id_shows_that_thread_and_with_null_a_new_one(host: Host) -> None:
    host.show().say("Hello")
    thread = host.thread
    host.call("setThreadId", None)
    expect(messages(host.page)).to_have_count(0)
    host.call("setThreadId", thread)
    expect(messages(host.page)).to_contain_text("You said: “Hello”")


def test_set_thread_id_says_that_there_is_no_such_thread(host: Host, tolerated: list[str]) -> None:
    tolerated += ["404"]
    host.show().say("Hello")
    host.call("setThreadId", "thr_nowhere")
    expect(host.page.get_by_role("alert").filter(has_text="does not exist")).to_be_visible()
    assert host.told("error", "thread.change")[-2][0] == "error"
    assert host.told("thread.change")[-1] == ["thread.change", {"threadId": None}]
    host.say("A new one, then")
    expect(messages(host.page)).to_contain_text("A new one, then")


def test_a_thread_that_could_not_be_loaded_is_tried_again(host: Host, tolerated: list[str]) -> None:
    """By a button, and before a message goes into it."""
    tolerated += ["503"]
    host.show().say("Hello")
    thread = host.thread
    refusal = {"status": 503, "json": {"error": {"message": "Out of order"}}}
    headers = {"access-control-allow-origin": "*", "access-control-allow-headers": "*"}
    host.page.route("**/chatkit", lambda route: route.fulfill(**refusal, headers=headers))
    host.call("setThreadId", thread)
    problem = host.page.get_by_role("alert").filter(has_text="Out of order")
    problem.get_by_role("button", name="Try again").click()
    host.heard("thread.load.end", 2)
    expect(problem).to_be_visible()
    host.page.unroute("**/chatkit")
    host.say("Again")
    expect(messages(host.page)).to_contain_text("“Hello”")
    assert [each["thread_id"] for each in host.asked("threads.add_user_message")] == [thread]


def test_the_last_of_several_threads_is_shown(host: Host) -> None:
    host.show().say("Hello")
    thread = host.thread
    host.run("async id => { chat.setThreadId(id); await chat.setThreadId(null); }", thread)
    expect(host.page.get_by_role("heading", name="What can I help with today?")).to_be_visible()
    host.run("async id => { chat.setThreadId(null); await chat.setThreadId(id); }", thread)
    expect(messages(host.page)).to_contain_text("Hello")
    starts, ends = host.told("thread.load.start"), host.told("thread.load.end")
    assert [detail for _, detail in starts] == [detail for _, detail in ends] == [{"threadId": thread}] * 2


# ---- sendUserMessage


@pytest.mark.parametrize(
    ("params", "sent"),
    [
        ({"text": "Hi"}, {"content": [{"type": "input_text", "text": "Hi"}]}),
        (
            {"content": [{"type": "input_text", "text": "About "}, TAG]},
            {"content": [{"type": "input_text", "text": "About "}, {**TAG, "interactive": False}]},
        ),
        ({"reply": "what was said"}, {"quoted_text": "what was said"}),
        ({"toolChoice": {"id": "task"}}, {"inference_options": {"tool_choice": {"id": "task"}}}),
        ({"model": "gpt-4.1-mini"}, {"inference_options": {"model": "gpt-4.1-mini"}}),
    ],
    ids=["text", "content with a tag", "reply", "toolChoice", "model"],
)
def test_send_user_message(host: Host, params: dict[str, Any], sent: dict[str, Any]) -> None:
    host.show().call("sendUserMessage", params)
    [asked] = host.asked("threads.create")
    assert asked == {"input": {**EMPTY, "inference_options": {}, **sent}}
    expect(messages(host.page)).to_contain_text("You said")


def test_send_user_message_with_attachments(host: Host) -> None:
    host.show()
    attachment = upload(host)
    host.say("Read this", attachments=[attachment])
    assert host.asked("threads.create")[0]["input"]["attachments"] == [attachment["id"]]
    expect(messages(host.page)).to_contain_text("notes.txt")


def test_send_user_message_in_the_open_thread_or_a_new_one(host: Host) -> None:
    host.show().say("One")
    first = host.thread
    host.say("Two")
    assert [each["thread_id"] for each in host.asked("threads.add_user_message")] == [first]
    host.say("Three", newThread=True)
    assert host.thread != first
    assert len(host.asked("threads.create")) == 2


def test_send_user_message_leaves_the_composer_as_it_is(host: Host) -> None:
    host.show("{composer: {tools: [{id: 'task', label: 'A task', icon: 'bolt'}]}}")
    host.call("setComposerValue", {"text": "A draft", "selectedToolId": "task"})
    host.say("Hello", toolChoice={"id": "notice"})
    expect(composer(host)).to_have_value("A draft")
    expect(host.page.get_by_role("button", name="Stop using A task")).to_be_visible()


def test_messages_that_are_sent_at_once_follow_each_other(host: Host) -> None:
    host.show()
    host.run("() => Promise.all(['One', 'Two', 'Three'].map(text => chat.sendUserMessage({text})))")
    answers = host.page.get_by_text("You said: “")
    expect(answers).to_contain_text(["“One”", "“Two”", "“Three”"])
    assert [name for name, _ in host.told("response.start", "response.end")] == [
        "response.start",
        "response.end",
    ] * 3


def test_a_message_that_is_refused_is_the_callers_matter(host: Host, tolerated: list[str]) -> None:
    tolerated += ["400"]
    host.show()
    with pytest.raises(Error, match="nothing_of_the_kind"):
        host.say("Hello", toolChoice={"id": "nothing_of_the_kind"})
    [[_, detail]] = host.told("error")
    assert "nothing_of_the_kind" in detail["error"]


# ---- setComposerValue

OFFERED = """{composer: {
  attachments: {enabled: true},
  tools: [{id: 'task', label: 'A task', icon: 'bolt'}],
  models: [{id: 'gpt-4.1-mini', label: 'Default'}, {id: 'tiny', label: 'Quick'}],
}}"""


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ({"text": "Hi"}, {"content": [{"type": "input_text", "text": "Hi"}]}),
        (
            {"content": [{"type": "input_text", "text": "About "}, TAG]},
            {"content": [{"type": "input_text", "text": "About "}, {**TAG, "interactive": False}]},
        ),
        ({"text": "Hi", "reply": "what was said"}, {"quoted_text": "what was said"}),
        (
            {"text": "Hi", "selectedToolId": "task"},
            {"inference_options": {"tool_choice": {"id": "task"}, "model": "gpt-4.1-mini"}},
        ),
        ({"text": "Hi", "selectedModelId": "tiny"}, {"inference_options": {"model": "tiny"}}),
        ({"text": "Hi", "selectedToolId": "unknown", "selectedModelId": "unknown"}, {}),
    ],
    ids=["text", "content with a tag", "reply", "selectedToolId", "selectedModelId", "unknown ids"],
)
def test_set_composer_value(host: Host, value: dict[str, Any], sent: dict[str, Any]) -> None:
    host.show(OFFERED).call("setComposerValue", value)
    assert host.asked("threads.create") == []
    host.page.get_by_role("button", name="Send").click()
    host.heard("response.end")
    said = {"content": [{"type": "input_text", "text": "Hi"}], "inference_options": {"model": "gpt-4.1-mini"}}
    assert host.asked("threads.create") == [{"input": {**EMPTY, **said, **sent}}]


def test_set_composer_value_takes_back_the_tool_and_the_quote(host: Host) -> None:
    host.show(OFFERED).call("setComposerValue", {"selectedToolId": "task", "reply": "what was said"})
    expect(host.page.get_by_text("what was said")).to_be_visible()
    host.call("setComposerValue", {"selectedToolId": None, "reply": ""})
    expect(host.page.get_by_text("what was said")).to_have_count(0)
    assert host.told("tool.change") == [
        ["tool.change", {"toolId": "task"}],
        ["tool.change", {"toolId": None}],
    ]


def test_set_composer_value_with_attachments_and_with_files(host: Host) -> None:
    host.show(OFFERED).call("setComposerValue", {"text": "Read these", "attachments": [upload(host)]})
    host.run("""() => {
      const files = ['one.txt', 'two.csv'].map(name => new File([name], name, {type: 'text/plain'}));
      return chat.setComposerValue({files});
    }""")
    for name in ("notes.txt", "one.txt", "two.csv"):
        expect(host.page.get_by_role("button", name=f"Remove {name}")).to_be_visible()
    composer(host).press("Enter")
    host.heard("response.end")
    [asked] = host.asked("threads.create")
    assert len(asked["input"]["attachments"]) == 3
    for name in ("notes.txt", "one.txt", "two.csv"):
        expect(messages(host.page)).to_contain_text(name)


# ---- sendCustomAction


def test_send_custom_action_for_a_widget_and_without_one(host: Host) -> None:
    host.show().say("/widget")
    items = host.ask("items.list", thread_id=host.thread, limit=10, order="asc")["data"]
    [widget] = [item["id"] for item in items if item["type"] == "widget"]
    host.call("sendCustomAction", {"type": "demo.replace", "payload": {"count": 7}}, widget)
    expect(messages(host.page)).to_contain_text("The button was pressed 7 times.")
    host.call("sendCustomAction", {"type": "from.elsewhere"})
    expect(messages(host.page)).to_contain_text("The demo got the action from.elsewhere.")
    asked = [(each["item_id"], each["action"]) for each in host.asked("threads.custom_action")]
    assert asked == [
        (widget, {"type": "demo.replace", "payload": {"count": 7}}),
        (None, {"type": "from.elsewhere"}),
    ]


def test_send_custom_action_needs_a_conversation(host: Host) -> None:
    host.show()
    with pytest.raises(Error, match="no conversation"):
        host.call("sendCustomAction", {"type": "too.early"})
    assert len(host.told("error")) == 1


# ---- showHistory, hideHistory, fetchUpdates


def test_show_and_hide_history(host: Host) -> None:
    host.show().say("Hello history")
    for method in ("showHistory", "showHistory"):
        host.call(method)
    conversations = host.page.get_by_role("region", name="Conversations")
    expect(conversations).to_contain_text("Hello history")
    for method in ("hideHistory", "hideHistory"):
        host.call(method)
    expect(conversations).to_have_count(0)
    assert host.told("history.open", "history.close") == [["history.open", None], ["history.close", None]]


def test_fetch_updates_shows_what_others_have_added(host: Host) -> None:
    host.show().say("Hello")
    said = {
        "content": [{"type": "input_text", "text": "By somebody else"}],
        "attachments": [],
        "inference_options": {},
    }
    body = {"type": "threads.add_user_message", "params": {"thread_id": host.thread, "input": said}}
    host.page.request.post(f"{host.site.app}/chatkit", data=body).body()
    expect(messages(host.page)).not_to_contain_text("By somebody else")
    host.call("fetchUpdates")
    expect(messages(host.page)).to_contain_text("By somebody else")
