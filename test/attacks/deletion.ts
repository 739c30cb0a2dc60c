import { copyFileSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LogReader } from '../../src/stores/sqlite/log-reader.ts'
import { verifyLog } from '../../src/stores/sqlite/verify-log.ts'
import { type Purchase, purchases, ServiceProcess, trainBundle } from '../durability/service.ts'

/**
 * The files of a log deleted, moved and replaced underneath a service that decides: what it acknowledged, and what is in
 * the log afterwards. Run by `node test/attacks/deletion.ts`.
 */

/** What is done to a data directory, and undone later where that is a part of it. */
export interface Deed {
  readonly name: string
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

export interface Outcome {
  /** Ids that were answered with 200, before the deed and after it. */
  readonly acknowledged: readonly string[]
  /** How many answers were 503 LOG_UNAVAILABLE. */
  readonly refused: number
  /** Whether readiness was withdrawn, and came back. */
  readonly wasUnready: boolean
  readonly isReadyAgain: boolean
  /** Of the acknowledged, those that no log holds. */
  readonly lost: readonly string[]
  readonly problem: string | undefined
  readonly said: string
}

const decidedBefore = 300
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
  await service.ended
  return { acknowledged, refused, wasUnready, isReadyAgain, ...look(data, acknowledged), said: service.log() }
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
  const reader = new LogReader(join(data, name))
  try {
    const { problem } = verifyLog(reader, undefined)
    return { lost: acknowledged.filter((id) => reader.find(id) === undefined), problem: problem?.reason }
  } finally {
    reader.close()
  }
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-deletion-'))
  try {
    const bundle = await trainBundle(folder)
    const sent = purchases(600)
    for (const [i, deed] of deeds.entries()) {
      const found = await suffer(deed, bundle, join(folder, `data-${i}`), sent)
      const { acknowledged, refused, lost, isReadyAgain, problem = 'sound' } = found
      process.stdout.write(
        `${deed.name.padEnd(42)} acknowledged ${acknowledged.length}, refused ${refused}, in the log ` +
          `${acknowledged.length - lost.length}, ${isReadyAgain ? 'goes on' : 'stays unavailable'}; the log is ${problem}\n`,
      )
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) await main()
