/** The attempts of one object of records in SQLite: one row each, counted once by (call_id, sequence); what lists filter by stands in columns, the rest in its JSON. */

import type { CallEvent, CallEventType } from '@callgate/shared/call/call-events.ts';
import { recordLimits } from '@callgate/shared/limits.ts';
import { normalizeNumber } from '@callgate/shared/routing/normalize-number.ts';
import { type Attempt, eventsOf, isRecord, type StoredAttempt, stateOf } from './attempt.ts';
import type { CallsQuery } from './calls-query.ts';

/** Bits of `told`: which events of an attempt have been told. */
const bits: Readonly<Record<CallEventType, number>> = {
  'call.started': 1,
  'call.ringing': 2,
  'call.answered': 4,
  'call.ended': 8,
  'call.refused': 16,
};

export interface Putting {
  /** false: it, or what supersedes it, was there already. */
  readonly isNew: boolean;
  /** As it is kept now. */
  readonly attempt: Attempt;
  /** Events that nobody has been told of yet. */
  readonly events: readonly CallEvent[];
}

type Row = { node: string; received_at_ms: number; attempt: string };

export class AttemptStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`CREATE TABLE IF NOT EXISTS attempts (
      call_id TEXT NOT NULL, sequence INTEGER NOT NULL, node TEXT NOT NULL,
      received_at_ms INTEGER NOT NULL, invited_at_ms INTEGER NOT NULL,
      from_number TEXT NOT NULL, to_number TEXT NOT NULL,
      trunk_id TEXT, rule_id TEXT, room_name TEXT, reason TEXT,
      state TEXT NOT NULL, told INTEGER NOT NULL, attempt TEXT NOT NULL,
      PRIMARY KEY (call_id, sequence)) WITHOUT ROWID`);
    for (const [name, columns] of [
      ['age', 'received_at_ms'],
      ['time', 'invited_at_ms, call_id, sequence'],
      // Of what lists are asked for, these name few calls; the others are found by walking the time.
      ['callers', 'from_number, invited_at_ms'],
      ['called', 'to_number, invited_at_ms'],
      ['rooms', 'room_name, invited_at_ms'],
    ])
      sql.exec(`CREATE INDEX IF NOT EXISTS attempts_${name} ON attempts (${columns})`);
  }

  /** Takes a progress report or a record. A record stays as it came first; a report never goes before what is known. */
  put(told: Attempt, node: string, nowMs: number): Putting {
    const { call_id, sequence } = told;
    const [known] = this.#sql
      .exec<{ told: number; state: string; attempt: string }>(
        'SELECT told, state, attempt FROM attempts WHERE call_id = ? AND sequence = ?',
        call_id,
        sequence,
      )
      .toArray();
    const before = known === undefined ? null : (JSON.parse(known.attempt) as Attempt);
    const isOver = known !== undefined && known.state !== 'live';
    if (isOver || (before !== null && !isFurther(told, before)))
      return { isNew: false, attempt: told, events: [] };
    const attempt = before === null ? told : withStagesOf(before, told);
    const mask = known?.told ?? 0;
    const events = eventsOf(attempt).filter(({ type }) => (mask & bits[type]) === 0);
    this.#sql.exec(
      'INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      call_id,
      sequence,
      node,
      nowMs,
      attempt.invited_at_ms,
      normalizeNumber(attempt.from_user),
      normalizeNumber(attempt.to_user),
      attempt.trunk_id,
      attempt.rule_id,
      attempt.room_name,
      isRecord(attempt) ? attempt.reason : null,
      stateOf(attempt),
      events.reduce((sum, { type }) => sum | bits[type], mask),
      JSON.stringify(attempt),
    );
    return { isNew: true, attempt, events };
  }

  /** The attempts of a call in their order. */
  ofCall(callId: string): StoredAttempt[] {
    return this.#sql
      .exec<Row>(
        'SELECT node, received_at_ms, attempt FROM attempts WHERE call_id = ? ORDER BY sequence',
        callId,
      )
      .toArray()
      .map(stored);
  }

  /** One page of the list, newest first. */
  list(query: CallsQuery): StoredAttempt[] {
    const conditions = ['invited_at_ms >= ?', 'invited_at_ms < ?'];
    const values: (string | number)[] = [query.sinceMs, query.untilMs];
    for (const [column, value] of [
      ['reason', query.reason],
      ['trunk_id', query.trunk],
      ['rule_id', query.rule],
      ['room_name', query.room],
      ['node', query.node],
      ['from_number', query.from],
      ['to_number', query.to],
      ['state', query.state],
    ] as const) {
      if (value === null) continue;
      conditions.push(`${column} = ?`);
      values.push(value);
    }
    if (query.after !== null) {
      const { invited_at_ms, call_id, sequence } = query.after;
      conditions.push('(invited_at_ms, call_id, sequence) < (?, ?, ?)');
      values.push(invited_at_ms, call_id, sequence);
    }
    return this.#sql
      .exec<Row>(
        `SELECT node, received_at_ms, attempt FROM attempts WHERE ${conditions.join(' AND ')}
         ORDER BY invited_at_ms DESC, call_id DESC, sequence DESC LIMIT ?`,
        ...values,
        query.limit,
      )
      .toArray()
      .map(stored);
  }

  /** Forgets what came in before, and beyond `countMax` the oldest. Returns how many are left. */
  trim(beforeMs: number, countMax: number = recordLimits.attemptsMax): number {
    this.#sql.exec('DELETE FROM attempts WHERE received_at_ms < ?', beforeMs);
    const { n } = this.#sql.exec<{ n: number }>('SELECT count(*) AS n FROM attempts').one();
    const tooMany = n - countMax;
    if (tooMany <= 0) return n;
    this.#sql.exec(
      `DELETE FROM attempts WHERE (call_id, sequence) IN (
        SELECT call_id, sequence FROM attempts ORDER BY received_at_ms LIMIT ?)`,
      tooMany,
    );
    return countMax;
  }
}

function stored({ attempt, ...row }: Row): StoredAttempt {
  return { ...row, attempt: JSON.parse(attempt) as Attempt };
}

/** A record ends every report; of two reports the one with more stages is the later. */
function isFurther(attempt: Attempt, before: Attempt): boolean {
  const reached = (stages: object) => Object.values(stages).filter((ms) => ms !== null).length;
  return isRecord(attempt) || reached(attempt.stages) > reached(before.stages);
}

/** The record that the edge writes for a lost node knows less than the node had reported. */
function withStagesOf(before: Attempt, told: Attempt): Attempt {
  const known = Object.entries(before.stages).filter(([, ms]) => ms !== null);
  const own = Object.entries(told.stages).filter(([, ms]) => ms !== null);
  const stages = { ...told.stages, ...Object.fromEntries(known), ...Object.fromEntries(own) };
  return { ...told, stages } as Attempt;
}
