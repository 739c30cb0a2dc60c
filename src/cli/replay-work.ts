import { inMemory } from '../core/detector.ts'
import { FraudError } from '../core/errors.ts'
import type { Table } from '../data/table.ts'
import { LabelQueue } from '../features/label-queue.ts'
import { warnOfLive } from '../scoring/live-detector.ts'
import type { LiveService } from '../scoring/live-service.ts'
import { currentBundle } from './current-bundle.ts'
import { openForCommand } from './open-service.ts'
import type { InputFlags } from './read-input.ts'
import { type ReplayedTransaction, replayFile } from './replay-file.ts'
import type { Run } from './run.ts'
import { sendableRows } from './sendable-rows.ts'

export interface ReplayFlags extends InputFlags {
  readonly as: 'history' | 'decisions'
  readonly data: string
  readonly bundle?: string
}

/** Transactions that are on their way to the disk at once. */
const atOnce = 2048

/** Brings the transactions of a file into a data directory: only known, or decided; labels come when they were known. */
export async function replay(file: string, flags: ReplayFlags, run: Run): Promise<void> {
  const opened = await openForCommand(flags.bundle ?? currentBundle(flags.data), flags.data, run)
  const { service } = opened
  const { detector, features } = service.live
  const id = detector.transaction.id ?? ''
  const policyWarning = flags.as === 'decisions' ? warnOfLive(service.live) : undefined
  if (policyWarning !== undefined) run.terminal.warn(policyWarning)
  const intake = new Intake(service, flags.as)
  try {
    const replayed = { located: { detector, locate: inMemory }, features, file, kinds: { [id]: 'text' as const } }
    await replayFile(
      replayed,
      flags,
      run,
      async (groups) => {
        for await (const group of groups) for (const transaction of group) await intake.take(transaction)
        await intake.finish()
      },
      { isSpeculative: false },
    )
  } finally {
    await opened.close()
  }
  const { fresh, known, labels } = intake
  const count = (value: number) => value.toLocaleString('en')
  run.terminal.say(
    `${count(fresh)} transactions and ${count(labels)} labels of fraud are in ${flags.data} (as ${flags.as})`,
  )
  if (known > 0) run.terminal.say(`${count(known)} were known before and left as they are`)
  run.terminal.result({ transactions: fresh, known, labels })
}

class Intake {
  readonly #service: LiveService
  readonly #as: ReplayFlags['as']
  readonly #labels = new LabelQueue()
  /** Ids of transactions whose labels are still to come, by their places in the file. */
  readonly #ids = new Map<number, string>()
  readonly #failures: unknown[] = []
  #underway: Promise<unknown>[] = []
  #table: Table | undefined
  #read: (row: number) => Readonly<Record<string, unknown>> = () => ({})
  #place = 0
  fresh = 0
  known = 0
  labels = 0

  constructor(service: LiveService, as: ReplayFlags['as']) {
    this.#service = service
    this.#as = as
  }

  async take({ table, index, transaction, label, knownAtMs }: ReplayedTransaction): Promise<void> {
    if (table !== this.#table) this.#open(table)
    this.#sendLabels(transaction.timestampMs)
    const value = this.#read(index)
    this.#watch(this.#send(value, !Number.isNaN(label)))
    const { timestampMs } = transaction
    if (label === 1) {
      const place = ++this.#place
      this.#ids.set(place, String(value[this.#service.live.detector.transaction.id ?? '']))
      const event = { timestampMs, texts: [], sequence: place }
      this.#labels.add({ event, label: { isFraud: true, knownAtMs: Math.max(knownAtMs, timestampMs) } })
    }
    if (this.#underway.length >= atOnce) await this.#settle()
  }

  /** Labels that were not known yet when the file ended are there from now on, but count only from when they are. */
  async finish(): Promise<void> {
    this.#sendLabels(Number.POSITIVE_INFINITY)
    await this.#settle()
  }

  #sendLabels(timestampMs: number): void {
    for (let due = this.#labels.due(timestampMs); due !== undefined; due = this.#labels.due(timestampMs)) {
      const { event, label } = due
      const transactionId = this.#ids.get(event.sequence) ?? ''
      this.#ids.delete(event.sequence)
      this.#watch(this.#sendLabel(transactionId, label.knownAtMs))
    }
  }

  async #send(value: Readonly<Record<string, unknown>>, isLabelled: boolean): Promise<void> {
    const isNew =
      this.#as === 'history'
        ? await this.#service.bringIn(value, isLabelled)
        : !(await this.#service.decide(value, undefined, () => 0)).duplicate
    if (isNew) this.fresh += 1
    else this.known += 1
  }

  async #sendLabel(transactionId: string, knownAtMs: number): Promise<void> {
    const [answer] = await this.#service.decider.label([{ transactionId, isFraud: true, knownAtMs, source: undefined }])
    if (!answer.duplicate) this.labels += 1
  }

  /** A failure is thrown at the next point where all is waited for. */
  #watch(work: Promise<void>): void {
    this.#underway.push(
      work.catch((error: unknown) => {
        this.#failures.push(error)
      }),
    )
  }

  async #settle(): Promise<void> {
    const underway = this.#underway
    this.#underway = []
    await Promise.all(underway)
    if (this.#failures.length > 0) throw this.#failures[0]
  }

  /** Rows of a table as a caller would send them. */
  #open(table: Table): void {
    this.#table = table
    const { detector } = this.#service.live
    const { id = '', time } = detector.transaction
    const wanted = new Set([id, time?.field ?? '', ...(this.#service.decider.state?.definition.columns ?? [])])
    const present = table.columns.filter(({ name }) => wanted.has(name))
    if (!present.some(({ name }) => name === id)) {
      throw new FraudError('DATA_INVALID', `The file has no column ${id}, the transactions' id`)
    }
    this.#read = sendableRows(present)
  }
}
