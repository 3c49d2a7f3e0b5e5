"""Nothing that a server, a model or another user has written runs in the page, wherever it stands."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.page.events import assistant, done, thread, user
from tests.page.hostile import CORPUS, FAULTS, PAYLOADS, turn
from tests.page.scripted import Script

OPEN = """() => {
  const walk = root => [...root.querySelectorAll('*')]
    .flatMap(each => [each, ...(each.shadowRoot ? walk(each.shadowRoot) : [])]);
  const openers = walk(document.querySelector('openai-chatkit').shadowRoot)
    .filter(each => each.matches('[aria-expanded=false][class], .more') && !each.closest('header'));
  for (const opener of openers) opener.click();
  return openers.length;
}"""
ENTITIES = """entities: {onRequestPreview: async ({title: value}) =>
    ({preview: {type: 'Card', children: [{type: 'Markdown', value}, {type: 'Title', value}]}})}"""


@pytest.fixture
def canary(visitor: BrowserContext, tab: Page) -> Iterator[Page]:
    """A page in which nothing may call `pwned`, ask anything, or lead elsewhere."""
    heard: list[str] = []
    visitor.expose_function("pwned", lambda *_: heard.append("pwned"))
    tab.on("dialog", lambda dialog: heard.append(dialog.message))
    tab.on("popup", lambda popup: heard.append(popup.url))
    tab.on("framenavigated", lambda frame: heard.extend([] if "/host" in frame.url else [frame.url]))
    yield tab
    assert tab.evaluate(FAULTS) == []
    assert heard == []


def is_usable(script: Script, tab: Page) -> None:
    """Something can still be said, and is answered."""
    script.say(tab, "Still there?").end(done(assistant("still", "Still there.")))
    expect(tab.locator("ck-answer ck-markdown .body").last).to_have_text("Still there.")


def test_the_search_for_faults_finds_them(script: Script, tab: Page) -> None:
    script.show(tab)
    tab.locator("ck-start").evaluate(
        """start => {
            const link = document.createElement('a');
            link.setAttribute('href', ' java\\tscript:pwned(1)');
            start.shadowRoot.append(link, document.createElement('iframe'));
        }"""
    )
    assert tab.evaluate(FAULTS) == ["href= java\tscript:pwned(1)", "iframe"]


def test_nothing_in_markdown_runs(script: Script, canary: Page, tolerated: list[str]) -> None:
    tolerated += ["404"]  # addresses without a scheme are the server's own
    script.thread = thread(allowed_image_domains=[])
    messages = [assistant(f"a{n}", text) for n, text in enumerate(CORPUS)]
    script.open(canary, user("u"), *messages[:40])
    expect(canary.locator("ck-answer")).to_have_count(40)
    streamed = script.say(canary)
    for message in messages[40:]:
        streamed.send(done(message))
    streamed.end()
    expect(canary.locator("ck-answer")).to_have_count(len(messages))
    is_usable(script, canary)


@pytest.mark.parametrize("start", range(0, len(PAYLOADS), 4))
def test_nothing_runs_in_any_place(script: Script, canary: Page, start: int, tolerated: list[str]) -> None:
    tolerated += ["404", "400"]  # addresses without a scheme are the server's own
    payloads = PAYLOADS[start : start + 4]
    script.thread = thread(title=payloads[0], allowed_image_domains=[])
    script.open(
        canary, *(each for n, text in enumerate(payloads) for each in turn(n, text)), options=ENTITIES
    )
    expect(canary.locator("ck-widget")).to_have_count(2 * len(payloads))
    expect(canary.locator("ck-workflow")).to_have_count(len(payloads))
    assert canary.evaluate(OPEN) >= 2 * len(payloads)
    expect(canary.locator("ck-sources [part=source]")).not_to_have_count(0)
    chip = canary.locator("ck-entity-chip button").first
    chip.focus()
    chip.dispatch_event("pointerenter")
    is_usable(script, canary)


@pytest.mark.parametrize("start", range(0, len(PAYLOADS), 9))
def test_nothing_runs_of_what_is_told_beside_the_items(script: Script, canary: Page, start: int) -> None:
    script.show(canary)
    for text in PAYLOADS[start : start + 9]:
        told = script.say(canary, text)
        told.send(
            {"type": "thread.updated", "thread": thread(title=text, allowed_image_domains=[])},
            {"type": "notice", "level": text, "title": text, "message": text},
            {"type": "client_effect", "name": text, "data": {text: text}},
            {"type": "progress_update", "text": text, "icon": text},
        )
        expect(canary.locator("[part=progress]")).to_have_text(text.strip())
        told.end({"type": "error", "code": text, "message": text, "allow_retry": True})
        expect(canary.locator("[part=error]")).to_contain_text(text.strip())
    canary.get_by_role("button", name="Show conversations").click()
    expect(canary.locator("ck-history")).to_be_visible()


def test_a_closed_thread_gives_its_reason_as_words(script: Script, canary: Page) -> None:
    for before, after in pairwise(PAYLOADS):
        script.thread = thread(title=before, status={"type": "locked", "reason": after})
        script.items = [user("u")]
        canary.goto(f"{script.address}/host")
        script.configure(canary, "initialThread: 'thr_1'")
        expect(canary.locator("[part=closed]")).to_have_text(after.strip())


@pytest.mark.parametrize("name", ["<img src=x onerror=pwned(1)>.png", '"onload="pwned(1)".txt'])
def test_names_of_files_are_only_words(script: Script, canary: Page, name: str, tolerated: list[str]) -> None:
    tolerated += ["400"]
    script.show(canary)
    files = canary.locator("ck-composer input[type=file]")
    files.set_input_files({"name": name, "mimeType": "text/plain", "buffer": b"x"})
    expect(canary.locator("ck-composer-files .name")).to_have_text(name)
    script.asked("attachments.create").refuse(400, f"Not {name}")
    expect(canary.locator("ck-composer").get_by_role("alert")).to_contain_text(f"Not {name}")
