/** Which media nodes have enrolled, which are linked, and which revision each has seen. */

export interface LinkedNode {
  readonly name: string;
  readonly linked_at_ms: number;
  /** The revision that the node names with its offers. */
  readonly revision: number;
  readonly seen_at_ms: number;
}

export class LinkedNodes {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add(name: string, nowMs: number): void {
    this.#sql.exec('INSERT OR REPLACE INTO nodes VALUES (?, ?, 0, ?)', name, nowMs, nowMs);
  }

  saw(name: string, revision: number, nowMs: number): void {
    this.#sql.exec(
      'UPDATE nodes SET revision = max(revision, ?), seen_at_ms = ? WHERE name = ?',
      revision,
      nowMs,
      name,
    );
  }

  remove(name: string): void {
    this.#sql.exec('DELETE FROM nodes WHERE name = ?', name);
  }

  enrolled(name: string, nowMs: number): void {
    this.#sql.exec('INSERT OR REPLACE INTO enrolled_nodes VALUES (?, ?)', name, nowMs);
  }

  revoked(name: string): void {
    this.#sql.exec('DELETE FROM enrolled_nodes WHERE name = ?', name);
  }

  /** Names of nodes that have enrolled, and when. */
  allEnrolled(): { name: string; at_ms: number }[] {
    return this.#sql
      .exec<{ name: string; at_ms: number }>('SELECT name, at_ms FROM enrolled_nodes ORDER BY name')
      .toArray();
  }

  all(): LinkedNode[] {
    return this.#sql
      .exec<{ name: string; linked_at_ms: number; revision: number; seen_at_ms: number }>(
        'SELECT name, linked_at_ms, revision, seen_at_ms FROM nodes ORDER BY name',
      )
      .toArray();
  }
}
