/**
 * The history of the routing table: one row per accepted change with author, time and source, and every object it touched, before and after. What the table
 * looked like at a revision is found by walking back. Old revisions are forgotten by count and by size.
 */
import { revisionLimits } from '@callgate/shared/limits.ts';
import type { ObjectKind } from './object-keys.ts';
import type { ObjectRow } from './object-store.ts';

export interface Revision {
  readonly number: number;
  readonly author: string;
  readonly at_ms: number;
  /** The request that made it, `PUT /v1/routing`. */
  readonly source: string;
  /** Objects touched. */
  readonly changes: number;
}

/** One object before and after a change; null: it was, or is, not there. */
export interface Change {
  readonly kind: ObjectKind;
  readonly id: string;
  readonly before: ObjectRow | null;
  readonly after: ObjectRow | null;
}

type ChangeSqlRow = {
  kind: ObjectKind;
  id: string;
  before: ArrayBuffer | null;
  before_password: string | null;
  after: ArrayBuffer | null;
  after_password: string | null;
};

export class RevisionLog {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The newest revision; 0: nothing was ever stored. */
  newest(): number {
    const { n } = this.#sql
      .exec<{ n: number | null }>('SELECT max(number) AS n FROM revisions')
      .one();
    return n ?? 0;
  }

  append(revision: Omit<Revision, 'number' | 'changes'>, changes: readonly Change[]): number {
    const number = this.newest() + 1;
    let bytes = 0;
    for (const { kind, id, before, after } of changes) {
      bytes += (before?.message.length ?? 0) + (after?.message.length ?? 0);
      this.#sql.exec(
        'INSERT INTO revision_changes VALUES (?, ?, ?, ?, ?, ?, ?)',
        number,
        kind,
        id,
        before?.message ?? null,
        before?.password ?? null,
        after?.message ?? null,
        after?.password ?? null,
      );
    }
    this.#sql.exec(
      'INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?)',
      number,
      revision.author,
      revision.at_ms,
      revision.source,
      changes.length,
      bytes,
    );
    this.#forget();
    return number;
  }

  /** Up to `count` revisions older than `before`, the newest first. */
  list(before: number, count: number): Revision[] {
    return this.#sql
      .exec<Revision & Record<string, SqlStorageValue>>(
        `SELECT number, author, at_ms, source, changes FROM revisions
         WHERE number < ? ORDER BY number DESC LIMIT ?`,
        before,
        count,
      )
      .toArray();
  }

  /** null: there is none of this number, or it has been forgotten. */
  one(number: number): Revision | null {
    return this.list(number + 1, 1).find((revision) => revision.number === number) ?? null;
  }

  /** The oldest revision whose state can still be told. */
  oldestKept(): number {
    const { n } = this.#sql
      .exec<{ n: number | null }>('SELECT min(number) AS n FROM revisions')
      .one();
    return n ?? 0;
  }

  /** The objects that revision `number` touched, up to `count` of them. */
  changesOf(number: number, count: number): Change[] {
    return this.#sql
      .exec<ChangeSqlRow>(
        `SELECT kind, id, before, before_password, after, after_password FROM revision_changes
         WHERE revision = ? ORDER BY kind, id LIMIT ?`,
        number,
        count,
      )
      .toArray()
      .map(toChange);
  }

  /** What has to be written to bring the table back to revision `number`: each object touched since, as it was. Write only when it has been read to its end. */
  *wayBack(number: number): Generator<{ kind: ObjectKind; id: string; row: ObjectRow | null }> {
    const rows = this.#sql.exec<ChangeSqlRow & { revision: number }>(
      // Of several rows of one object SQLite gives the columns of the one with the least revision.
      `SELECT kind, id, before, before_password, NULL AS after, NULL AS after_password, min(revision) AS revision
       FROM revision_changes WHERE revision > ? GROUP BY kind, id`,
      number,
    );
    for (const row of rows) yield { kind: row.kind, id: row.id, row: toChange(row).before };
  }

  /** Deletes what is beyond revisionLimits, never the newest. */
  #forget(): void {
    const { n } = this.#sql
      .exec<{ n: number | null }>(
        `SELECT max(number) AS n FROM (
           SELECT number, row_number() OVER (ORDER BY number DESC) AS place,
             sum(bytes) OVER (ORDER BY number DESC) AS bytes FROM revisions)
         WHERE place > ? OR (bytes > ? AND place > 1)`,
        revisionLimits.keptMax,
        revisionLimits.keptBytesMax,
      )
      .one();
    if (n === null) return;
    this.#sql.exec('DELETE FROM revisions WHERE number <= ?', n);
    this.#sql.exec('DELETE FROM revision_changes WHERE revision <= ?', n);
  }
}

function toChange(row: ChangeSqlRow): Change {
  const { kind, id } = row;
  return {
    kind,
    id,
    before: toRow(row.before, row.before_password),
    after: toRow(row.after, row.after_password),
  };
}

function toRow(message: ArrayBuffer | null, password: string | null): ObjectRow | null {
  return message === null ? null : { message: new Uint8Array(message), password };
}
