import assert from 'node:assert/strict'
import { formatIsoTime } from '../../src/core/time-parser.ts'
import type { Decision } from '../../src/decisioning/decision.ts'
import { type Method, type Purchase, purchases, runShrike, ServiceProcess, succeed } from '../durability/service.ts'

const dayMs = 86_400_000
const perBatch = 100

interface Deployed {
  readonly by: string
  readonly why: string
  readonly change: { readonly kind: string; readonly model: string }
}

/** A service without a model at first, what its portfolio sends it in a month, and the commands of those who run it. */
export class Month {
  readonly answers = new Map<string, Decision>()
  readonly #detector: string
  readonly #data: string
  #service: ServiceProcess
  readonly #purchases: readonly Purchase[]
  readonly #labelled = new Set<string>()

  private constructor(service: ServiceProcess, detector: string, data: string, made: readonly Purchase[]) {
    this.#service = service
    this.#detector = detector
    this.#data = data
    this.#purchases = made
  }

  static async begin(detector: string, data: string, transactions: number): Promise<Month> {
    const service = await ServiceProcess.start(undefined, data, ['--detector', detector])
    return new Month(service, detector, data, purchases(transactions))
  }

  /** What was sent so far, and what it turned out to be. */
  get sent(): readonly Purchase[] {
    return this.#purchases.slice(0, this.answers.size)
  }

  /** Sends the next transactions, in their order; what was decided. */
  async decide(count: number): Promise<readonly Decision[]> {
    const decided: Decision[] = []
    while (decided.length < count) {
      const from = this.answers.size
      const sent = this.#purchases.slice(from, from + Math.min(perBatch, count - decided.length))
      assert.ok(sent.length > 0, 'the month is over')
      const body = sent.map((purchase) => purchase.body)
      const answers: readonly Decision[] = JSON.parse(await this.ask('POST', '/v1/decisions/batch', body))
      assert.equal(answers.length, sent.length)
      answers.forEach((answer, i) => {
        assert.equal(answer.transactionId, sent[i].id, JSON.stringify(answer))
        assert.ok(!answer.duplicate)
        this.answers.set(answer.transactionId, answer)
      })
      decided.push(...answers)
    }
    return decided
  }

  /** Frauds of transactions that are older than some days are reported, as the others are after that time. */
  async label(days: number): Promise<number> {
    const until = (this.sent.at(-1)?.timestampMs ?? 0) - days * dayMs
    const known = this.sent.filter(({ id, timestampMs }) => timestampMs < until && !this.#labelled.has(id))
    const lines = known.map(({ id, isFraud, timestampMs }) => {
      this.#labelled.add(id)
      return `${id},${isFraud},${formatIsoTime(timestampMs + days * dayMs)}`
    })
    const body = ['transactionId,isFraud,knownAt', ...lines].join('\n')
    const { lines: read, accepted } = JSON.parse(await this.ask('POST', '/v1/labels', body, 'text/csv'))
    assert.deepEqual([read, accepted], [known.length, known.length])
    return known.filter(({ isFraud }) => isFraud).length
  }

  async ask(method: Method, path: string, body?: unknown, type?: string): Promise<string> {
    const { status, text } = await this.#service.ask(method, path, body, type)
    assert.equal(status, 200, `${method} ${path}: ${text}`)
    return text
  }

  /** A command beside the service. */
  run(...args: readonly string[]): Promise<string> {
    return succeed(...args, '--data', this.#data)
  }

  /** A command that is refused: what it says. */
  async refused(...args: readonly string[]): Promise<string> {
    const { code, stderr, stdout } = await runShrike(...args, '--data', this.#data)
    assert.equal(code, 1, `${args.join(' ')}: ${stdout}`)
    return stderr + stdout
  }

  /** Adds a bundle to the registry; its id. */
  async add(path: string, why: string): Promise<string> {
    return JSON.parse(await this.run('models', 'add', path, '--why', why, '--json')).id
  }

  /** Gives a model a role; the reason is the step of the month. */
  async deploy(id: string, why: string, ...role: readonly string[]): Promise<void> {
    await this.run('models', 'deploy', id, ...role, '--why', why)
  }

  /** Every deployment, oldest first. */
  async deployments(): Promise<readonly Deployed[]> {
    return JSON.parse(await this.ask('GET', '/v1/models/versions')).versions.reverse()
  }

  /** What the log has, one object a line. */
  async exported(flag: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const lines = await this.run('log', 'export', flag, '--format', 'ndjson')
    return lines
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  }

  /** Stops the service and starts it as at the beginning of the month: what decides then is for the log to say. */
  async restart(): Promise<void> {
    await this.#service.stop()
    this.#service = await ServiceProcess.start(undefined, this.#data, ['--detector', this.#detector])
  }

  /** What is sent once more, one of so many, is answered as it was. */
  async assertAnswered(every: number): Promise<void> {
    const again = this.sent.filter((_, i) => i % every === 0)
    const answers: readonly Decision[] = JSON.parse(
      await this.ask(
        'POST',
        '/v1/decisions/batch',
        again.map(({ body }) => body),
      ),
    )
    assert.deepEqual(
      answers,
      again.map(({ id }) => ({ ...this.answers.get(id), duplicate: true })),
    )
  }

  stop(): Promise<void> {
    return this.#service.stop()
  }
}

/** Transactions as a file to learn from, the labels being those that are given. */
export function labelledCsv(sent: readonly Purchase[], isFraud: readonly boolean[], maturityDays: number): string {
  const names = [...new Set(sent.flatMap(({ body }) => Object.keys(body)))]
  const rows = sent.map(({ body, timestampMs }, i) =>
    [
      ...names.map((name) => body[name] ?? ''),
      isFraud[i] ? 1 : 0,
      formatIsoTime(timestampMs + maturityDays * dayMs),
    ].join(','),
  )
  return [[...names, 'is_fraud', 'label_known_at'].join(','), ...rows, ''].join('\n')
}
