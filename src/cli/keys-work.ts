import { randomBytes } from 'node:crypto'
import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { digestKey, formatKeyFile, parseKeyFile, type StoredKey } from '../access/keys.ts'
import type { Role } from '../access/roles.ts'
import { checkUserName } from '../access/user-name.ts'
import { suggestion } from '../core/closest-name.ts'
import { FraudError } from '../core/errors.ts'
import { writeFileAtomically } from '../data/write-file.ts'
import { makeDataDirectory } from '../stores/data-directory.ts'
import { refuseLinks } from '../stores/file-access.ts'
import { askBeforeLocking } from './ask-before-locking.ts'
import { noteCommand } from './audit-work.ts'
import { usualData } from './data-flags.ts'
import { requireDirectory } from './log-files.ts'
import type { Run } from './run.ts'

export interface KeysFlags {
  readonly data: string
}

export interface CreateFlags extends KeysFlags {
  readonly role: readonly Role[]
  readonly name?: string
  readonly owner?: string
  readonly yes?: boolean
  readonly json?: boolean
}

/** Makes a key, also before the first start in the usual place, and prints it alone on standard output, for a script to take up. */
export async function createKey(flags: CreateFlags, { terminal }: Run): Promise<void> {
  const roles = [...new Set(flags.role)]
  if (flags.name !== undefined && !/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(flags.name)) {
    throw new FraudError('OPTION_INVALID', '--name: use letters, digits, ".", "_" and "-", at most 64')
  }
  if (flags.owner !== undefined) checkUserName(flags.owner)
  const owner = flags.owner !== undefined && { owner: flags.owner }
  // The prefix lets scanners of code and logs see that it is a secret, and whose.
  const key = `shrike_${randomBytes(32).toString('base64url')}`
  const createdAt = new Date().toISOString()
  if (flags.data === usualData) makeDataDirectory(flags.data)
  else requireDirectory(flags)
  if (flags.yes !== true) await askBeforeLocking(flags.data, 'a key')
  const name = await changeKeys(flags.data, (keys) => {
    const name = flags.name ?? freeName(roles[0], keys)
    if (keys.some((other) => other.name === name)) {
      throw new FraudError('OPTION_INVALID', `The key "${name}" already exists: revoke it, or choose another --name`)
    }
    return { keys: [...keys, { name, roles, sha256: digestKey(key), createdAt, ...owner }], result: name }
  })
  noteCommand(flags.data, 'command:keys', 'createKey', name, { roles, ...owner })
  if (!flags.json) process.stdout.write(`${key}\n`)
  process.stderr.write(`key "${name}" (${roles.join(', ')}) is shown this once: keep it safe\n`)
  terminal.result({ name, roles, key, createdAt, ...owner })
}

export async function listKeys({ data }: KeysFlags, { terminal }: Run): Promise<void> {
  requireDirectory({ data })
  const keys = await readKeys(data)
  const listed = keys.map(({ sha256: _, ...key }) => key)
  const width = Math.max(...listed.map(({ name }) => name.length))
  for (const { name, roles, createdAt, owner } of listed) {
    const whose = owner === undefined ? '' : `  of ${owner}`
    terminal.say(`${name.padEnd(width)}  ${createdAt}  ${roles.join(', ')}${whose}`)
  }
  if (keys.length === 0) terminal.say(`There are no keys in ${data}`)
  terminal.result(listed)
}

export async function revokeKey(name: string, { data }: KeysFlags, { terminal }: Run): Promise<void> {
  requireDirectory({ data })
  await changeKeys(data, (keys) => {
    const names = keys.map((key) => key.name)
    if (!names.includes(name)) {
      const hint = names.length === 0 ? '' : suggestion(name, names)
      throw new FraudError('OPTION_INVALID', `There is no key "${name}" in ${data}${hint}`)
    }
    return { keys: keys.filter((key) => key.name !== name), result: undefined }
  })
  noteCommand(data, 'command:keys', 'revokeKey', name, {})
  terminal.say(`revoked ${name}`)
  terminal.result({ revoked: name })
}

function freeName(role: Role, keys: readonly StoredKey[]): string {
  const names = new Set(keys.map(({ name }) => name))
  let number = 1
  while (names.has(`${role}-${number}`)) number++
  return `${role}-${number}`
}

async function readKeys(data: string): Promise<readonly StoredKey[]> {
  const path = join(data, 'keys.json')
  refuseLinks(path)
  try {
    return parseKeyFile(await readFile(path, 'utf8'))
  } catch (cause) {
    if (cause instanceof FraudError) throw new FraudError(cause.code, `${path}: ${cause.message}`, { cause })
    if (codeOf(cause) === 'ENOENT') return []
    throw new FraudError('FILE_UNREADABLE', `${path} can't be read: ${String(cause)}`, { cause })
  }
}

const patienceMs = 5000
const pauseMs = 20

/** Two commands at once take turns: else a key that was revoked by one could come back with the other's file. */
async function changeKeys<Result>(
  data: string,
  change: (keys: readonly StoredKey[]) => { readonly keys: readonly StoredKey[]; readonly result: Result },
): Promise<Result> {
  const path = join(data, 'keys.json')
  const lock = `${path}.lock`
  for (let waitedMs = 0; !(await tryLock(lock)); waitedMs += pauseMs) {
    if (waitedMs >= patienceMs) {
      const reason = `another command is changing it; if none is, delete ${lock}`
      throw new FraudError('FILE_UNWRITABLE', `${path} can't be written: ${reason}`)
    }
    await setTimeout(pauseMs)
  }
  try {
    const { keys, result } = change(await readKeys(data))
    await writeFileAtomically(path, formatKeyFile(keys), 0o600)
    return result
  } finally {
    await rm(lock, { force: true })
  }
}

/** Takes the lock unless another command has it; says whether it did. */
async function tryLock(lock: string): Promise<boolean> {
  try {
    await (await open(lock, 'wx')).close()
    return true
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false
    throw new FraudError('FILE_UNWRITABLE', `${lock} can't be written: ${String(cause)}`, { cause })
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
