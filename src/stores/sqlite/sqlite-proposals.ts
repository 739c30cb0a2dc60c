import type { DatabaseSync } from 'node:sqlite'
import type { ProposalStore, SettingStore } from '../../access/access-store.ts'
import { type Proposal, proposalKinds, proposalStates } from '../../access/proposal.ts'
import { FraudError } from '../../core/errors.ts'
import { isRecord } from '../../core/json-value.ts'

/** Changes that wait for approval, and what became of them. */
export function createProposals(database: DatabaseSync): ProposalStore {
  const one = database.prepare('SELECT * FROM proposals WHERE id = ?')
  const all = database.prepare('SELECT * FROM proposals WHERE id < ? ORDER BY id DESC LIMIT ?')
  const some = database.prepare('SELECT * FROM proposals WHERE state = ? AND id < ? ORDER BY id DESC LIMIT ?')
  const count = database.prepare('SELECT count(*) AS count FROM proposals WHERE state = ?')
  const insert = database.prepare(
    'INSERT INTO proposals (kind, content, by, person, why, at_ms, base, hash, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const move = database.prepare(
    'UPDATE proposals SET state = ?, decided_by = ?, decided_ms = ?, decided_why = ? WHERE id = ? AND state = ?',
  )
  const reopen = database.prepare(`UPDATE proposals SET state = 'pending' WHERE state = 'approving'`)
  return {
    find(id) {
      const row = one.get(id)
      return row && readProposal(row)
    },
    list: (state, before, limit) =>
      (state === undefined ? all.all(before, limit) : some.all(state, before, limit)).map(readProposal),
    count: (state) => Number(count.get(state)?.count),
    add(proposal) {
      const { kind, content, by, person, why, atMs, base, hash, state } = proposal
      const added = insert.run(kind, JSON.stringify(content), by, person, why, atMs, base, hash, state)
      return { ...proposal, id: Number(added.lastInsertRowid) }
    },
    move: (id, from, to, decided) =>
      move.run(to, decided?.by ?? null, decided?.atMs ?? null, decided?.why ?? null, id, from).changes === 1,
    reopen: () => void reopen.run(),
  }
}

export function createSettings(database: DatabaseSync): SettingStore {
  const get = database.prepare('SELECT value FROM settings WHERE name = ?')
  const set = database.prepare('REPLACE INTO settings (name, value) VALUES (?, ?)')
  return {
    get(name) {
      const row = get.get(name)
      return row && String(row.value)
    },
    set: (name, value) => void set.run(name, value),
  }
}

export function readProposal(row: Readonly<Record<string, unknown>>): Proposal {
  const kind = proposalKinds.find((each) => each === row.kind)
  const state = proposalStates.find((each) => each === row.state)
  const content: unknown = JSON.parse(String(row.content))
  if (kind === undefined || state === undefined || !isRecord(content))
    throw new FraudError('DATA_INVALID', `Change ${row.id} can't be read: another version of Shrike wrote it`)
  return {
    id: Number(row.id),
    ...{ kind, content: JSON.parse(String(row.content)), state },
    ...{ by: String(row.by), person: String(row.person), why: String(row.why), atMs: Number(row.at_ms) },
    base: row.base === null ? null : Number(row.base),
    hash: String(row.hash),
    decided:
      row.decided_by === null
        ? null
        : { by: String(row.decided_by), atMs: Number(row.decided_ms), why: String(row.decided_why) },
  }
}
