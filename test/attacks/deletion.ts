import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SqliteLogReader } from '../../src/stores/sqlite/sqlite-log-reader.ts'
import { verifyLog } from '../../src/stores/sqlite/verify-log.ts'
import { type Purchase, purchases, runShrike, ServiceProcess, trainBundle } from '../durability/service.ts'
import { isMain } from '../is-main.ts'

/**
 * The files of a log deleted, moved, replaced and overwritten underneath a service that decides: what it acknowledged, and what is in
 * the log afterwards. Run by `node test/attacks/deletion.ts`.
 */

/** What is done to a data directory, and undone later where that is a part of it. */
export interface Deed {
  readonly name: string
  /** Done when half of what comes before the deed was decided. */
  prepare?(data: string): void
  act(data: string): void
  undo?(data: string): void
  /** Nothing may take the place of what somebody put there, so the service stays unavailable. */
  readonly isFinal?: true
}

const log = (data: string, suffix = '') => join(data, `log.sqlite${suffix}`)
const remove = (...suffixes: readonly string[]) => ({
  name: `rm ${suffixes.map((suffix) => `log.sqlite${suffix}`).join(' ')}`,
  act: (data: string) => {
    for (const suffix of suffixes) rmSync(log(data, suffix))
  },
})

export const deeds: readonly Deed[] = [
  remove(''),
  remove('-wal'),
  remove('-shm'),
  remove('', '-wal', '-shm'),
  { name: 'rm -r DIRECTORY', act: (data) => rmSync(data, { recursive: true }) },
  {
    name: 'mv log.sqlite away, and back',
    act: (data) => renameSync(log(data), log(data, '.away')),
    undo: (data) => renameSync(log(data, '.away'), log(data)),
  },
  {
    name: 'mv DIRECTORY away, and back',
    act: (data) => renameSync(data, `${data}.away`),
    undo: (data) => renameSync(`${data}.away`, data),
  },
  {
    name: 'another file in place of log.sqlite',
    act: (data) => {
      copyFileSync(log(data), log(data, '.copy'))
      renameSync(log(data, '.copy'), log(data))
    },
    isFinal: true,
  },
]

const copyTo = (data: string, name: string, ...suffixes: readonly string[]) => {
  mkdirSync(`${data}.${name}`)
  for (const suffix of suffixes) copyFileSync(log(data, suffix), join(`${data}.${name}`, `log.sqlite${suffix}`))
}
/** As `cp` does: the file stays, and its content becomes the other's. */
const overwriteFrom = (data: string, name: string) => {
  for (const file of readdirSync(`${data}.${name}`)) copyFileSync(join(`${data}.${name}`, file), join(data, file))
}
const empty = (suffix: string): Deed => ({
  name: `: > log.sqlite${suffix}`,
  act: (data) => truncateSync(log(data, suffix)),
})
const backUp = (data: string) => {
  mkdirSync(`${data}.backup`)
  const reader = new SqliteLogReader(log(data))
  reader.database.prepare('VACUUM INTO ?').run(join(`${data}.backup`, 'log.sqlite'))
  reader.close()
}
const copyOlder = (...suffixes: readonly string[]): Deed => ({
  name: `cp older ${suffixes.map((suffix) => `log.sqlite${suffix}`).join(' ')}`,
  prepare: (data) => copyTo(data, 'older', ...suffixes),
  act: (data) => overwriteFrom(data, 'older'),
})

/** What overwrites files in place: what is decided afterwards must not be acknowledged. */
export const overwritings: readonly Deed[] = [
  { name: 'cp -a BACKUP/. DIRECTORY', prepare: backUp, act: (data) => overwriteFrom(data, 'backup') },
  empty(''),
  empty('-wal'),
  copyOlder(''),
  copyOlder('-wal'),
  copyOlder('', '-wal'),
  copyOlder('', '-wal', '-shm'),
]

export interface Outcome {
  /** Ids that were answered with 200, before the deed and after it. */
  readonly acknowledged: readonly string[]
  /** How many of them were sent when the deed was done. */
  readonly acknowledgedAfter: number
  /** How many answers were 503 LOG_UNAVAILABLE. */
  readonly refused: number
  /** Whether readiness was withdrawn, and came back. */
  readonly wasUnready: boolean
  readonly isReadyAgain: boolean
  /** Of the acknowledged, those that no log holds. */
  readonly lost: readonly string[]
  readonly problem: string | undefined
  readonly said: string
  /** The exit code at the end. */
  readonly code: number | null
}

const decidedBefore = 150
const unreadyMs = 700

/** Decides, lets the deed be done in the midst of it, goes on until everything is decided, and looks into the log. */
export async function suffer(deed: Deed, bundle: string, data: string, sent: readonly Purchase[]): Promise<Outcome> {
  const service = await ServiceProcess.start(bundle, data)
  const acknowledged: string[] = []
  let refused = 0
  const decide = async ({ id, body }: Purchase) => {
    const { status, text } = await service.decide(body)
    if (status === 200) acknowledged.push(id)
    else if (status === 503 && /LOG_UNAVAILABLE|NOT_READY/.test(text)) refused += 1
    else throw new Error(`${status} ${text}`)
    return status === 200
  }
  await eachOf(sent.slice(0, decidedBefore), decide)
  deed.act(data)
  const undecided: Purchase[] = []
  await eachOf(sent.slice(decidedBefore), async (purchase) => {
    if (!(await decide(purchase))) undecided.push(purchase)
  })
  const isReady = async () => (await service.ask('GET', '/readyz')).status === 200
  const wasUnready = refused > 0 && !(await isReady())
  if (deed.undo !== undefined || deed.isFinal) await sleep(unreadyMs)
  deed.undo?.(data)
  const isReadyAgain = deed.isFinal ? await isReady() : await service.isReady().then(() => true)
  if (!deed.isFinal) {
    for (const purchase of undecided) await decide(purchase)
  }
  service.child.kill('SIGTERM')
  const code = await service.ended
  const acknowledgedAfter = acknowledged.length - decidedBefore
  const found = { acknowledged, acknowledgedAfter, refused, wasUnready, isReadyAgain, said: service.log(), code }
  return { ...found, ...look(data, acknowledged) }
}

/** Decides over some connections at once, and lets files be overwritten in the midst of it, while commits go on. */
export async function sufferOverwriting(
  deed: Deed,
  bundle: string,
  data: string,
  sent: readonly Purchase[],
): Promise<Omit<Outcome, 'lost' | 'problem'>> {
  const service = await ServiceProcess.start(bundle, data)
  const acknowledged: string[] = []
  let [acknowledgedAfter, refused, isDone] = [0, 0, false]
  await eachOf(sent, async ({ id, body }) => {
    const isAfter = isDone
    const { status } = await service.decide(body)
    if (status === 200) acknowledged.push(id)
    else refused += 1
    if (status === 200 && isAfter) acknowledgedAfter += 1
    if (status === 200 && acknowledged.length === decidedBefore / 2) deed.prepare?.(data)
    if (status === 200 && acknowledged.length === decidedBefore) {
      deed.act(data)
      isDone = true
    }
  })
  await sleep(unreadyMs)
  // None at all where the operating system ended the process.
  const isReadyAgain = (await service.ask('GET', '/readyz')).status === 200
  service.child.kill('SIGTERM')
  const code = await service.ended
  const said = service.log()
  return { acknowledged, acknowledgedAfter, refused, wasUnready: !isReadyAgain, isReadyAgain, said, code }
}

/** Over some connections at once. */
async function eachOf<Item>(items: readonly Item[], handle: (item: Item) => Promise<unknown>): Promise<void> {
  const left = items.values()
  const connection = async () => {
    for (const item of left) await handle(item)
  }
  await Promise.all(Array.from({ length: 16 }, connection))
}

/** Looks into the log, or into the one that was saved beside a stranger's. */
function look(data: string, acknowledged: readonly string[]): Pick<Outcome, 'lost' | 'problem'> {
  const name = readdirSync(data).find((each) => /^log\.sqlite\.held-\d+$/.test(each)) ?? 'log.sqlite'
  const reader = new SqliteLogReader(join(data, name))
  try {
    const { problem } = verifyLog(reader, undefined)
    return { lost: acknowledged.filter((id) => reader.find(id) === undefined), problem: problem?.reason }
  } finally {
    reader.close()
  }
}

/** What a start on the directory says afterwards. */
export async function startAgain(bundle: string, data: string): Promise<string> {
  const { code, stderr } = await runShrike('serve', bundle, '--data', data, '--port', '0')
  return `${code} ${stderr.trim()}`
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-deletion-'))
  try {
    const bundle = await trainBundle(folder)
    const sent = purchases(300)
    for (const [i, deed] of deeds.entries()) {
      const found = await suffer(deed, bundle, join(folder, `data-${i}`), sent)
      const { acknowledged, refused, lost, isReadyAgain, problem = 'sound' } = found
      process.stdout.write(
        `${deed.name.padEnd(42)} acknowledged ${acknowledged.length}, refused ${refused}, in the log ` +
          `${acknowledged.length - lost.length}, ${isReadyAgain ? 'goes on' : 'stays unavailable'}; the log is ${problem}\n`,
      )
    }
    for (const [i, deed] of overwritings.entries()) {
      const data = join(folder, `overwritten-${i}`)
      const found = await sufferOverwriting(deed, bundle, data, sent)
      process.stdout.write(
        `${deed.name.padEnd(42)} acknowledged ${found.acknowledged.length}, ${found.acknowledgedAfter} of them sent ` +
          `afterwards, refused ${found.refused}, ${found.isReadyAgain ? 'goes on' : 'stays unavailable'}, exit ` +
          `${found.code}; then: ${await startAgain(bundle, data)}\n`,
      )
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (isMain(import.meta)) await main()
