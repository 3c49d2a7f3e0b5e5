"""Each event of the published interface: when it is told, with which detail, and in which order."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.page.hosts import Host

TABLE = Path(__file__).parent / "interface.json"
LINK = "{disclaimer: {text: '[Pay](chatkit-link://pay/invoice?order=7&sure=yes)'}}"
TOOLS = """{composer: {tools: [
  {id: 'task', label: 'A task', icon: 'bolt'},
  {id: 'notice', label: 'A notice', icon: 'info', persistent: true},
]}}"""
WORDLESS = ["ready", "response.start", "response.end", "history.open", "history.close"]
EVENTS = {
    *WORDLESS,
    *(
        "error",
        "effect",
        "deeplink",
        "thread.change",
        "thread.load.start",
        "thread.load.end",
        "tool.change",
        "log",
    ),
}


def test_the_host_page_listens_to_all_published_events(host: Host) -> None:
    assert {f"chatkit.{name}" for name in EVENTS} == json.loads(TABLE.read_text())["events"].keys()
    host.show()
    host.run(
        "names => names.forEach(name => chat.dispatchEvent(new CustomEvent(`chatkit.${name}`)))", [*EVENTS]
    )
    assert {name for name, _ in host.told()} == EVENTS


def test_ready_comes_first_and_once(host: Host) -> None:
    host.show().show().say("Hello")
    told = [name for name, _ in host.told()]
    assert told[0] == "ready"
    assert told.count("ready") == 1


def test_listeners_that_come_right_behind_the_options_hear_all(host: Host) -> None:
    """As those of frameworks do, which set properties first."""
    host.run("""async () => {
      await customElements.whenDefined('openai-chatkit');
      window.chat = document.createElement('openai-chatkit');
      document.querySelector('openai-chatkit').replaceWith(chat);
      await show();
      const channel = new MessageChannel();
      const later = new Promise(resolve => channel.port1.onmessage = resolve);
      channel.port2.postMessage(0);
      await later;
      listen(chat, told);
      await heard('thread.change');
    }""")
    assert host.told() == [["ready", None], ["thread.change", {"threadId": None}]]


def test_a_turn_is_told_from_its_start_to_its_end(host: Host) -> None:
    host.show().say("/title Summer")
    thread = host.thread
    told = [pair for pair in host.told() if pair[0] != "log"]
    assert told == [
        ["ready", None],
        ["thread.change", {"threadId": None}],
        ["response.start", None],
        ["thread.change", {"threadId": thread}],
        ["response.end", None],
    ]
    assert host.told("log")[-1] == ["log", {"name": "thread.title", "data": {"title": "Summer"}}]


def test_loading_is_told_around_the_change_of_the_thread(host: Host) -> None:
    host.show().say("Hello")
    thread = host.thread
    host.open().show(f"{{initialThread: '{thread}'}}").heard("thread.load.end")
    host.call("setThreadId", None)
    of_thread = {"threadId": thread}
    assert host.told("ready", "thread.change", "thread.load.start", "thread.load.end") == [
        ["ready", None],
        ["thread.load.start", of_thread],
        ["thread.change", of_thread],
        ["thread.load.end", of_thread],
        ["thread.change", {"threadId": None}],
    ]


def test_a_thread_that_is_chosen_in_the_history_is_told_as_well(host: Host) -> None:
    host.show().say("Choose me")
    thread = host.thread
    host.page.get_by_role("button", name="New chat", exact=True).click()
    host.page.get_by_role("button", name="Show conversations").click()
    host.page.get_by_role("button", name="Choose me", exact=True).first.click()
    host.heard("thread.load.end")
    names = [
        "thread.change",
        "history.open",
        "history.close",
        "thread.load.start",
        "thread.change",
        "thread.load.end",
    ]
    assert [name for name, _ in host.told() if name != "log"][-6:] == names
    assert host.thread == thread


@pytest.mark.parametrize(
    ("word", "effect"),
    [("/effect", {"text": "hello"}), ("/effect with words", {"text": "with words"})],
)
def test_effect(host: Host, word: str, effect: dict[str, Any]) -> None:
    host.show().say(word)
    assert host.told("effect") == [["effect", {"name": "demo_effect", "data": effect}]]


def test_error_is_told_when_an_answer_fails_and_when_a_request_does(host: Host, tolerated: list[str]) -> None:
    tolerated += ["404"]
    host.show().say("/error Too bad")
    assert host.told("error") == [["error", {"error": "Too bad"}]]
    host.call("setThreadId", "thr_nowhere")
    assert len(host.told("error")) == 2
    assert host.run(
        "() => new Promise(resolve => { chat.addEventListener('chatkit.error', "
        "({detail}) => resolve(detail.error instanceof Error)); chat.setThreadId('thr_nowhere'); })"
    )


def test_deeplink_is_told_and_nothing_is_opened(host: Host) -> None:
    host.show(LINK).page.get_by_role("link", name="Pay").click()
    detail = {"name": "pay/invoice", "data": {"order": "7", "sure": "yes"}}
    assert host.told("deeplink") == [["deeplink", detail]]
    assert len(host.page.context.pages) == 1


def test_tool_change_is_told_by_whomever_the_tool_is_chosen(host: Host) -> None:
    host.show(TOOLS)
    host.page.get_by_role("button", name="Tools").click()
    host.page.get_by_role("menuitemradio", name="A task").click()
    host.page.get_by_role("textbox", name="Message").fill("Hello")
    host.page.keyboard.press("Enter")
    host.heard("response.end")
    host.call("setComposerValue", {"selectedToolId": "notice"})
    host.show("{composer: {}}").call("focusComposer")
    expect(host.page.get_by_role("button", name="Tools")).to_have_count(0)
    assert [detail["toolId"] for _, detail in host.told("tool.change")] == ["task", None, "notice", None]


def test_events_stay_on_the_element(host: Host) -> None:
    """Two elements on a page are told apart by where an event is heard."""
    host.run("() => document.body.addEventListener('chatkit.response.end', () => told.push(['bubbled']))")
    host.show().say("Hello")
    assert host.told("bubbled") == []
    assert [detail for _, detail in host.told(*WORDLESS)] == [None] * 3
