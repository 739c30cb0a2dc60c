import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createRandom } from '../../src/core/random.ts'
import { formatIsoTime } from '../../src/core/time-parser.ts'
import { withLog } from './log-checks.ts'
import { firstAnswer, type Purchase, type ServiceProcess } from './service.ts'

interface SentLabel {
  readonly transactionId: string
  readonly isFraud: boolean
  readonly knownAt: string
  readonly source: string
}

const dayMs = 86_400_000

/**
 * What callers send to a service, and what they were told: transactions in the order of time with some that come late,
 * the same again, others under a known id, and labels, one and many, before and after their transactions. Whatever was
 * not answered is sent again.
 */
export class Traffic {
  readonly #purchases: readonly Purchase[]
  readonly #random: ReturnType<typeof createRandom>
  #next = 0
  /** Held back, or sent without an answer. */
  #late: Purchase[] = []
  /** First answers, by transaction id. */
  readonly answers = new Map<string, string>()
  readonly decided: Purchase[] = []
  /** The last label of a transaction that was answered, and those on their way. */
  readonly #labels = new Map<string, SentLabel>()
  readonly #labelsUnderway = new Set<string>()
  #unansweredLabels: SentLabel[][] = []
  readonly acknowledgedLabels: SentLabel[] = []
  readonly counts = { decisions: 0, duplicates: 0, conflicts: 0, labels: 0, late: 0, cut: 0, refused: 0 }

  constructor(purchases: readonly Purchase[], seed: number) {
    this.#purchases = purchases
    this.#random = createRandom(seed)
  }

  get isDone(): boolean {
    return this.#next === this.#purchases.length && this.#late.length === 0 && this.#unansweredLabels.length === 0
  }

  /** Sends over some connections until all is sent, or until the service is gone or told to stop. */
  async send(service: ServiceProcess, connections: number, isStopped: () => boolean = () => false): Promise<void> {
    const connection = async () => {
      while (!isStopped() && !this.isDone) if (!(await this.#sendOne(service))) return
    }
    await Promise.all(Array.from({ length: connections }, connection))
  }

  /** Every first answer once more, and the same must come. */
  async sendAgain(service: ServiceProcess, connections: number, most = Number.POSITIVE_INFINITY): Promise<void> {
    const again = this.decided.slice(-most).values()
    const connection = async () => {
      for (const purchase of again) await this.#redeliver(service, purchase)
    }
    await Promise.all(Array.from({ length: connections }, connection))
  }

  /** Everything that was acknowledged is in the log, once. */
  assertKept(data: string): void {
    withLog(data, (reader) => {
      const count = reader.database.prepare('SELECT count(*) AS count FROM records WHERE kind <= 1 AND id = ?')
      for (const id of this.answers.keys()) assert.equal(count.get(id)?.count, 1, `${id} is not in the log once`)
      const kept = new Map<string, number>()
      for (const { id, source, isFraud, knownAtMs } of reader.allLabels()) {
        const key = `${id} ${source} ${isFraud} ${formatIsoTime(knownAtMs)}`
        kept.set(key, (kept.get(key) ?? 0) + 1)
      }
      for (const { transactionId, source, isFraud, knownAt } of this.acknowledgedLabels) {
        const key = `${transactionId} ${source} ${isFraud} ${knownAt}`
        assert.equal(kept.get(key), 1, `the label ${key} is not in the log once`)
      }
    })
  }

  /** False once the service is gone. */
  #sendOne(service: ServiceProcess): Promise<boolean> {
    const draw = this.#random.uniform()
    if (draw < 0.08 && this.decided.length > 0) return this.#redeliver(service, this.#pick(this.decided))
    if (draw < 0.11 && this.decided.length > 0) return this.#conflict(service, this.#pick(this.decided))
    if (draw < 0.21 || this.#next === this.#purchases.length) {
      const unanswered = this.#unansweredLabels.pop()
      if (unanswered !== undefined) return this.#label(service, unanswered)
      if (draw < 0.21) return this.#label(service, this.#makeLabels(draw < 0.13 ? 1 + Math.floor(draw * 50) : 1))
    }
    if (this.#late.length > 0 && (draw < 0.27 || this.#next === this.#purchases.length)) {
      const [late] = this.#late.splice(Math.floor(this.#random.uniform() * this.#late.length), 1)
      return this.#decide(service, late)
    }
    // Everything that is left is on its way over other connections.
    if (this.#next === this.#purchases.length) return nextTurn(true)
    const purchase = this.#purchases[this.#next++]
    if (draw < 0.96) return this.#decide(service, purchase)
    this.counts.late += 1
    this.#late.push(purchase)
    return Promise.resolve(true)
  }

  async #decide(service: ServiceProcess, purchase: Purchase): Promise<boolean> {
    const { status, text } = await service.decide(purchase.body)
    if (status === 200) {
      this.answers.set(purchase.id, firstAnswer(text))
      this.decided.push(purchase)
      this.counts.decisions += 1
      return true
    }
    this.#late.push(purchase)
    return this.#goesOn(status, text)
  }

  async #redeliver(service: ServiceProcess, purchase: Purchase): Promise<boolean> {
    const { status, text } = await service.decide(purchase.body)
    if (status !== 200) return this.#goesOn(status, text)
    assert.match(text, /"duplicate":true/)
    assert.equal(firstAnswer(text), this.answers.get(purchase.id))
    this.counts.duplicates += 1
    return true
  }

  async #conflict(service: ServiceProcess, { body }: Purchase): Promise<boolean> {
    const { status, text } = await service.decide({ ...body, amount: Number(body.amount) + 1 })
    if (status !== 409) return this.#goesOn(status, text)
    this.counts.conflicts += 1
    return true
  }

  #makeLabels(count: number): SentLabel[] {
    const labels: SentLabel[] = []
    for (let i = 0; i < count; i++) {
      // One in eight speaks of a transaction that has not come.
      const ahead = this.#next + Math.floor(this.#random.uniform() * 200)
      const isAhead = this.#random.uniform() < 0.125 || this.decided.length === 0
      const { id, timestampMs, isFraud } = isAhead
        ? this.#purchases[Math.min(ahead, this.#purchases.length - 1)]
        : this.#pick(this.decided)
      if (this.#labelsUnderway.has(id)) continue
      this.#labelsUnderway.add(id)
      const last = this.#labels.get(id)
      const knownAt = formatIsoTime(timestampMs + Math.floor(this.#random.uniform() * 20) * dayMs)
      const source = `source-${this.acknowledgedLabels.length}-${i}`
      const isSame = last !== undefined && this.#random.uniform() < 0.5
      const isReallyFraud = this.#random.uniform() < 0.2 ? !isFraud : isFraud || this.#random.uniform() < 0.3
      labels.push(isSame ? last : { transactionId: id, isFraud: isReallyFraud, knownAt, source })
    }
    return labels
  }

  async #label(service: ServiceProcess, labels: SentLabel[]): Promise<boolean> {
    if (labels.length === 0) return true
    const { status, text } = await service.label(labels.length === 1 ? labels[0] : labels)
    if (status !== 200) {
      this.#unansweredLabels.push(labels)
      return this.#goesOn(status, text)
    }
    for (const label of labels) {
      this.#labelsUnderway.delete(label.transactionId)
      if (this.#labels.get(label.transactionId) !== label) this.acknowledgedLabels.push(label)
      this.#labels.set(label.transactionId, label)
    }
    this.counts.labels += labels.length
    return true
  }

  #goesOn(status: number, text: string): boolean {
    if (status === 503) this.counts.refused += 1
    else if (status === 0) this.counts.cut += 1
    else assert.fail(`${status} ${text}`)
    return status !== 0
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#random.uniform() * items.length)]
  }
}
