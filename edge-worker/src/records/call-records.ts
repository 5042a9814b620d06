/**
 * Call records at rest: a SQLite Durable Object that counts each record once by (call_id, sequence), and tells each event of a call once. Calls are spread over several
 * objects by the hash of their id, so that no single one takes every write.
 */
import { DurableObject } from 'cloudflare:workers';
import { recordLimits, webhookLimits } from '@callgate/shared/limits.ts';
import { type Clock, systemClock } from '../clock.ts';
import { type Env, recordDaysOf } from '../env.ts';
import { Outbox } from '../events/outbox.ts';
import { sha256Hex } from '../trust/constant-time.ts';
import { type Attempt, isRecord, type StoredAttempt, webhookEventOf } from './attempt.ts';
import { AttemptStore } from './attempt-store.ts';
import type { CallsQuery } from './calls-query.ts';
import { RefusalStore } from './refusal-store.ts';

/** The object that holds the records of a call. */
export function recordsOf(env: Env, callId: string): DurableObjectStub<CallRecords> {
  return recordsShard(env, Number.parseInt(sha256Hex(callId).slice(0, 4), 16));
}

/** All objects of records. */
export function allRecords(env: Env): DurableObjectStub<CallRecords>[] {
  return Array.from({ length: recordLimits.objects }, (_, shard) => recordsShard(env, shard));
}

function recordsShard(env: Env, shard: number): DurableObjectStub<CallRecords> {
  return env.CALL_RECORDS.getByName(`records-${shard % recordLimits.objects}`);
}

export class CallRecords extends DurableObject<Env> {
  clock: Clock = systemClock;
  readonly #attempts: AttemptStore;
  readonly #refusals: RefusalStore;
  readonly #outbox: Outbox;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    const { sql } = state.storage;
    this.#attempts = new AttemptStore(sql);
    this.#outbox = new Outbox({ sql, env, clock: () => this.clock });
    this.#refusals = new RefusalStore(sql);
  }

  /** Stores a record or a progress report, and tells its events. `false`: it was there already, and what is there stays. */
  async add(node: string, attempt: Attempt): Promise<boolean> {
    const isHeard = await this.#outbox.isHeard();
    const { isNew, events } = this.ctx.storage.transactionSync(() => {
      const putting = this.#attempts.put(attempt, node, this.clock.now());
      if (isHeard)
        this.#outbox.add(
          putting.events.map((event) => webhookEventOf(event, putting.attempt, node)),
        );
      return putting;
    });
    if (isHeard && events.length > 0) this.ctx.waitUntil(this.#flush());
    await this.#wake(this.clock.now() + recordLimits.sweepMs);
    return isNew;
  }

  /** Keeps why a call was refused: JSON text, the latest for each call. */
  async addRefusal(callId: string, refusal: string): Promise<void> {
    this.#refusals.put(callId, refusal, this.clock.now());
    await this.#wake(this.clock.now() + recordLimits.sweepMs);
  }

  /** null: the call was not refused by the edge, or it is not known. */
  async refusalOf(callId: string): Promise<string | null> {
    return this.#refusals.of(callId);
  }

  /** The attempts of a call in their order, as JSON text: their depth is theirs. */
  async ofCall(callId: string): Promise<string> {
    return JSON.stringify(this.#attempts.ofCall(callId));
  }

  /** Whether the record of an attempt has come. */
  async isOver(callId: string, sequence: number): Promise<boolean> {
    return this.#attempts
      .ofCall(callId)
      .some(({ attempt }) => attempt.sequence === sequence && isRecord(attempt));
  }

  /** One page of this object's calls, newest first: StoredAttempt[] as JSON text. */
  async list(query: CallsQuery): Promise<string> {
    return JSON.stringify(this.#attempts.list(query) satisfies StoredAttempt[]);
  }

  /** Sends what waits, and forgets what is older than the deployment keeps. */
  override async alarm(): Promise<void> {
    await this.#flush();
    const beforeMs = this.clock.now() - recordDaysOf(this.env) * 86_400_000;
    const attempts = this.#attempts.trim(beforeMs);
    const refusals = this.#refusals.trim(beforeMs);
    if (attempts + refusals > 0) await this.#wake(this.clock.now() + recordLimits.sweepMs);
  }

  async #flush(): Promise<void> {
    const isDone = await this.#outbox.flush();
    if (!isDone) await this.#wake(this.clock.now() + webhookLimits.queueRetryMs);
  }

  /** An object has one alarm: the earlier of what it is set to and what is wanted. */
  async #wake(atMs: number): Promise<void> {
    const setMs = await this.ctx.storage.getAlarm();
    if (setMs === null || setMs > atMs) await this.ctx.storage.setAlarm(atMs);
  }
}
