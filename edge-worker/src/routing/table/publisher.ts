/**
 * Publishes the table to KV: first the shards that changed, then the manifest that names them. Until the manifest is written nothing of a change can
 * be seen; when it is, all of it can. Whatever fails or is cut off is done again by the alarm, from what is marked dirty. One run at a
 * time, and at most one manifest in routingCacheLimits.publishIntervalMs, which is KV's limit for a key.
 */
import { linkLimits, publishLimits, routingCacheLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../../clock.ts';
import { logLine } from '../../log.ts';
import { within } from '../read/within.ts';
import { type Manifest, manifestKey, shardKey } from '../shards/manifest.ts';
import type { DirtyPlaces } from './dirty-places.ts';
import type { RevisionLog } from './revision-log.ts';
import type { BuiltShard, ShardBuilder } from './shard-builder.ts';

/** What of KV the publisher uses. */
export type ShardSink = Pick<KVNamespace, 'put' | 'delete'>;

/** In place of the time since when a shard is unused: it is being deleted, and may be gone already. */
const isGoing = -1;

export interface PublisherParts {
  readonly storage: DurableObjectStorage;
  readonly dirty: DirtyPlaces;
  readonly builder: ShardBuilder;
  readonly log: RevisionLog;
}

export class Publisher {
  readonly #parts: PublisherParts;
  readonly #sql: SqlStorage;
  #isRunning = false;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
    this.#sql = parts.storage.sql;
  }

  /** The revision of the manifest in KV, and when it was written; 0: none was. */
  published(): { revision: number; atMs: number } {
    return { revision: this.#meta('published-revision'), atMs: this.#meta('published-at-ms') };
  }

  /**
   * After a change: publishes, or leaves it to the alarm when KV's limit says so. The alarm is set first and cleared last, so that it finishes what a
   * crash leaves. Never throws.
   *
   * @param told the nodes have heard; waited for, as building shards would keep the object from telling them, but not longer than linkLimits.toldFirstMs
   */
  async publishSoon(kv: ShardSink, clock: Clock, told: Promise<void>): Promise<void> {
    await this.#wake(clock.now() + routingCacheLimits.publishIntervalMs);
    await within(told, linkLimits.toldFirstMs).catch(() => undefined);
    const sinceMs = clock.now() - this.published().atMs;
    if (sinceMs >= routingCacheLimits.publishIntervalMs) await this.run(kv, clock);
  }

  /** One run. What is left, or failed, is for the next alarm. Never throws. */
  async run(kv: ShardSink, clock: Clock): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      const isDone = await this.#publish(kv, clock);
      if (isDone) await this.#sweep(kv, clock.now());
      const nextMs = this.#nextSweepMs();
      if (!isDone || this.#parts.dirty.count() > 0)
        await this.#wake(clock.now() + routingCacheLimits.publishIntervalMs);
      else if (nextMs === null) await this.#parts.storage.deleteAlarm();
      else await this.#wake(nextMs);
    } catch (error) {
      logLine('error', 'publish-failed', { message: String(error) });
      await this.#wake(clock.now() + routingCacheLimits.publishIntervalMs);
    } finally {
      this.#parts.builder.rest();
      this.#isRunning = false;
    }
  }

  /** false: the run has used up its operations. */
  async #publish(kv: ShardSink, clock: Clock): Promise<boolean> {
    const { dirty, storage, log } = this.#parts;
    let operations = 0;
    while (dirty.count() > publishLimits.shardsAtOnce) {
      if (operations >= publishLimits.operationsMax) return false;
      const revision = log.newest();
      const built = this.#build();
      operations += await this.#writeShards(kv, built);
      storage.transactionSync(() => dirty.clean(hashesOf(built), revision));
    }
    const revision = log.newest();
    if (revision === this.published().revision) return true;
    // From here to the first await the table does not change: shards and manifest are of one revision.
    const built = this.#build();
    const manifest = dirty.manifest(revision, log.one(revision)?.at_ms ?? 0, hashesOf(built));
    operations += await this.#writeShards(kv, built);
    await kv.put(manifestKey, JSON.stringify(manifest));
    storage.transactionSync(() => {
      dirty.clean(hashesOf(built), revision);
      this.#setMeta('published-revision', revision);
      this.#setMeta('published-at-ms', clock.now());
      this.#noteUse(allShards(manifest), clock.now());
    });
    const shards = new Set(allShards(manifest).filter((hash) => hash !== '')).size;
    logLine('info', 'routing-published', { revision, shards_written: operations, shards });
    return true;
  }

  #build(): Map<string, BuiltShard> {
    const { dirty, builder } = this.#parts;
    const places = dirty.some(publishLimits.shardsAtOnce);
    return new Map(places.map(({ place }) => [place, builder.build(place)]));
  }

  /** Writes the shards that KV does not have yet, all at once. Returns how many. */
  async #writeShards(kv: ShardSink, built: ReadonlyMap<string, BuiltShard>): Promise<number> {
    const missing = [...built.values()].filter(({ hash }) => hash !== '' && !this.#isWritten(hash));
    await Promise.all(missing.map(({ hash, text }) => kv.put(shardKey(hash), text)));
    for (const { hash } of missing)
      this.#sql.exec('INSERT OR REPLACE INTO shards VALUES (?, NULL)', hash);
    return missing.length;
  }

  #isWritten(hash: string): boolean {
    const rows = this.#sql.exec(
      'SELECT 1 FROM shards WHERE hash = ? AND unused_since_ms IS NOT ?',
      hash,
      isGoing,
    );
    return rows.toArray().length > 0;
  }

  /** Notes which shards the manifest names, and since when the others are unused. */
  #noteUse(hashes: readonly string[], nowMs: number): void {
    const used = JSON.stringify([...new Set(hashes)]);
    this.#sql.exec(
      `UPDATE shards SET unused_since_ms = ? WHERE unused_since_ms IS NULL
       AND hash NOT IN (SELECT value FROM json_each(?))`,
      nowMs,
      used,
    );
    this.#sql.exec(
      `UPDATE shards SET unused_since_ms = NULL WHERE unused_since_ms IS NOT NULL
       AND hash IN (SELECT value FROM json_each(?))`,
      used,
    );
  }

  /** Deletes shards that no manifest has named for publishLimits.unusedShardAgeMs. */
  async #sweep(kv: ShardSink, nowMs: number): Promise<void> {
    const old = this.#sql
      .exec<{ hash: string }>(
        'SELECT hash FROM shards WHERE unused_since_ms <= ? LIMIT ?',
        nowMs - publishLimits.unusedShardAgeMs,
        publishLimits.deletesAtOnce,
      )
      .toArray();
    for (const { hash } of old) {
      // Marked first: a shard that is needed again is then written again, never taken for written, and what a crash leaves is deleted by the next run.
      this.#sql.exec('UPDATE shards SET unused_since_ms = ? WHERE hash = ?', isGoing, hash);
      await kv.delete(shardKey(hash));
      this.#sql.exec('DELETE FROM shards WHERE hash = ?', hash);
    }
  }

  #nextSweepMs(): number | null {
    const { at } = this.#sql
      .exec<{ at: number | null }>('SELECT min(unused_since_ms) AS at FROM shards')
      .one();
    return at === null ? null : at + publishLimits.unusedShardAgeMs;
  }

  #wake(atMs: number): Promise<void> {
    return this.#parts.storage.setAlarm(atMs);
  }

  #meta(name: string): number {
    const [row] = this.#sql
      .exec<{ value: number }>('SELECT value FROM meta WHERE name = ?', name)
      .toArray();
    return row?.value ?? 0;
  }

  #setMeta(name: string, value: number): void {
    this.#sql.exec('INSERT OR REPLACE INTO meta VALUES (?, ?)', name, value);
  }
}

function allShards({ common, numbers, callers, pins }: Manifest): string[] {
  return [common, ...numbers, ...callers, ...pins];
}

function hashesOf(built: ReadonlyMap<string, BuiltShard>): Map<string, string> {
  return new Map([...built].map(([place, { hash }]) => [place, hash]));
}
