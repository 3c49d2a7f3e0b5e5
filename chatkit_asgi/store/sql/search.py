"""Full-text search: a statement for each database. Its index is made by a revision and kept by triggers."""

from collections.abc import Sequence
from hashlib import sha256

from sqlalchemy import BigInteger, BindParameter, String, TextClause, bindparam, text

from chatkit_asgi.store.sql.models import Tables

__all__ = ["search_parameters", "search_statement"]

BEST = 1_000
"""How many finds are sorted by thread: a bound for words that are everywhere."""

SQLITE = """
WITH hits AS MATERIALIZED (
    SELECT rowid / 2 AS seq, rowid % 2 AS is_title, bm25({search}, 0.0, 10.0, 1.0) AS score
    FROM {search} WHERE {search} MATCH :match_ ORDER BY score LIMIT {best}
), places AS (
    SELECT threads.seq AS thread, NULL AS item, hits.score
    FROM hits JOIN {threads} AS threads ON threads.seq = hits.seq
    WHERE hits.is_title AND threads.owner = :owner_
    UNION ALL
    SELECT threads.seq, items.seq, hits.score
    FROM hits JOIN {items} AS items ON items.seq = hits.seq
    JOIN {threads} AS threads ON threads.id = items.thread_id
    WHERE NOT hits.is_title AND items.owner = :owner_ AND threads.owner = :owner_ AND NOT items.hidden
), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY thread ORDER BY score, item DESC) AS place FROM places
)
SELECT threads.id, threads.document, items.id, items.document
FROM ranked JOIN {threads} AS threads ON threads.seq = ranked.thread
LEFT JOIN {items} AS items ON items.seq = ranked.item
WHERE place = 1 ORDER BY score, threads.seq DESC LIMIT :count_
"""

POSTGRES = """
WITH query AS (
    SELECT to_tsquery('pg_catalog.simple', {search_fold}(:match_)) AS words, CAST(:owned_ AS tsquery) AS owned
), hits AS (
    SELECT thread_id, seq, ts_rank(search.words, query.words, 1) AS score
    FROM {search} AS search, query
    WHERE search.words @@ (query.words && query.owned) AND numnode(query.words) > 0 AND search.owner = :owner_
    ORDER BY score DESC LIMIT {best}
), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY thread_id ORDER BY score DESC, seq DESC) AS place FROM hits
)
SELECT threads.id, threads.document, items.id, items.document
FROM ranked JOIN {threads} AS threads ON threads.id = ranked.thread_id AND threads.owner = :owner_
LEFT JOIN {items} AS items ON items.thread_id = ranked.thread_id AND items.seq = ranked.seq
    AND items.owner = :owner_ AND NOT items.hidden
WHERE place = 1 AND (ranked.seq = 0 OR items.seq IS NOT NULL)
ORDER BY score DESC, threads.seq DESC LIMIT :count_
"""


def search_statement(tables: Tables) -> TextClause:
    """Gives thread id, thread, item id, item, best first; the last two are null where it was the title."""
    names = {name: tables.qualified(name) for name in ("search", "search_fold", "items", "threads")}
    if tables.dialect == "sqlite":
        return text(SQLITE.format(best=BEST, **names)).bindparams(*_texts("match_", "owner_"), _count())
    return text(POSTGRES.format(best=BEST, **names)).bindparams(
        *_texts("match_", "owned_", "owner_"), _count()
    )


def search_parameters(dialect: str, words: Sequence[str], owner: str) -> dict[str, object]:
    """The parameters that say what is searched for, of which the last word may be a beginning.

    The words hold none of the signs of ASCII.
    """
    if dialect == "sqlite":
        matches = " AND ".join(f'"{word}"' for word in words)
        owned = owner.encode().hex()
        return {"owner_": owner, "match_": f'owner : "{owned}" AND {{title words}} : ({matches} *)'}
    owned = sha256(owner.encode()).hexdigest()[:32]
    matches = " & ".join(f"'{word}'" for word in words)
    return {"owner_": owner, "match_": f"{matches}:*", "owned_": f"'@{owned}'"}


def _texts(*names: str) -> list[BindParameter[str]]:
    return [bindparam(name, type_=String) for name in names]


def _count() -> BindParameter[int]:
    return bindparam("count_", type_=BigInteger)
