"""Answers over a network that delays, loses and cuts, or is not there at all."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import App
from tests.page.network import Network, network
from tests.page.talk import answers, box, line, said, say, shown, start_answer, stop, stored, thread_of

RECONNECTING = "Reconnecting"
OFFLINE = "You are offline"


@pytest.fixture
def wire(shared: App) -> Iterator[Network]:
    with network(shared.port) as wire:
        yield wire


@pytest.fixture
def address(wire: Network) -> str:
    """The app as it is seen through the network."""
    return wire.address


@pytest.fixture
def tolerated() -> list[str]:
    return ["ERR_"]


EVENTS = """() => {
  window.events = [];
  const chat = document.querySelector('openai-chatkit');
  chat.tellsEvents = true;
  const told = ({detail}) => detail.name === 'thread.event' && events.push(detail.data);
  chat.addEventListener('chatkit.log', told);
}"""
DELTAS = "() => events.map(each => each.update?.delta ?? '').join('')"


def test_an_answer_that_is_cut_off_again_and_again_arrives_whole(page: Page, wire: Network) -> None:
    page.evaluate(EVENTS)
    start_answer(page, "/long")
    for _ in range(3):
        with page.expect_response("**/stream?*"):
            wire.cut()
    expect(page.locator("[part=send-button]")).to_be_visible()
    assert shown(page) == stored(page, thread_of(page))
    assert page.evaluate(DELTAS) == shown(page)[1][1]


def test_the_page_says_that_it_reconnects_and_goes_on(page: Page, wire: Network) -> None:
    start_answer(page)
    wire.shut()
    expect(line(page, RECONNECTING)).to_be_visible()
    before = shown(page)
    wire.open()
    expect(line(page, RECONNECTING)).to_be_hidden()
    stop(page)
    assert shown(page) == stored(page, thread_of(page))
    assert shown(page)[1][1].startswith(before[1][1])


def test_an_answer_that_ended_meanwhile_is_there_when_the_network_is(
    page: Page, wire: Network, shared: App
) -> None:
    start_answer(page, "/long")
    wire.shut()
    expect(line(page, RECONNECTING)).to_be_visible()
    cancel = f"{shared.address}/threads/{thread_of(page)}/cancel"
    assert page.request.post(cancel).json()["status"] == "cancelled"
    wire.open()
    expect(page.locator("[part=send-button]")).to_be_visible()
    assert shown(page) == stored(page, thread_of(page))


def test_a_message_whose_answer_is_lost_is_not_sent_twice(page: Page, wire: Network) -> None:
    wire.swallows = b"threads.create"
    say(page, "Hello")
    assert wire.swallowed.is_set()
    assert [kind for kind, _ in stored(page, thread_of(page))] == ["user_message", "assistant_message"]
    wire.swallowed.clear()
    wire.swallows = b"threads.add_user_message"
    say(page, "Again")
    assert wire.swallowed.is_set()
    assert shown(page) == stored(page, thread_of(page))
    assert [text for kind, text in shown(page) if kind == "user_message"] == ["Hello", "Again"]


def test_one_can_write_while_a_slow_network_brings_the_answer(page: Page, wire: Network) -> None:
    say(page, "Hello")
    wire.delay = 0.05
    start_answer(page, "/long")
    box(page).press_sequentially("next, in order")
    expect(box(page)).to_have_value("next, in order")
    box(page).press("Enter")
    expect(box(page)).to_have_value("next, in order")
    expect(page.locator("[part=stop-button]")).to_be_visible()
    wire.delay = 0
    stop(page)
    box(page).press("Enter")
    expect(said(page)).to_have_text(["Hello", "/long", "next, in order"])
    expect(answers(page)).to_have_count(3)
    expect(page.locator("[part=send-button]")).to_be_visible()
    assert shown(page) == stored(page, thread_of(page))


def test_what_is_written_offline_is_kept_and_sent_when_the_network_is_back(
    page: Page, visitor: BrowserContext
) -> None:
    say(page, "Hello")
    visitor.set_offline(True)
    expect(page.get_by_text(OFFLINE)).to_be_visible()
    box(page).fill("from the train")
    box(page).press("Enter")
    expect(said(page)).to_have_text(["Hello", "from the train"])
    expect(line(page, RECONNECTING)).to_be_visible()
    kept = "Object.entries(localStorage).filter(([, text]) => text === 'from the train').length"
    assert page.evaluate(kept) == 1
    visitor.set_offline(False)
    expect(page.get_by_text(OFFLINE)).to_be_hidden()
    expect(answers(page)).to_have_count(2)
    expect(page.locator("[part=send-button]")).to_be_visible()
    assert shown(page) == stored(page, thread_of(page))
    assert page.evaluate(kept) == 0


def test_a_message_that_cannot_be_sent_comes_back_when_one_stops_trying(
    page: Page, visitor: BrowserContext
) -> None:
    visitor.set_offline(True)
    box(page).fill("never mind")
    box(page).press("Enter")
    expect(line(page, RECONNECTING)).to_be_visible()
    page.locator("[part=stop-button]").click()
    expect(box(page)).to_have_value("never mind")
    expect(said(page)).to_have_count(0)
