"""An index of titles and messages, kept by the database itself: the release before keeps it, too.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from chatkit_asgi.store.sql.migrate import named, qualified

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MESSAGES = "('user_message', 'assistant_message')"
LONGEST = 100_000
"""Characters of one message that are indexed: PostgreSQL takes no more than a megabyte."""
COLLATIONS = "'pg_c_utf8', 'und-x-icu', 'C.utf8', 'C.UTF-8'"
"""Those that know every letter's case; one of them is there."""
SIGNS = (
    "\\u00a0-\\u00a9\\u00ab-\\u00b1\\u00b4\\u00b6-\\u00b8\\u00bb\\u00bf\\u00d7\\u00f7\\u1680\\u2000-\\u206f\\u20a0-\\u20cf"
    "\\u2190-\\u2bff\\u3000-\\u3003\\u3008-\\u3020\\u3030\\ufe0f\\uff01-\\uff0f\\uff1a-\\uff20\\uff3b-\\uff40\\uff5b-\\uff65"
    "\\U0001f000-\\U0001faff"
)
"""Of no words, to be left out: punctuation, currencies, arrows, emoji."""


def upgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        upgrade_sqlite()
    else:
        upgrade_postgres()


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        downgrade_sqlite()
    else:
        downgrade_postgres()


# SQLite: an index without content. What is taken out of it has to be said once more, so it is computed.
# An item is the row 2 × seq, a thread 2 × seq + 1.


def upgrade_sqlite() -> None:
    search, items, threads = named("search"), named("items"), named("threads")
    op.execute(
        f"CREATE VIRTUAL TABLE {search} USING fts5("
        "owner, title, words, content='', tokenize='unicode61 remove_diacritics 2')"
    )
    for table, add, drop in ((items, sqlite_item, sqlite_item), (threads, sqlite_thread, sqlite_thread)):
        op.execute(
            f"CREATE TRIGGER {table}_search_add AFTER INSERT ON {table} BEGIN {added(add('new'))}; END"
        )
        op.execute(
            f"CREATE TRIGGER {table}_search_drop AFTER DELETE ON {table} BEGIN {dropped(drop('old'))}; END"
        )
        changes = "document, hidden" if table == items else "document"
        op.execute(
            f"CREATE TRIGGER {table}_search_change AFTER UPDATE OF {changes} ON {table} "
            f"BEGIN {dropped(drop('old'))}; {added(add('new'))}; END"
        )
        op.execute(added(f"{add(table)} FROM {table}"))


def added(row: str) -> str:
    search = named("search")
    return f"INSERT INTO {search} (rowid, owner, title, words) SELECT * FROM (SELECT {row}) WHERE {FILLED}"


def dropped(row: str) -> str:
    search = named("search")
    return (
        f"INSERT INTO {search} ({search}, rowid, owner, title, words) "
        f"SELECT 'delete', * FROM (SELECT {row}) WHERE {FILLED}"
    )


FILLED = "coalesce(title, words) <> ''"


def sqlite_item(row: str) -> str:
    """The index's row of an item; a hidden one has no words."""
    texts = (
        "SELECT group_concat(json_extract(part.value, '$.text'), ' ') "
        f"FROM json_each({row}.document, '$.content') AS part WHERE part.type = 'object'"
    )
    words = (
        f"CASE WHEN {row}.hidden OR NOT json_valid({row}.document) THEN NULL "
        f"WHEN json_extract({row}.document, '$.type') IN {MESSAGES} THEN substr(({texts}), 1, {LONGEST}) END"
    )
    return f"2 * {row}.seq, hex({row}.owner), NULL AS title, {words} AS words"


def sqlite_thread(row: str) -> str:
    title = f"CASE WHEN json_valid({row}.document) THEN json_extract({row}.document, '$.title') END"
    return f"2 * {row}.seq + 1, hex({row}.owner), {title} AS title, NULL AS words"


def downgrade_sqlite() -> None:
    for table in (named("items"), named("threads")):
        for what in ("add", "drop", "change"):
            op.execute(f"DROP TRIGGER {table}_search_{what}")
    op.execute(f"DROP TABLE {named('search')}")


# PostgreSQL: a table of its own, so that the items' table is neither rewritten nor locked for readers. An item
# is there by its number, a thread by the number 0. The owner is one of the words: the index finds both at once.


def upgrade_postgres() -> None:
    op.create_table(
        named("search"),
        sa.Column("thread_id", sa.String, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("words", TSVECTOR, nullable=False),
        sa.PrimaryKeyConstraint("thread_id", "seq", name=named("pk_search")),
    )
    op.create_index(named("ix_search_words"), named("search"), ["words"], postgresql_using="gin")
    for function in FUNCTIONS:
        op.execute(filled_in(function))
    for trigger in TRIGGERS:
        op.execute(filled_in(trigger))
    for statement in INDEX_ALL:
        op.execute(filled_in(statement))


def filled_in(statement: str) -> str:
    names = {
        name: qualified(name)
        for name in (
            "items",
            "threads",
            "search",
            "search_fold",
            "search_text",
            "search_words",
            "search_item",
            "search_thread",
            "search_forget_items",
            "search_forget_threads",
        )
    }
    return statement.format(
        **names, messages=MESSAGES, longest=LONGEST, collations=COLLATIONS, signs=SIGNS
    )


FUNCTIONS = (
    # What is said in a document of an item; nothing where it cannot be read.
    """
CREATE FUNCTION {search_text}(document text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF document::json ->> 'type' IN {messages} THEN
        RETURN (
            SELECT string_agg(part ->> 'text', ' ')
            FROM json_array_elements(document::json -> 'content') AS part
        );
    END IF;
    RETURN document::json ->> 'title';
EXCEPTION WHEN others THEN
    RETURN NULL;
END $$""",
    # Without accents, case and signs, whatever the database's locale knows of them: in C it knows ASCII alone.
    """
DO $do$
DECLARE known text := (
    SELECT quote_ident(collname) FROM pg_collation
    WHERE collname IN ({collations}) AND collencoding IN (-1, pg_char_to_encoding(getdatabaseencoding()))
    ORDER BY array_position(ARRAY[{collations}]::name[], collname) LIMIT 1
);
BEGIN
    EXECUTE replace($create$
CREATE FUNCTION {search_fold}(said text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF octet_length(said) > char_length(said) THEN
        said := regexp_replace(said, '[{signs}]', ' ', 'g');
        said := normalize(regexp_replace(normalize(said, NFD), '[\\u0300-\\u036f]', '', 'g'), NFC);
        RETURN replace(lower(said COLLATE here), chr(962), chr(963));
    END IF;
    RETURN said;
END $$
    $create$, 'COLLATE here', coalesce('COLLATE ' || known, ''));
END $do$""",
    # Its words and its owner. Signs are left out that PostgreSQL would take for parts of words.
    """
CREATE FUNCTION {search_words}(said text, weight "char", owner text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE signs text := '!"#$&''()*+,-./:;<=>?@[\\]^_`{{|}}~' || chr(37);
BEGIN
    said := {search_fold}(translate(left(said, {longest}), signs, repeat(' ', 32)));
    RETURN setweight(to_tsvector('pg_catalog.simple', said), weight)
        || array_to_tsvector(ARRAY['@' || left(encode(sha256(convert_to(owner, 'UTF8')), 'hex'), 32)]);
END $$""",
    """
CREATE FUNCTION {search_item}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE said text := CASE WHEN NOT NEW.hidden THEN {search_text}(NEW.document) END;
BEGIN
    IF said <> '' THEN
        INSERT INTO {search} (thread_id, seq, owner, words)
        VALUES (NEW.thread_id, NEW.seq, NEW.owner, {search_words}(said, 'D', NEW.owner))
        ON CONFLICT (thread_id, seq) DO UPDATE SET words = excluded.words;
    ELSIF TG_OP = 'UPDATE' THEN
        DELETE FROM {search} WHERE thread_id = NEW.thread_id AND seq = NEW.seq;
    END IF;
    RETURN NULL;
END $$""",
    """
CREATE FUNCTION {search_thread}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE said text := {search_text}(NEW.document);
BEGIN
    IF said <> '' THEN
        INSERT INTO {search} (thread_id, seq, owner, words)
        VALUES (NEW.id, 0, NEW.owner, {search_words}(said, 'A', NEW.owner))
        ON CONFLICT (thread_id, seq) DO UPDATE SET words = excluded.words;
    ELSIF TG_OP = 'UPDATE' THEN
        DELETE FROM {search} WHERE thread_id = NEW.id AND seq = 0;
    END IF;
    RETURN NULL;
END $$""",
    """
CREATE FUNCTION {search_forget_items}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM {search} AS known USING gone
    WHERE known.thread_id = gone.thread_id AND known.seq = gone.seq;
    RETURN NULL;
END $$""",
    """
CREATE FUNCTION {search_forget_threads}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM {search} AS known USING gone WHERE known.thread_id = gone.id;
    RETURN NULL;
END $$""",
)
TRIGGERS = (
    """
CREATE TRIGGER search_item AFTER INSERT OR UPDATE OF document, hidden ON {items}
FOR EACH ROW EXECUTE FUNCTION {search_item}()""",
    """
CREATE TRIGGER search_thread AFTER INSERT OR UPDATE OF document ON {threads}
FOR EACH ROW EXECUTE FUNCTION {search_thread}()""",
    """
CREATE TRIGGER search_forget AFTER DELETE ON {items} REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION {search_forget_items}()""",
    """
CREATE TRIGGER search_forget AFTER DELETE ON {threads} REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION {search_forget_threads}()""",
)
INDEX_ALL = (
    """
INSERT INTO {search} (thread_id, seq, owner, words)
SELECT thread_id, seq, owner, {search_words}({search_text}(document), 'D', owner)
FROM {items} WHERE NOT hidden AND {search_text}(document) <> ''""",
    """
INSERT INTO {search} (thread_id, seq, owner, words)
SELECT id, 0, owner, {search_words}({search_text}(document), 'A', owner)
FROM {threads} WHERE {search_text}(document) <> ''""",
)
DROP_ALL = (
    "DROP TRIGGER search_item ON {items}",
    "DROP TRIGGER search_thread ON {threads}",
    "DROP TRIGGER search_forget ON {items}",
    "DROP TRIGGER search_forget ON {threads}",
    "DROP FUNCTION {search_item}()",
    "DROP FUNCTION {search_thread}()",
    "DROP FUNCTION {search_forget_items}()",
    "DROP FUNCTION {search_forget_threads}()",
    'DROP FUNCTION {search_words}(text, "char", text)',
    "DROP FUNCTION {search_fold}(text)",
    "DROP FUNCTION {search_text}(text)",
    "DROP TABLE {search}",
)


def downgrade_postgres() -> None:
    for statement in DROP_ALL:
        op.execute(filled_in(statement))
