"""The options of the composer, and those that put something into it: `composer`, `entities`, `commands`."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from tests.browser import App
from tests.page.hosts import CHAT, Host, site

TOOLS = """composer: {tools: [
  {id: 'task', label: 'A task of its own', shortLabel: 'Task', icon: 'bolt', placeholderOverride: 'Do what?'},
  {id: 'notice', label: 'A notice', icon: 'info', pinned: true, persistent: true},
]}"""
MODELS = """composer: {models: [
  {id: 'large', label: 'Careful', description: 'Takes its time'},
  {id: 'tiny', label: 'Quick', default: true},
  {id: 'old', label: 'Old', disabled: true},
]}"""
FILES = """files => chat.setComposerValue({files: files.map(
  ([name, type, size]) => new File(['x'.repeat(size)], name, {type}))})"""
ENTITIES = """entities: {onTagSearch: async query => {
  calls.push(query);
  const all = [
    {id: 'doc_1', title: 'Plan', group: 'Documents', icon: 'document', interactive: true, data: {page: '3'}},
    {id: 'user_1', title: 'Ann', group: 'People'},
  ];
  return all.filter(({title}) => title.toLowerCase().startsWith(query.toLowerCase()));
}"""
COMMANDS = """commands: {
  enabled: true,
  onSearch: async query => [
    {id: 'insert', label: 'Insert the plan', description: 'As a mention', icon: 'document'},
    {id: 'more', label: 'More of them', group: 'Menus'},
    {id: 'effect', label: 'Only do something'},
  ].filter(({label}) => label.toLowerCase().includes(query)),
  onSelect: async command => {
    calls.push(command.id);
    if (command.id === 'insert') return {type: 'entity', entity: {id: 'doc_1', title: 'Plan'}};
    if (command.id === 'more') return {type: 'menu', commands: [{id: 'insert', label: 'One level deeper'}]};
  },
}"""


def composer(host: Host) -> Locator:
    return host.page.get_by_role("textbox", name="Message")


def button(host: Host, name: str) -> Locator:
    return host.page.get_by_role("button", name=name, exact=True)


def options(host: Host) -> Locator:
    return host.page.get_by_role("option")


def sent(host: Host) -> list[Any]:
    return [each["input"] for each in host.asked("threads.create", "threads.add_user_message")]


def send(host: Host, text: str = "Hello") -> None:
    count = len(host.told("response.end"))
    composer(host).fill(text)
    composer(host).press("Enter")
    host.heard("response.end", count + 1)


# ---- attachments


@pytest.mark.parametrize("attachments", ["undefined", "{enabled: false}"])
def test_files_are_for_those_who_turn_them_on(host: Host, attachments: str) -> None:
    host.show(f"{{composer: {{attachments: {attachments}}}}}")
    expect(composer(host)).to_be_visible()
    expect(button(host, "Add files")).to_have_count(0)
    host.show("{composer: {attachments: {enabled: true}}}")
    expect(button(host, "Add files")).to_be_visible()


@pytest.mark.parametrize(
    ("limits", "files", "taken", "objection"),
    [
        (
            "maxSize: 10",
            [["a.txt", "text/plain", 10], ["b.txt", "text/plain", 11]],
            ["a.txt"],
            "b.txt is too large",
        ),
        (
            "maxSize: {'image/*': 5, 'text/plain': 20, '*': 10}",
            [["a.txt", "text/plain", 20], ["b.png", "image/png", 6], ["c.csv", "text/csv", 11]],
            ["a.txt"],
            "c.csv is too large",
        ),
        (
            "maxSize: {'': 10}",
            [["a.csv", "text/csv", 11], ["b.csv", "text/csv", 9]],
            ["b.csv"],
            "a.csv is too large",
        ),
        ("maxSize: {'image/*': 5}", [["a.csv", "text/csv", 11]], ["a.csv"], None),
        (
            "maxCount: 2",
            [["a.txt", "text/plain", 1], ["b.txt", "text/plain", 1], ["c.txt", "text/plain", 1]],
            ["a.txt", "b.txt"],
            "up to 2 files",
        ),
        (
            "accept: {'image/*': [], 'text/plain': ['.md']}",
            [["a.txt", "text/plain", 1], ["b.MD", "", 1], ["c.pdf", "application/pdf", 1]],
            ["a.txt", "b.MD"],
            "c.pdf is of a kind",
        ),
    ],
    ids=["maxSize", "maxSize by type", "maxSize fallback", "maxSize default", "maxCount", "accept"],
)
def test_limits_of_files(
    host: Host, limits: str, files: list[list[object]], taken: list[str], objection: str | None
) -> None:
    host.show(f"{{composer: {{attachments: {{enabled: true, {limits}}}}}}}").run(FILES, files)
    expect(host.page.locator("[part=file] .name")).to_have_text(taken)
    problems = host.page.locator(".problems li")
    if objection is None:
        expect(problems).to_have_count(0)
    else:
        expect(problems.last).to_contain_text(objection)


def test_accept_is_what_the_dialog_offers(host: Host) -> None:
    host.show(
        "{composer: {attachments: {enabled: true, accept: {'image/*': ['.png'], 'text/plain': ['.md']}}}}"
    )
    expect(host.page.locator("input[type=file]")).to_have_attribute("accept", "image/*,.png,text/plain,.md")


# ---- tools, models


def test_tools_are_chosen_for_one_message_or_stay(host: Host) -> None:
    host.show(f"{{{TOOLS}}}")
    button(host, "Tools").click()
    host.page.get_by_role("menuitemradio", name="A task of its own").click()
    chip = button(host, "Stop using A task of its own")
    expect(chip).to_have_text("Task")
    expect(host.page.get_by_placeholder("Do what?")).to_be_visible()
    send(host)
    expect(chip).to_have_count(0)
    button(host, "A notice").click()
    send(host)
    send(host)
    expect(button(host, "Stop using A notice")).to_be_visible()
    chosen = [each["inference_options"] for each in sent(host)]
    assert chosen == [{"tool_choice": {"id": name}} for name in ("task", "notice", "notice")]


def test_a_pinned_tool_stands_beside_the_menu(host: Host) -> None:
    host.show(f"{{{TOOLS}}}")
    expect(button(host, "A notice")).to_have_attribute("aria-pressed", "false")
    button(host, "Tools").click()
    expect(host.page.get_by_role("menuitemradio")).to_have_text(["A task of its own"])


def test_models_have_a_default_and_may_be_disabled(host: Host) -> None:
    host.show(f"{{{MODELS}}}")
    button(host, "Quick").click()
    expect(host.page.get_by_role("menuitemradio", name="Quick")).to_have_attribute("aria-checked", "true")
    expect(host.page.get_by_role("menuitemradio", name="Old")).to_be_disabled()
    expect(host.page.get_by_text("Takes its time")).to_be_visible()
    host.page.get_by_role("menuitemradio", name="Careful").click()
    expect(button(host, "Careful")).to_be_visible()
    host.show(f"{{{MODELS}, theme: 'dark'}}")
    expect(button(host, "Careful")).to_be_visible()


# ---- dictation


@pytest.fixture
def spoken(visitor: BrowserContext, start: Callable[..., App]) -> Iterator[Host]:
    """A page of a site whose server takes dictation."""
    with site() as pages:
        server = {"CHATKIT_SERVER": "tests.page.transcribing:Transcribing"}
        pages.app = start({**server, "CHATKIT_CORS_ORIGINS": pages.address}).address
        pages.add("/", CHAT)
        yield Host(visitor.new_page(), pages).open()


def test_dictation_puts_what_was_said_at_the_caret(spoken: Host) -> None:
    spoken.show("{composer: {dictation: {enabled: true}}}")
    composer(spoken).fill("It was: ")
    button(spoken, "Dictate").click()
    button(spoken, "Stop dictating").click()
    expect(composer(spoken)).to_have_value("It was: audio/webm, a recording")
    expect(button(spoken, "Dictate")).to_be_enabled()


def test_dictation_is_for_those_who_turn_it_on(host: Host) -> None:
    host.show("{composer: {dictation: {enabled: false}}}")
    expect(composer(host)).to_be_visible()
    expect(button(host, "Dictate")).to_have_count(0)


def test_dictation_that_the_server_refuses_says_so(host: Host, tolerated: list[str]) -> None:
    tolerated += ["501"]
    host.show("{composer: {dictation: {enabled: true}}}")
    button(host, "Dictate").click()
    button(host, "Stop dictating").click()
    expect(host.page.get_by_role("alert").filter(has_text="Dictation is off")).to_be_visible()


# ---- entities


def test_entities_are_found_and_sent_as_tags(host: Host) -> None:
    host.show(f"{{{ENTITIES}}}}}")
    composer(host).press_sequentially("About @p")
    expect(options(host)).to_have_text(["Plan"])
    composer(host).press("Enter")
    composer(host).press_sequentially("please")
    composer(host).press("Enter")
    host.heard("response.end")
    assert host.run("calls") == ["", "p"]
    tag = {"type": "input_tag", "id": "doc_1", "text": "Plan", "group": "Documents", "data": {"page": "3"}}
    assert sent(host)[0]["content"] == [
        {"type": "input_text", "text": "About "},
        {**tag, "interactive": True},
        {"type": "input_text", "text": " please"},
    ]


@pytest.mark.parametrize("shows", [True, False])
def test_entities_have_a_button_where_it_is_wanted(host: Host, shows: bool) -> None:
    host.show(f"{{{ENTITIES}, showComposerMenu: {str(shows).lower()}}}}}")
    mention = button(host, "Mention something")
    if not shows:
        expect(mention).to_have_count(0)
        return
    mention.click()
    expect(composer(host)).to_have_value("@")
    expect(options(host)).to_have_text(["Plan", "Ann"])


def test_a_button_for_entities_needs_a_search(host: Host) -> None:
    host.show("{entities: {showComposerMenu: true}}")
    expect(composer(host)).to_be_visible()
    expect(button(host, "Mention something")).to_have_count(0)


# ---- commands


def test_commands_are_those_of_the_page_and_of_the_composer(host: Host) -> None:
    offered = "attachments: {enabled: true}, tools: [{id: 'task', label: 'A task', icon: 'bolt'}]"
    host.show(f"{{{COMMANDS}, composer: {{{offered}}}}}")
    composer(host).press_sequentially("/")
    names = ["Insert the plan", "More of them", "Only do something", "Add files", "A task"]
    expect(options(host)).to_contain_text(names)
    composer(host).press_sequentially("task")
    expect(options(host)).to_contain_text(["A task"])
    composer(host).press("Enter")
    expect(button(host, "Stop using A task")).to_be_visible()
    expect(composer(host)).to_have_value("")


@pytest.mark.parametrize(
    ("typed", "chosen", "written", "calls"),
    [
        ("/insert", ["Insert the plan"], "@Plan ", ["insert"]),
        ("/more", ["More of them", "One level deeper"], "@Plan ", ["more", "insert"]),
        ("/only", ["Only do something"], "", ["effect"]),
    ],
    ids=["entity", "menu", "nothing"],
)
def test_a_command_inserts_leads_on_or_does_something(
    host: Host, typed: str, chosen: list[str], written: str, calls: list[str]
) -> None:
    host.show(f"{{{COMMANDS}}}")
    composer(host).press_sequentially(typed)
    for name in chosen:
        expect(options(host)).to_contain_text([name])
        composer(host).press("Enter")
    expect(composer(host)).to_have_value(written)
    assert host.run("calls") == calls


def test_commands_may_be_off(host: Host) -> None:
    host.show("{commands: {enabled: false, onSearch: async query => { calls.push(query); return []; }}}")
    send(host, "/help")
    assert host.run("calls") == []
