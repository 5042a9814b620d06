/**
 * The Worker that the bench of the record store runs in: the same table with the same statements, once in 16 Durable Objects (SQLite), once in one D1 database. `GET
 * /{do|d1}/{add|read|list}?from=0&count=500&at_once=16` does so many operations, so many of them at one time.
 */
import { DurableObject } from 'cloudflare:workers';

const objects = 16;
const schema = [
  `CREATE TABLE IF NOT EXISTS attempts (
    call_id TEXT NOT NULL, sequence INTEGER NOT NULL, received_at_ms INTEGER NOT NULL,
    invited_at_ms INTEGER NOT NULL, from_number TEXT NOT NULL, to_number TEXT NOT NULL,
    trunk_id TEXT, room_name TEXT, reason TEXT, attempt TEXT NOT NULL,
    PRIMARY KEY (call_id, sequence)) WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS attempts_age ON attempts (received_at_ms)',
  'CREATE INDEX IF NOT EXISTS attempts_time ON attempts (invited_at_ms, call_id, sequence)',
  'CREATE INDEX IF NOT EXISTS attempts_callers ON attempts (from_number, invited_at_ms)',
  'CREATE INDEX IF NOT EXISTS attempts_called ON attempts (to_number, invited_at_ms)',
  'CREATE INDEX IF NOT EXISTS attempts_rooms ON attempts (room_name, invited_at_ms)',
];
const insert = 'INSERT OR IGNORE INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';
const read = 'SELECT attempt FROM attempts WHERE call_id = ? ORDER BY sequence';
const list = `SELECT call_id, invited_at_ms, attempt FROM attempts WHERE trunk_id = ?
  ORDER BY invited_at_ms DESC, call_id DESC, sequence DESC LIMIT 51`;
/** As long as the record of an answered call. */
const filler = 'x'.repeat(1_200);

export class Records extends DurableObject {
  constructor(state, env) {
    super(state, env);
    this.sql = state.storage.sql;
    for (const statement of schema) this.sql.exec(statement);
  }

  async run(statement, values) {
    return this.sql.exec(statement, ...values).toArray();
  }
}

const stores = {
  do: {
    prepare: async () => {},
    add: (env, n) => objectOf(env, n).run(insert, rowOf(n)),
    read: (env, n) => objectOf(env, n).run(read, [idOf(n)]),
    list: async (env, n) => {
      const all = await Promise.all(
        Array.from({ length: objects }, (_, shard) => objectOf(env, shard).run(list, [trunkOf(n)])),
      );
      return all
        .flat()
        .toSorted((a, b) => b.invited_at_ms - a.invited_at_ms)
        .slice(0, 50);
    },
  },
  d1: {
    prepare: (env) => env.DB.batch(schema.map((statement) => env.DB.prepare(statement))),
    add: (env, n) => query(env, insert, rowOf(n)),
    read: (env, n) => query(env, read, [idOf(n)]),
    list: async (env, n) => (await query(env, list, [trunkOf(n)])).slice(0, 50),
  },
};

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const [, name, operation] = pathname.split('/');
    const store = stores[name];
    await store.prepare(env);
    const numberOf = (key) => Number(searchParams.get(key));
    const last = numberOf('from') + numberOf('count');
    let next = numberOf('from');
    let rows = 0;
    const worker = async () => {
      while (next < last) {
        const n = next;
        next += 1;
        rows += (await store[operation](env, n)).length;
      }
    };
    await Promise.all(Array.from({ length: numberOf('at_once') }, worker));
    return Response.json({ rows });
  },
};

function objectOf(env, n) {
  return env.RECORDS.getByName(`records-${n % objects}`);
}

async function query(env, statement, values) {
  return (
    await env.DB.prepare(statement)
      .bind(...values)
      .all()
  ).results;
}

function idOf(n) {
  return `SCL_${String(n).padStart(12, '0')}`;
}

function trunkOf(n) {
  return `ST_${n % 50}`;
}

function rowOf(n) {
  const at = 1_795_000_000_000 + n * 100;
  const caller = `+1555${n % 997}`;
  const called = `+1666${n % 499}`;
  return [idOf(n), 0, at, at, caller, called, trunkOf(n), `room_${n}`, 'caller-hung-up', filler];
}
