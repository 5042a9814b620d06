/**
 * The rows of the routing table: trunks and rules as protobuf, trunk passwords sealed beside them, and one row per revision. Synchronous
 * SQLite; whoever calls `change` wraps what belongs together into one transaction.
 */
import { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import { openSecret, sealSecret } from '../trust/sealed-secret.ts';

/** Trunks and rules by id, in id order. */
export interface RoutingSet {
  readonly trunks: ReadonlyMap<string, SIPInboundTrunkInfo>;
  readonly rules: ReadonlyMap<string, SIPDispatchRuleInfo>;
}

/** What a change writes; a null deletes. */
export interface RoutingChange {
  readonly trunks: ReadonlyMap<string, SIPInboundTrunkInfo | null>;
  readonly rules: ReadonlyMap<string, SIPDispatchRuleInfo | null>;
}

export interface RevisionRow {
  readonly number: number;
  readonly author: string;
  readonly at_ms: number;
  readonly summary: string;
}

export class TableStore {
  readonly #sql: SqlStorage;
  readonly #sealingKey: Uint8Array;

  constructor(sql: SqlStorage, sealingKey: Uint8Array) {
    this.#sql = sql;
    this.#sealingKey = sealingKey;
    for (const statement of schema) sql.exec(statement);
  }

  /** Number of the newest revision; 0: nothing was ever stored. */
  revision(): number {
    const row = this.#sql
      .exec<{ n: number | null }>('SELECT max(number) AS n FROM revisions')
      .one();
    return row.n ?? 0;
  }

  /** Everything, passwords opened. */
  all(): RoutingSet {
    const trunks = this.#sql
      .exec<{ id: string; message: ArrayBuffer; password: string | null }>(
        'SELECT id, message, password FROM trunks ORDER BY id',
      )
      .toArray()
      .map((row): [string, SIPInboundTrunkInfo] => {
        const trunk = SIPInboundTrunkInfo.fromBinary(new Uint8Array(row.message));
        if (row.password !== null)
          trunk.authPassword = openSecret(this.#sealingKey, row.id, row.password);
        return [row.id, trunk];
      });
    const rules = this.#sql
      .exec<{ id: string; message: ArrayBuffer }>('SELECT id, message FROM rules ORDER BY id')
      .toArray()
      .map((row): [string, SIPDispatchRuleInfo] => [
        row.id,
        SIPDispatchRuleInfo.fromBinary(new Uint8Array(row.message)),
      ]);
    return { trunks: new Map(trunks), rules: new Map(rules) };
  }

  /** Writes the rows of a change and its revision. Returns the revision's number. */
  write(change: RoutingChange, author: string, summary: string, nowMs: number): number {
    for (const [id, trunk] of change.trunks) this.#writeTrunk(id, trunk);
    for (const [id, rule] of change.rules) {
      if (rule === null) this.#sql.exec('DELETE FROM rules WHERE id = ?', id);
      else this.#sql.exec('INSERT OR REPLACE INTO rules VALUES (?, ?)', id, rule.toBinary());
    }
    const number = this.revision() + 1;
    this.#sql.exec('INSERT INTO revisions VALUES (?, ?, ?, ?)', number, author, nowMs, summary);
    return number;
  }

  #writeTrunk(id: string, trunk: SIPInboundTrunkInfo | null): void {
    if (trunk === null) {
      this.#sql.exec('DELETE FROM trunks WHERE id = ?', id);
      return;
    }
    const bare = trunk.clone();
    bare.authPassword = '';
    const sealed =
      trunk.authPassword === '' ? null : sealSecret(this.#sealingKey, id, trunk.authPassword);
    this.#sql.exec('INSERT OR REPLACE INTO trunks VALUES (?, ?, ?)', id, bare.toBinary(), sealed);
  }
}

const schema = [
  'CREATE TABLE IF NOT EXISTS trunks (id TEXT PRIMARY KEY, message BLOB NOT NULL, password TEXT) WITHOUT ROWID',
  'CREATE TABLE IF NOT EXISTS rules (id TEXT PRIMARY KEY, message BLOB NOT NULL) WITHOUT ROWID',
  'CREATE TABLE IF NOT EXISTS revisions (number INTEGER PRIMARY KEY, author TEXT NOT NULL, at_ms INTEGER NOT NULL, summary TEXT NOT NULL)',
];

/** The change that changes nothing, to build others from. */
export const noChange: RoutingChange = { trunks: new Map(), rules: new Map() };
