/** The tables of the routing table's SQLite database, made when the object is first used. Changes of shape are new statements at the end. */

const statements = [
  // Objects: protobuf without the password; the password sealed beside it.
  `CREATE TABLE IF NOT EXISTS objects (
    kind TEXT NOT NULL, id TEXT NOT NULL, message BLOB NOT NULL, password TEXT,
    PRIMARY KEY (kind, id)) WITHOUT ROWID`,
  // What objects are found by: called number, caller, trunk, PIN, all normalised; '' stands for an empty list, which means any.
  `CREATE TABLE IF NOT EXISTS keys (
    kind TEXT NOT NULL, dimension TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL, hash INTEGER NOT NULL,
    PRIMARY KEY (kind, dimension, key, id)) WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS keys_of ON keys (kind, id)',
  'CREATE INDEX IF NOT EXISTS keys_hash ON keys (kind, dimension, hash)',
  // Counters and sizes by name.
  'CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID',
  // One row per accepted change, and the objects that it touched, before and after.
  `CREATE TABLE IF NOT EXISTS revisions (
    number INTEGER PRIMARY KEY, author TEXT NOT NULL, at_ms INTEGER NOT NULL, source TEXT NOT NULL,
    changes INTEGER NOT NULL, bytes INTEGER NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS revision_changes (
    revision INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
    before BLOB, before_password TEXT, after BLOB, after_password TEXT,
    PRIMARY KEY (revision, kind, id)) WITHOUT ROWID`,
  // Answers to requests that carried an idempotency key.
  `CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, at_ms INTEGER NOT NULL, answer TEXT NOT NULL) WITHOUT ROWID`,
  // Places whose shard is older than their content, with the revision that touched them last.
  'CREATE TABLE IF NOT EXISTS dirty (place TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID',
  // The shard of each place that is not dirty, as written to KV.
  'CREATE TABLE IF NOT EXISTS places (place TEXT PRIMARY KEY, hash TEXT NOT NULL) WITHOUT ROWID',
  // Shards in KV: since when no published manifest names them (null: one does).
  'CREATE TABLE IF NOT EXISTS shards (hash TEXT PRIMARY KEY, unused_since_ms INTEGER) WITHOUT ROWID',
  // Media nodes that are linked, and what they have said.
  `CREATE TABLE IF NOT EXISTS nodes (
    name TEXT PRIMARY KEY, linked_at_ms INTEGER NOT NULL, revision INTEGER NOT NULL, seen_at_ms INTEGER NOT NULL) WITHOUT ROWID`,
  // Nodes that have traded a code for a token, linked or not.
  'CREATE TABLE IF NOT EXISTS enrolled_nodes (name TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID',
];

export function createSchema(sql: SqlStorage): void {
  for (const statement of statements) sql.exec(statement);
}
