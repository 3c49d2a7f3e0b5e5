"""Every statement of the store, built once and run with parameters. Each one says whose rows it means.

Both databases get the same statements, save for the class of INSERT that knows ON CONFLICT.
"""

from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Select,
    String,
    Table,
    Text,
    bindparam,
    delete,
    false,
    func,
    not_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from chatkit_asgi.store.sql.models import Tables, UTCDateTime
from chatkit_asgi.store.sql.search import search_statement

__all__ = ["Pages", "Statements"]

Insert = postgresql.Insert | sqlite.Insert

OWNER = bindparam("owner_", type_=String)
THREAD = bindparam("thread_id_", type_=String)
ID = bindparam("id_", type_=String)
IDS = bindparam("ids_", type_=String, expanding=True)
POSITION = bindparam("position_", type_=BigInteger)
COUNT = bindparam("count_", type_=BigInteger)
HIDDEN = bindparam("hidden_", type_=Boolean)
KIND = bindparam("kind_", type_=String)
NOW = bindparam("now_", type_=UTCDateTime)
DOCUMENT = bindparam("document_", type_=Text)
BLOB = bindparam("blob_", type_=String)
SIZE = bindparam("size_", type_=BigInteger)


class Pages(NamedTuple):
    """How one list of rows is read: `count_` of them beyond `position_`, which `find` gives for an `id_`."""

    asc: Select[int, str, str]
    desc: Select[int, str, str]
    find: Select[int]


class Statements:
    """The statements over `tables`."""

    def __init__(self, tables: Tables) -> None:
        insert = sqlite.insert if tables.dialect == "sqlite" else postgresql.insert
        self.delete_all_days = delete(tables.token_days).where(tables.token_days.c.owner == OWNER)
        self._thread_statements(tables.threads, insert(tables.threads))
        self._item_statements(tables.items, tables.threads, insert(tables.items))
        self._attachment_statements(tables.attachments, insert(tables.attachments))
        self._feedback_statements(tables.feedback, tables.items, insert(tables.feedback))
        self.search = search_statement(tables)

    def _thread_statements(self, threads: Table, insert: Insert) -> None:
        mine = threads.c.owner == OWNER
        # for operators, who may know no more than the id
        self.thread_owner = select(threads.c.owner).where(threads.c.id == ID)
        self.load_thread = select(threads.c.document).where(threads.c.id == ID, mine)
        # What a transaction decides on the strength of a thread, no other one may decide at the same time.
        self.load_thread_to_change = self.load_thread.with_for_update(key_share=True)
        self.delete_thread = delete(threads).where(threads.c.id == ID, mine).returning(threads.c.id)
        self.delete_all_threads = delete(threads).where(mine)
        self.threads = _pages(threads, mine)
        self.save_thread = (
            insert.values(id=ID, owner=OWNER, created_at=NOW, document=DOCUMENT)
            .on_conflict_do_update(
                index_elements=["id"],
                set_={"document": insert.excluded.document},
                where=threads.c.owner == insert.excluded.owner,
            )
            .returning(threads.c.seq)
        )

    def _item_statements(self, items: Table, threads: Table, insert: Insert) -> None:
        mine = (items.c.thread_id == THREAD, items.c.owner == OWNER)
        current, visible = not_(items.c.superseded), not_(items.c.hidden)
        self.load_item = select(items.c.document).where(*mine, items.c.id == ID, current)
        self.delete_item = delete(items).where(*mine, items.c.id == ID)
        every = _pages(items, *mine)
        self.items = every._replace(asc=every.asc.where(current), desc=every.desc.where(current))
        self.visible_items = every._replace(asc=every.asc.where(visible), desc=every.desc.where(visible))
        # Locking the thread makes its items' numbers follow the order of their commits.
        thread = (
            select(threads.c.id, threads.c.owner, ID, HIDDEN, NOW, DOCUMENT)
            .where(threads.c.id == THREAD, threads.c.owner == OWNER)
            .with_for_update(key_share=True)
        )
        columns = ["thread_id", "owner", "id", "hidden", "created_at", "document"]
        self.save_item = (
            insert.from_select(columns, thread)
            .on_conflict_do_update(
                index_elements=["thread_id", "id"],
                set_={
                    "document": insert.excluded.document,
                    "hidden": insert.excluded.hidden,
                    "superseded": false(),
                },
            )
            .returning(items.c.seq)
        )
        self._superseding_statements(items, threads)

    def _superseding_statements(self, items: Table, threads: Table) -> None:
        mine = (items.c.thread_id == THREAD, items.c.owner == OWNER)
        self.supersede_items = update(items).where(*mine, items.c.seq > POSITION).values(superseded=true())
        self.restore_items = update(items).where(*mine, items.c.superseded).values(superseded=false())
        self.delete_superseded = delete(items).where(*mine, items.c.superseded)
        left = select(items.c.id).where(items.c.thread_id == threads.c.id, items.c.superseded)
        self.load_thread_for_turn = self.load_thread_to_change.add_columns(
            left.exists().label("has_superseded")
        )

    def _attachment_statements(self, attachments: Table, insert: Insert) -> None:
        mine = attachments.c.owner == OWNER
        self.load_attachment = select(attachments.c.document).where(attachments.c.id == ID, mine)
        # What a transaction finds out about an attachment holds until it ends.
        self.load_attachment_to_change = self.load_attachment.with_for_update()
        gone = delete(attachments).returning(attachments.c.blob)
        self.delete_attachment = gone.where(attachments.c.id == ID, mine)
        self.delete_attachments = gone.where(attachments.c.thread_id == THREAD, mine)
        self.delete_all_attachments = gone.where(mine)
        values = {"id": ID, "owner": OWNER, "thread_id": THREAD, "created_at": NOW, "document": DOCUMENT}
        self.save_attachment = (
            insert.values({**values, "blob": BLOB, "size": SIZE})
            .on_conflict_do_update(
                index_elements=["id"],
                set_={
                    "thread_id": insert.excluded.thread_id,
                    "document": insert.excluded.document,
                    "size": insert.excluded.size,
                    # never forgotten: whoever deletes the row has to know
                    "blob": func.coalesce(insert.excluded.blob, attachments.c.blob),
                },
                where=attachments.c.owner == insert.excluded.owner,
            )
            .returning(attachments.c.id)
        )

    def _feedback_statements(self, feedback: Table, items: Table, insert: Insert) -> None:
        mine = (feedback.c.thread_id == THREAD, feedback.c.owner == OWNER)
        self.load_feedback = select(feedback.c.item_id, feedback.c.kind).where(*mine)
        known = select(items.c.thread_id, items.c.owner, items.c.id, KIND, NOW).where(
            items.c.thread_id == THREAD, items.c.owner == OWNER, items.c.id.in_(IDS)
        )
        columns = ["thread_id", "owner", "item_id", "kind", "created_at"]
        self.save_feedback = insert.from_select(columns, known).on_conflict_do_update(
            index_elements=["thread_id", "item_id"],
            set_={"kind": insert.excluded.kind, "created_at": insert.excluded.created_at},
        )


def _pages(table: Table, *mine: ColumnElement[bool]) -> Pages:
    page = select(table.c.seq, table.c.id, table.c.document).where(*mine).limit(COUNT)
    return Pages(
        page.where(table.c.seq > POSITION).order_by(table.c.seq),
        page.where(table.c.seq < POSITION).order_by(table.c.seq.desc()),
        select(table.c.seq).where(*mine, table.c.id == ID),
    )
