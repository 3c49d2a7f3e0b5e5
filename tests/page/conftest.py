"""The built page in a browser. Its tests are all synchronous: see `tests.browser`."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from hatch_build import PageError, ToolsError
from hatch_build import build as build_page
from tests.browser import App, launched, missing, watched
from tests.page.hosts import Host, Site, site
from tests.page.scripted import Script, scripted

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SHARED = {
    "CHATKIT_AUTH": "anonymous",
    "CHATKIT_RATE_LIMIT": "off",
    "CHATKIT_RATE_LIMIT_ADDRESS": "off",
    "CHATKIT_RATE_LIMIT_MESSAGES": "off",
}
OFFERED = {"CHATKIT_MODELS": "tiny=Quick", "CHATKIT_TOOLS": "task=A task, notice=A notice"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser that shares slow cores with others is now and then late: what fails is tried once more."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder of the page, built anew if something that it is built from has changed."""
    try:
        build_page(ROOT)
    except ToolsError as exc:
        missing(f"needs the built page: {exc}")
    except PageError as exc:
        pytest.fail(str(exc))
    return ROOT / "chatkit_asgi" / "web" / "page"


@pytest.fixture(scope="package")
def browser(built: Path) -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def start(built: Path, tmp_path: Path) -> Iterator[Callable[..., App]]:
    """Starts the app with the built page, on one data folder; called as `App` is. It is killed at the end."""
    with ExitStack() as stack:

        def start(settings: dict[str, str] | None = None, *, port: int = 0) -> App:
            app = App(tmp_path, settings, port=port)
            stack.callback(app.kill)
            return app

        yield start


@pytest.fixture(scope="package")
def shared(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app of the tests that ask for no other, to which each visitor is a user of its own."""
    app = App(tmp_path_factory.mktemp("shared"), SHARED)
    yield app
    app.kill()


@pytest.fixture
def address(request: pytest.FixtureRequest) -> str:
    """Where an app listens that answers with the demo model. With a parameter it is one of the test's own.

    The parameter adds to its environment; without `CHATKIT_AUTH` in it, all its visitors are one user.
    """
    if not hasattr(request, "param"):
        app: App = request.getfixturevalue("shared")
        return app.address
    start: Callable[..., App] = request.getfixturevalue("start")
    return start(request.param).address


@pytest.fixture
def tolerated() -> list[str]:
    """Texts of errors that a test provokes: it adds them before it does."""
    return []


@pytest.fixture
def visitor(
    browser: Browser, start: Callable[..., App], tolerated: list[str], request: pytest.FixtureRequest
) -> Iterator[BrowserContext]:
    """A browser's context; errors in its pages fail the test. A parameter is Playwright's options of it.

    It leaves before the apps of `start` do, whose absence would be an error.
    """
    with watched(browser, tolerated, **getattr(request, "param", {})) as context:
        yield context


@pytest.fixture
def page(visitor: BrowserContext, address: str) -> Page:
    """The page of ``GET /``, open."""
    page = visitor.new_page()
    page.goto(address)
    return page


@pytest.fixture
def script(built: Path) -> Iterator[Script]:
    """A server whose answers the test writes; `script.show(tab)` opens a page on it."""
    with scripted(built) as script:
        yield script


@pytest.fixture
def tab(visitor: BrowserContext) -> Page:
    """An empty page."""
    return visitor.new_page()


@pytest.fixture(scope="package")
def other_site(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Another origin, whose pages may call an app that answers with the demo model."""
    with site() as pages:
        settings = {"CHATKIT_CORS_ORIGINS": pages.address, "CHATKIT_DEMO_DELAY": "0.005"}
        app = App(tmp_path_factory.mktemp("other-site"), {**settings, **OFFERED})
        pages.app = app.address
        pages.add("/")
        yield pages
        app.kill()


@pytest.fixture
def host(visitor: BrowserContext, other_site: Site) -> Host:
    """A page of another site, open; its element waits for its options."""
    return Host(visitor.new_page(), other_site).open()
