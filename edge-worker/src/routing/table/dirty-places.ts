/**
 * Which places of the published routing are older than the table, and the shards of those that are not. A place is dirty from the transaction that
 * touched it until its new shard lies in KV, so whatever a crash interrupts is found again.
 */
import type { Manifest } from '../shards/manifest.ts';
import { type Bits, placeOfText } from './place-index.ts';

export interface DirtyPlace {
  readonly place: string;
  /** The revision that touched it last. */
  readonly revision: number;
}

export class DirtyPlaces {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The bits in use. */
  bits(): Bits {
    return {
      numbers: this.#meta('number-bits'),
      callers: this.#meta('caller-bits'),
      pins: this.#meta('pin-bits'),
    };
  }

  /** Marks places; when the number of buckets changes, every place of the new division. */
  mark(places: ReadonlySet<string>, revision: number, bits: Bits): void {
    const old = this.bits();
    const all = new Set(places);
    if (bits.numbers !== old.numbers) this.#divideAnew('number', bits.numbers, all);
    if (bits.callers !== old.callers) this.#divideAnew('caller', bits.callers, all);
    if (bits.pins !== old.pins) this.#divideAnew('pin', bits.pins, all);
    this.#sql.exec(
      `INSERT INTO dirty SELECT value, ?1 FROM json_each(?2) WHERE true
       ON CONFLICT (place) DO UPDATE SET revision = ?1`,
      revision,
      JSON.stringify([...all]),
    );
  }

  #divideAnew(kind: 'number' | 'caller' | 'pin', bits: number, places: Set<string>): void {
    this.#sql.exec('INSERT OR REPLACE INTO meta VALUES (?, ?)', `${kind}-bits`, bits);
    this.#sql.exec('DELETE FROM places WHERE place LIKE ?', `${kind}/%`);
    this.#sql.exec('DELETE FROM dirty WHERE place LIKE ?', `${kind}/%`);
    for (const place of places) if (place.startsWith(`${kind}/`)) places.delete(place);
    for (let bucket = 0; bucket < 2 ** bits; bucket += 1) places.add(`${kind}/${bucket}`);
  }

  count(): number {
    return this.#sql.exec<{ n: number }>('SELECT count(*) AS n FROM dirty').one().n;
  }

  some(count: number): DirtyPlace[] {
    return this.#sql
      .exec<{ place: string; revision: number }>(
        'SELECT place, revision FROM dirty ORDER BY place LIMIT ?',
        count,
      )
      .toArray();
  }

  /** The shards of these places, as they were at `revision`, now lie in KV. A place that was touched again meanwhile stays dirty. */
  clean(places: ReadonlyMap<string, string>, revision: number): void {
    for (const [place, hash] of places) {
      const cleaned = this.#sql
        .exec(
          'DELETE FROM dirty WHERE place = ? AND revision <= ? RETURNING place',
          place,
          revision,
        )
        .toArray();
      if (cleaned.length > 0)
        this.#sql.exec('INSERT OR REPLACE INTO places VALUES (?, ?)', place, hash);
    }
  }

  /** The manifest of the table, given the shards of all places that are dirty. */
  manifest(revision: number, atMs: number, built: ReadonlyMap<string, string>): Manifest {
    const bits = this.bits();
    const buckets = {
      number: new Array<string>(2 ** bits.numbers).fill(''),
      caller: new Array<string>(2 ** bits.callers).fill(''),
      pin: new Array<string>(2 ** bits.pins).fill(''),
    };
    let common = '';
    const rows = this.#sql.exec('SELECT place, hash FROM places').raw<[string, string]>();
    for (const [name, hash] of [...rows, ...built]) {
      const place = placeOfText(name);
      if (place.kind === 'common') common = hash;
      else buckets[place.kind][place.bucket] = hash;
    }
    const { number: numbers, caller: callers, pin: pins } = buckets;
    return { revision, atMs, common, numbers, callers, pins };
  }

  #meta(name: string): number {
    const [row] = this.#sql
      .exec<{ value: number }>('SELECT value FROM meta WHERE name = ?', name)
      .toArray();
    return row?.value ?? 0;
  }
}
