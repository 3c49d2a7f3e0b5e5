"""Anything, in any order, on each store: it must do what a simple model of it does."""

import asyncio
from collections.abc import Iterator
from contextlib import asynccontextmanager
from copy import deepcopy
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import ChatKitError
from chatkit_asgi.store import Store
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.store.sql import SQLAlchemyStore, Tables, create_engine, migrate
from chatkit_asgi.types import Page
from tests.factories import make_assistant_message, make_attachment, make_hidden_context, make_thread
from tests.store.model import Cursor, Model

contexts = st.sampled_from([RequestContext(user_id="alice"), RequestContext(user_id="bob")])
thread_ids = st.sampled_from(["thr_1", "thr_2", "thr_3"])
item_ids = st.sampled_from([f"msg_{number}" for number in range(1, 7)])
attachment_ids = st.sampled_from(["atc_1", "atc_2"])
texts = st.sampled_from(["one", "two", "three"])
limits = st.integers(0, 4)
orders = st.sampled_from(["asc", "desc"])
items = st.builds(make_assistant_message, texts, id=item_ids) | st.builds(
    make_hidden_context, texts, id=item_ids
)

Call = tuple[str, tuple[object, ...], RequestContext]
"""A method of a store, its arguments, and who asks."""


def call(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Call]:
    return st.tuples(st.just(name), st.tuples(*arguments), contexts)


threads = st.builds(make_thread, id=thread_ids, title=texts)
attachments = st.builds(make_attachment, id=attachment_ids, name=texts, thread_id=st.none() | thread_ids)
adding = st.one_of(
    call("save_thread", threads),
    call("add_thread_item", thread_ids, items),
    call("save_item", thread_ids, items),
)
writing = st.one_of(
    adding,
    call("delete_thread_item", thread_ids, item_ids),
    call("delete_thread", thread_ids),
    call("supersede_items", thread_ids, item_ids),
    call("restore_superseded_items", thread_ids, st.just([])),
    call("delete_superseded_items", thread_ids),
    call("load_thread_for_turn", thread_ids),
    call("save_attachment", attachments),
    call("delete_attachment", attachment_ids),
    call("save_feedback", thread_ids, st.lists(item_ids), st.sampled_from(["positive", "negative"])),
)
reading = st.one_of(
    call("load_thread", thread_ids),
    call("load_item", thread_ids, item_ids),
    call("load_attachment", attachment_ids),
    call("load_feedback", thread_ids),
    call("load_threads", limits, st.none() | thread_ids, orders),
    call("load_thread_items", thread_ids, st.none() | item_ids, limits, orders),
    call("load_visible_items", thread_ids, st.none() | item_ids, limits, orders),
)


class Undone(Exception):
    """Ends a transaction that is to leave no trace."""


class Reader:
    """Reads on, page after page, while rows come and go. Two cursors: the store's and the model's."""

    def __init__(self, method: str, thread_id: str, limit: int, order: str, context: RequestContext) -> None:
        self._method = method
        self._thread_id = thread_id
        self._limit = limit
        self._order = order
        self._context = context
        self.cursor: str | None = None
        self.position: int | None = None

    def call(self, cursor: Cursor) -> Call:
        if self._method == "load_threads":
            return self._method, (self._limit, cursor, self._order), self._context
        return self._method, (self._thread_id, cursor, self._limit, self._order), self._context


class Machine(RuleBasedStateMachine):
    """Does everything twice, in the store and in the model, and compares what comes of it."""

    runner: asyncio.Runner
    store: Store[Any]

    def __init__(self) -> None:
        super().__init__()
        self.store = self.runner.run(self.empty_store())
        self.model = Model()
        self.readers: list[Reader] = []

    async def empty_store(self) -> Store[Any]:
        raise NotImplementedError

    @rule(call=adding)
    def add(self, call: Call) -> None:
        self.runner.run(self._do(call))

    @rule(call=writing)
    def write(self, call: Call) -> None:
        self.runner.run(self._do(call))

    @rule(call=reading)
    def read(self, call: Call) -> None:
        self.runner.run(self._do(call))

    @rule(calls=st.lists(writing | reading, min_size=1, max_size=6), is_undone=st.booleans())
    def transact(self, calls: list[Call], is_undone: bool) -> None:
        before = deepcopy(self.model)
        self.runner.run(self._transact(calls, is_undone=is_undone))
        if is_undone:
            self.model = before

    @rule(
        method=st.sampled_from(["load_threads", "load_thread_items", "load_visible_items"]),
        thread_id=thread_ids,
        limit=st.integers(1, 3),
        order=orders,
        context=contexts,
    )
    def start_reader(
        self, method: str, thread_id: str, limit: int, order: str, context: RequestContext
    ) -> None:
        self.readers.append(Reader(method, thread_id, limit, order, context))

    @precondition(lambda self: self.readers)
    @rule(data=st.data())
    def read_on(self, data: st.DataObject) -> None:
        reader = data.draw(st.sampled_from(self.readers))
        self.runner.run(self._read_on(reader))

    def teardown(self) -> None:
        for context in (RequestContext(user_id="alice"), RequestContext(user_id="bob")):
            self.runner.run(self._do(("load_threads", (99, None, "asc"), context)))
            for thread_id in ("thr_1", "thr_2", "thr_3"):
                for method in ("load_thread_items", "load_visible_items"):
                    self.runner.run(self._do((method, (thread_id, None, 99, "asc"), context)))

    async def _do(self, call: Call) -> None:
        expected = self._expected(call)
        found = await self._found(call)
        if isinstance(expected, Page) and isinstance(found, Page):
            expected, found = (expected.data, expected.has_more), (found.data, found.has_more)
        assert found == expected

    async def _transact(self, calls: list[Call], *, is_undone: bool) -> None:
        try:
            async with self.store.transaction():
                for call in calls:
                    await self._do(call)
                if is_undone:
                    raise Undone
        except Undone:
            pass

    async def _read_on(self, reader: Reader) -> None:
        expected = self._expected(reader.call(reader.position))
        found = await self._found(reader.call(reader.cursor))
        if not isinstance(expected, Page) or not isinstance(found, Page):
            assert found == expected
            return
        assert (found.data, found.has_more) == (expected.data, expected.has_more)
        if found.has_more:
            reader.cursor, reader.position = found.after, int(expected.after or "")

    def _expected(self, call: Call) -> object:
        method, arguments, context = call
        try:
            return getattr(self.model, method)(*arguments, context)
        except ChatKitError as error:
            return type(error)

    async def _found(self, call: Call) -> object:
        method, arguments, context = call
        try:
            return await getattr(self.store, method)(*arguments, context)
        except ChatKitError as error:
            return type(error)


class MemoryMachine(Machine):
    async def empty_store(self) -> Store[Any]:
        return MemoryStore()


class SQLMachine(Machine):
    async def empty_store(self) -> Store[Any]:
        assert isinstance(self.store, SQLAlchemyStore)
        tables = Tables(self.store.engine.dialect.name).metadata.sorted_tables
        async with self.store.database.write() as connection:
            for table in reversed(tables):
                await connection.execute(table.delete())
        return self.store


@asynccontextmanager
async def opened(url: str) -> Any:
    store: SQLAlchemyStore[Any] = SQLAlchemyStore(create_engine(url), owns_engine=True)
    await migrate(store.engine)
    yield store
    await store.aclose()


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def machine(request: pytest.FixtureRequest, runner: asyncio.Runner, tmp_path: Any) -> Iterator[type[Machine]]:
    if request.param == "memory":
        yield type("Memory", (MemoryMachine,), {"runner": runner})
        return
    sqlite = f"sqlite:///{tmp_path / 'chatkit.db'}"
    url = sqlite if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opening = opened(url)
    store = runner.run(opening.__aenter__())
    yield type("SQL", (SQLMachine,), {"runner": runner, "store": store})
    runner.run(opening.__aexit__(None, None, None))


def run(machine: type[Machine], *, examples: int, steps: int) -> None:
    limits = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[phase for phase in Phase if phase is not Phase.shrink],  # it takes minutes on a database
    )
    run_state_machine_as_test(machine, settings=limits)


def test_store_does_what_the_model_does(machine: type[Machine]) -> None:
    run(machine, examples=20, steps=30)


@pytest.mark.slow
def test_store_does_what_the_model_does_for_long(machine: type[Machine]) -> None:
    run(machine, examples=120, steps=50)
