"""Long threads and long sessions: what is drawn for a word, and what is left when it is over."""

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Page, expect

from tests.page.talk import said, say, thread_of

MESSAGES = 500
TURNS = 200
PAGE = 50
"""Items that the page loads at once."""
HASTY = pytest.mark.parametrize("address", [{"CHATKIT_AGENT": "tests.page.servers:hasty"}], indirect=True)
BRISK = pytest.mark.parametrize("address", [{"CHATKIT_AGENT": "tests.page.servers:brisk"}], indirect=True)
COUNT = """() => {
  window.updates = {};
  let proto = customElements.get('ck-answer').prototype;
  while (!Object.hasOwn(proto, 'performUpdate')) proto = Object.getPrototypeOf(proto);
  const {performUpdate} = proto;
  proto.performUpdate = function () {
    if (this.isUpdatePending) updates[this.localName] = (updates[this.localName] ?? 0) + 1;
    return performUpdate.call(this);
  };
  const changed = new Set();
  window.changed = changed;
  const observe = each => new MutationObserver(found => found.forEach(({target}) => changed.add(target)))
    .observe(each.shadowRoot, {subtree: true, childList: true, characterData: true, attributes: true});
  const thread = document.querySelector('openai-chatkit').shadowRoot.querySelector('ck-chat').shadowRoot
    .querySelector('ck-thread');
  thread.shadowRoot.querySelectorAll('ck-user-message, ck-answer').forEach(observe);
  window.deltas = 0;
  const chat = document.querySelector('openai-chatkit');
  chat.tellsEvents = true;
  chat.addEventListener('chatkit.log', ({detail}) =>
    deltas += detail.name === 'thread.event' && detail.data.update?.type.endsWith('text_delta') ? 1 : 0);
}"""
FRAMES = """() => {
  window.frames_ = [];
  let last = performance.now();
  const next = now => { frames_.push(now - last); last = now; requestAnimationFrame(next); };
  requestAnimationFrame(next);
}"""
TIMES = """() => {
  const sorted = [...frames_].sort((one, other) => one - other);
  const at = share => Math.round(sorted[Math.floor(share * (sorted.length - 1))] * 10) / 10;
  return {frames: sorted.length, median: at(0.5), p95: at(0.95), longest: at(1)};
}"""


@pytest.fixture
def long_thread(page: Page, address: str) -> str:
    """A thread of 500 messages, each with an answer to every second of them; the page's visitor owns it."""
    say(page, "/citations")
    thread = thread_of(page)
    for number in range(2, MESSAGES // 2 + 1):
        content = [{"type": "input_text", "text": f"message {number}"}]
        message = {"content": content, "attachments": [], "inference_options": {}}
        body = {
            "type": "threads.add_user_message",
            "params": {"thread_id": thread, "input": message},
        }
        response = page.request.post(f"{address}/chatkit", data=body)
        assert response.status == 200
    return thread


@BRISK
def test_a_long_thread_opens_at_its_end_and_draws_only_what_changes(page: Page, long_thread: str) -> None:
    page.reload()
    expect(said(page).last).to_be_in_viewport()
    expect(said(page)).to_have_count(PAGE // 2)
    last = f"message {MESSAGES // 2}"
    expect(said(page).last).to_have_text(last)
    page.evaluate(COUNT)
    page.evaluate(FRAMES)
    say(page, "/long")
    deltas = page.evaluate("deltas")
    assert deltas > 1000
    updates = page.evaluate("updates")
    print("an answer of", deltas, "deltas:", page.evaluate(TIMES), updates)
    assert page.evaluate("changed.size") <= 2  # that the last turn is the last no more
    frames = page.evaluate("frames_.length")
    for tag in ("ck-thread", "ck-answer", "ck-markdown"):
        assert updates[tag] <= frames + PAGE, tag
    assert updates.get("ck-user-message", 0) <= 4


@HASTY
def test_older_messages_come_in_above_without_moving_those_in_sight(page: Page, long_thread: str) -> None:
    page.reload()
    expect(said(page)).to_have_count(PAGE // 2)
    scroller = page.locator("ck-thread .scroller")
    for count in range(2, 5):
        scroller.evaluate("scroller => scroller.scrollTo(0, 0)")
        first = said(page).first
        seen = page.locator("ck-user-message").get_by_text(first.text_content() or "", exact=True)
        before = seen.bounding_box()
        page.get_by_role("button", name="Show earlier messages").click()
        expect(said(page)).to_have_count(count * PAGE // 2)
        after = seen.bounding_box()
        assert before is not None
        assert after is not None
        assert abs(after["y"] - before["y"]) < 2
    page.evaluate(FRAMES)
    scroller.evaluate("scroller => scroller.scrollTo({top: scroller.scrollHeight, behavior: 'smooth'})")
    expect(said(page).last).to_be_in_viewport()
    print("scrolling:", page.evaluate(TIMES))


@pytest.mark.slow
@HASTY
def test_memory_stays_flat_over_many_turns(visitor: BrowserContext, page: Page) -> None:
    session = visitor.new_cdp_session(page)
    session.send("Performance.enable")
    for _ in range(10):  # until all code is loaded and warm
        say(page, "Hello")
    before = figures(session)
    for _ in range(TURNS):
        say(page, "Hello")
    grown = {name: value - before[name] for name, value in figures(session).items()}
    print("grown over", TURNS, "turns:", grown)
    assert grown["JSHeapUsedSize"] / TURNS < 60_000, grown
    assert grown["Nodes"] / TURNS < 250, grown
    page.get_by_role("button", name="New chat").click()
    expect(said(page)).to_have_count(0)
    left = {name: value - before[name] for name, value in figures(session).items()}
    print("left of it in a new chat:", left)
    assert left["Nodes"] < 600, left
    assert left["JSHeapUsedSize"] < 2_000_000, left


def figures(session: CDPSession) -> dict[str, float]:
    """What is in memory after rubbish has been collected."""
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return {name: metrics[name] for name in ("JSHeapUsedSize", "Nodes", "JSEventListeners")}
