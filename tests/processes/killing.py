"""Kills a worker again and again while chats stream, and keeps account of what clients were promised."""

import random
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from chatkit_asgi.server.recovery import INTERRUPTED_NOTE
from tests.processes.look import Database, notes_of, questions_of, texts_of
from tests.processes.talk import Reading, Talk, script
from tests.processes.workers import Listener, Nursery, Site, Worker, until

__all__ = ["LEASE", "Account", "Killing"]

LEASE = 4.0
"""Seconds; shorter than in life, so that dead turns are swept while the next ones run, and longer than
workers keep each other waiting."""
THREADS_AT_ONCE = 3
ROUNDS_APART = 8
"""A thread is used again when its turn's lease has long ended."""
MOST_EVENTS = 240
LONGEST_DELAY = 0.03


@dataclass
class Asked:
    """One request, and what became of it."""

    reading: Reading
    question: str
    is_strict: bool
    killed_at: float = 0.0
    """In milliseconds of the machine's clock."""


@dataclass
class Thread:
    """A thread that has been begun, and its requests."""

    id: str
    question_id: str
    asked: list[Asked]
    is_retried: bool = False
    answers: frozenset[str] = frozenset()
    """The messages that were stored before the retry."""


@dataclass
class Account:
    """What came out. Gaps are in milliseconds between the first delta that was lost and the kill."""

    database: str = ""
    kills: int = 0
    accepted: int = 0
    interrupted: int = 0
    done: int = 0
    messages_lost: int = 0
    deltas_seen: int = 0
    gaps: list[float] = field(default_factory=list)
    gaps_strict: list[float] = field(default_factory=list)
    tools: int = 0

    @classmethod
    def sum(cls, accounts: Iterable["Account"]) -> "Account":
        """One for all of them, on the same database."""
        whole = cls()
        for account in accounts:
            whole.database = account.database
            for name in set(vars(whole)) - {"database"}:
                setattr(whole, name, getattr(whole, name) + getattr(account, name))
        return whole

    def table(self) -> str:
        cells = {
            "database": self.database,
            "kills": self.kills,
            "accepted": self.accepted,
            "done": self.done,
            "interrupted": self.interrupted,
            "tools called": self.tools,
            "messages lost": self.messages_lost,
            "deltas seen": self.deltas_seen,
            "answers without their last flush": len(self.gaps),
            "longest gap, ms": round(max(self.gaps, default=0)),
            "the same, strict": len(self.gaps_strict),
        }
        rows = [cells.keys(), ["---"] * len(cells), map(str, cells.values())]
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)


class Killing:
    """Streams, kills, starts anew. `check` says what does not hold."""

    def __init__(self, site: Site, here: Database, seed: int) -> None:
        self.account = Account(here.store.engine.dialect.name)
        self._site = site
        self._here = here
        self._random = random.Random(seed)  # noqa: S311  # a test that can be repeated
        self._old: deque[list[Thread]] = deque()
        self._all: list[Thread] = []

    async def run(self, rounds: int) -> None:
        listener = Listener()
        with Nursery(self._site, listener) as nursery:
            async with Talk() as talk:
                worker = self._start(nursery, 0)
                for number in range(rounds):
                    opened = await self._open(talk, listener.url, is_strict=_is_strict(number))
                    await self._kill(worker, opened)
                    # who was not accepted yet by the one that is gone is served by the next
                    worker = self._start(nursery, number + 1)
                    await self._collect(opened)
                await self._use_all(talk, listener.url)
                await worker.stop()
                worker.close()
        listener.socket.close()

    def _start(self, nursery: Nursery, number: int) -> Worker:
        durability = "strict" if _is_strict(number) else "relaxed"
        return nursery.start(lease=LEASE, durability=durability, on_disconnect="continue")

    async def _open(self, talk: Talk, url: str, *, is_strict: bool) -> list[tuple[Thread | None, Asked]]:
        """New threads, and the second turns of old ones: another question, or the first once more."""
        opened: list[tuple[Thread | None, Asked]] = []
        for _ in range(THREADS_AT_ONCE):
            text = self._script()
            opened.append((None, Asked(talk.create(url, text), text, is_strict)))
        for thread in self._old.popleft() if len(self._old) >= ROUNDS_APART else []:
            text = self._script()
            if self._random.random() < 0.5:
                await self._settle(thread)
                thread.is_retried = True
                reading = talk.retry(url, thread.id, thread.question_id)
            else:
                reading = talk.say(url, thread.id, text)
            opened.append((thread, Asked(reading, text, is_strict)))
        return opened

    def _script(self) -> str:
        count, pause = self._random.randint(1, 30), self._random.choice([0.002, 0.005, 0.01])
        return script(["tool", "look up"], ["say", count, pause], ["tool", "charge"], ["say", count, pause])

    async def _kill(self, worker: Worker, opened: list[tuple[Thread | None, Asked]]) -> None:
        """At a random moment: after so many events, and a little later."""
        moment, readings = self._random.randrange(MOST_EVENTS), [asked.reading for _, asked in opened]

        def has_come() -> bool:
            is_over = all(reading.task is None or reading.task.done() for reading in readings)
            return is_over or sum(len(reading.events) for reading in readings) >= moment

        await until(has_come)
        time.sleep(self._random.random() * LONGEST_DELAY)  # noqa: ASYNC251  # the moment, not a wait for anything
        killed_at = time.monotonic_ns() / 1e6
        await worker.stop()
        worker.close()
        self.account.kills += 1
        for _, asked in opened:
            asked.killed_at = killed_at

    async def _collect(self, opened: list[tuple[Thread | None, Asked]]) -> None:
        begun: list[Thread] = []
        for thread, asked in opened:
            await asked.reading.ended()
            if asked.reading.status == 200:
                self.account.accepted += 1
            if thread is not None:
                thread.asked.append(asked)
            elif (questions := _questions(asked.reading)) and "thread.created" in asked.reading.types:
                begun.append(Thread(asked.reading.thread_id, questions[0], [asked]))
        self._old.append(begun)
        self._all += begun

    def was_retried(self, name: str) -> bool:
        """Whether the user asked a question again, whose tools are then called again."""
        return any(thread.is_retried and name in thread.asked[0].question for thread in self._all)

    async def _settle(self, thread: Thread) -> None:
        """Look at what a thread has while it is all there: the retry is about to replace it."""
        await self._here.no_turn_runs(thread.id)
        await self._check_texts(thread, thread.asked)
        thread.answers = frozenset(texts_of(await self._here.shown(thread.id)))

    async def _use_all(self, talk: Talk, url: str) -> None:
        """Every thread takes another question, at once or as soon as its last turn is known to be over."""
        for thread in self._all:
            await self._here.no_turn_runs(thread.id)
            await self._check(thread)
            text = script(["say", 1, 0])
            reading = await talk.say(url, thread.id, text).ended()
            assert (reading.status, reading.types[-1]) == (200, "thread.item.done")
            items = await self._here.items(thread.id)
            assert (text in questions_of(items), reading.text in texts_of(items).values()) == (True, True)

    async def _check(self, thread: Thread) -> None:
        items = await self._here.items(thread.id)
        questions, notes = questions_of(items), notes_of(items)
        texts = texts_of(await self._here.shown(thread.id))
        for asked in thread.asked:
            is_new = not (thread.is_retried and asked is thread.asked[1])
            if is_new and asked.reading.status == 200 and questions.count(asked.question) != 1:
                self.account.messages_lost += 1
        assert max(Counter(texts.values()).values(), default=1) == 1, "an item is there twice"
        turns = await self._here.turns(thread.id)
        interrupted = sum(turn.status == "interrupted" for turn in turns)
        assert {turn.status for turn in turns} <= {"done", "interrupted"}
        assert all(turn.has_finished for turn in turns)
        self.account.interrupted += interrupted
        self.account.done += len(turns) - interrupted
        if thread.is_retried:
            self._check_retry(thread, texts)
        else:
            assert notes.count(INTERRUPTED_NOTE) == interrupted
        await self._check_texts(thread, thread.asked[1:] if thread.is_retried else thread.asked)

    def _check_retry(self, thread: Thread, texts: dict[str, str]) -> None:
        """All of the old answer is there, or something of the new one and nothing of the old."""
        old = thread.answers & texts.keys()
        assert old in (set(), thread.answers), "half of an answer was lost by a retry"
        assert bool(old) != bool(texts.keys() - thread.answers) or not thread.answers, "an answer was lost"

    async def _check_texts(self, thread: Thread, asked: list[Asked]) -> None:
        """What users have seen is stored, but for the last flush before the kill."""
        stored = texts_of(await self._here.shown(thread.id))
        for one in asked:
            for item_id, seen in one.reading.texts().items():
                self.account.deltas_seen += seen.count(" ")
                kept = stored.get(item_id, "")
                if not kept.startswith(seen):
                    assert seen.startswith(kept), "what is stored is not what was seen"
                    self._note_gap(one, seen[len(kept) :])

    def _note_gap(self, asked: Asked, lost: str) -> None:
        gaps = self.account.gaps_strict if asked.is_strict else self.account.gaps
        gaps.append(asked.killed_at - float(lost.split(":")[0]))


def _is_strict(number: int) -> bool:
    return number % 4 == 3


def _questions(reading: Reading) -> list[str]:
    done = [event["item"] for event in reading.events if event["type"] == "thread.item.done"]
    return [item["id"] for item in done if item["type"] == "user_message"]
