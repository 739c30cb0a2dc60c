import type { Client } from 'pg'

/** The number of the advisory locks in PostgreSQL: "SHRK" in ASCII, and what for. */
export const locks = { schema: [0x53_48_52_4b, 1], lead: [0x53_48_52_4b, 2] } as const

/**
 * What brings a database from the version of its position to the next one; only ever forward. Numbers, kinds and bytes are
 * those of a log in SQLite. Ids hold no U+0000, which PostgreSQL's texts can't; values of persons may, and are bytes.
 */
const migrations = [
  `
  CREATE TABLE shrike.writers (
    name text PRIMARY KEY,
    epoch bigint NOT NULL,
    holder text NOT NULL,
    url text,
    backend integer NOT NULL,
    beat bigint NOT NULL,
    since timestamptz NOT NULL
  ) WITH (fillfactor = 50);
  INSERT INTO shrike.writers VALUES ('main', 0, '', NULL, 0, 0, now());
  CREATE TABLE shrike.records (
    sequence bigint PRIMARY KEY,
    timestamp_ms bigint NOT NULL,
    score double precision,
    kind smallint NOT NULL,
    outcome smallint NOT NULL,
    id text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    hash bytea NOT NULL
  ) PARTITION BY RANGE (sequence);
  CREATE TABLE shrike.partitions (first bigint PRIMARY KEY, day date NOT NULL);
  CREATE TABLE shrike.persons (
    key bytea NOT NULL,
    value bytea NOT NULL,
    token text COLLATE "C" NOT NULL UNIQUE,
    mac bytea,
    sequence bigint NOT NULL,
    PRIMARY KEY (key, value)
  );
  CREATE INDEX persons_sequence ON shrike.persons (sequence);
  `,
  // A file that was deleted has no bytes any more.
  `
  CREATE SEQUENCE shrike.file_versions;
  CREATE TABLE shrike.files (path text COLLATE "C" PRIMARY KEY, bytes bytea, hash bytea, version bigint NOT NULL);
  CREATE INDEX files_version ON shrike.files (version);
  `,
]

/** What gives the records from a number on a partition of their own. */
export function addPartition(first: number, day: string): string {
  const name = partitionName(first)
  return `
    CREATE TABLE ${name} PARTITION OF shrike.records FOR VALUES FROM (${first}) TO (MAXVALUE);
    CREATE UNIQUE INDEX ON ${name} (id) WHERE kind <= 1;
    INSERT INTO shrike.partitions VALUES (${first}, '${day}')`
}

/** What ends the newest partition where the next one begins. */
export function endPartition(first: number, next: number): string {
  const name = partitionName(first)
  return `
    ALTER TABLE shrike.records DETACH PARTITION ${name};
    ALTER TABLE shrike.records ATTACH PARTITION ${name} FOR VALUES FROM (${first}) TO (${next})`
}

export function partitionName(first: number): string {
  return `shrike.records_from_${first}`
}

async function versionOf(client: Client): Promise<number> {
  const found = await client.query(`SELECT to_regclass('shrike.migrations') IS NOT NULL AS is_there`)
  if (found.rows[0].is_there !== true) return 0
  const { rows } = await client.query('SELECT max(number) AS number FROM shrike.migrations')
  return Number(rows[0].number ?? 0)
}

/** Whether a database holds a log. @throws Error where a newer Shrike wrote it. */
async function hasLog(client: Client): Promise<boolean> {
  const version = await versionOf(client)
  if (version > migrations.length)
    throw new Error(`its schema is version ${version}, and this Shrike knows versions up to ${migrations.length}`)
  return version > 0
}

/** Brings the schema up to date; of several who start at once one does it, and the others wait for it. */
export async function migrate(client: Client): Promise<void> {
  if ((await hasLog(client)) && (await versionOf(client)) === migrations.length) return
  await client.query('BEGIN')
  try {
    await client.query('SELECT pg_advisory_xact_lock($1, $2)', [...locks.schema])
    await client.query('CREATE SCHEMA IF NOT EXISTS shrike')
    await client.query(
      'CREATE TABLE IF NOT EXISTS shrike.migrations (number integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())',
    )
    const from = await versionOf(client)
    for (const [i, migration] of migrations.slice(from).entries()) {
      await client.query(migration)
      await client.query('INSERT INTO shrike.migrations (number) VALUES ($1)', [from + i + 1])
    }
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
}
