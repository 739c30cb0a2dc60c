import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '../../src/core/random.ts'
import { formatIsoTime } from '../../src/core/time-parser.ts'
import type { Decision } from '../../src/decisioning/decision.ts'
import { withLog } from './log-checks.ts'
import { type Answer, firstAnswer, type Method, purchases, ServiceProcess, succeed } from './service.ts'

export const hourMs = 3_600_000
const startMs = Date.UTC(2025, 5, 1)
const stepMs = hourMs / 12
const [{ body: purchase }] = purchases(1)

/** A change that was acknowledged. */
interface NotedChange {
  readonly version: number
  readonly why: string
  /** Whether it moves the version. */
  readonly moves: boolean
}

interface DayOptions {
  readonly seed: number
  readonly flags: readonly string[]
  /** Of the day, of which some find the service killed. */
  readonly requests?: number
}

/** A service that is killed at some of its requests; what was not answered is sent again. */
export class Day {
  readonly answers = new Map<string, { readonly body: unknown; readonly text: string }>()
  readonly changes: NotedChange[] = []
  kills = 0
  #bundle: string | undefined
  readonly #data: string
  #flags: readonly string[]
  readonly #random: ReturnType<typeof createRandom>
  readonly #killedAt: ReadonlySet<number>
  #service: ServiceProcess
  #requests = 0
  #decisions = 0

  private constructor(service: ServiceProcess, bundle: string | undefined, data: string, options: DayOptions) {
    const { seed, flags, requests = 160 } = options
    this.#service = service
    this.#bundle = bundle
    this.#data = data
    this.#flags = flags
    this.#random = createRandom(seed)
    this.#killedAt = new Set(Array.from({ length: 4 }, () => Math.floor(this.#random.uniform() * requests)))
  }

  /** @param bundle undefined where flags say what decides. */
  static async begin(bundle: string | undefined, data: string, options: DayOptions): Promise<Day> {
    return new Day(await ServiceProcess.start(bundle, data, options.flags), bundle, data, options)
  }

  async ask(method: Method, path: string, body?: unknown, type?: string): Promise<string> {
    const { status, text } = await this.#send(method, path, body, type)
    assert.equal(status, 200, `${method} ${path}: ${text}`)
    if (method !== 'GET' && /policy|rules|lists/.test(path)) this.#noteChange(path, text, body)
    return text
  }

  /** Every change that was acknowledged is told with who and why, whatever of its record is still kept. */
  async assertVersionsTold(): Promise<void> {
    const told = new Map<number, { readonly by: string; readonly why: string; readonly diff: readonly string[] }>()
    for (let cursor: number | null = null, isFirst = true; isFirst || cursor !== null; isFirst = false) {
      const page: string = await this.ask('GET', `/v1/policy/versions${cursor === null ? '' : `?cursor=${cursor}`}`)
      const { versions, cursor: next } = JSON.parse(page)
      for (const { version, ...step } of versions) told.set(version, step)
      cursor = next
    }
    for (const { version, why, moves } of this.changes) {
      if (moves) assert.deepEqual([told.get(version)?.by, told.get(version)?.why], ['anyone', why])
    }
    const diffs = [...told.values()].flatMap(({ diff }) => diff)
    for (const each of ['fuse decline: tripped', 'fuse rule:capped: tripped', 'fuse rule:capped: reset']) {
      assert.ok(diffs.includes(each), `nothing is told of ${each}`)
    }
  }

  #noteChange(path: string, text: string, body: unknown): void {
    const why = typeof body === 'object' && body !== null && 'why' in body ? String(body.why) : ''
    this.changes.push({ version: JSON.parse(text).version, why, moves: !/entries|snoozes/.test(path) })
  }

  /** The code that something is refused with, and the fields that are wrong. */
  async refused(method: Method, path: string, body?: unknown): Promise<readonly string[]> {
    const { status, text } = await this.#send(method, path, body)
    assert.ok(status >= 400, `${method} ${path}: ${text}`)
    const { code, errors = [] } = JSON.parse(text)
    return [code, ...errors.map(({ field }: { field: string }) => field)]
  }

  async #send(method: Method, path: string, body?: unknown, type?: string): Promise<Answer> {
    const isKilled = this.#killedAt.has(this.#requests++)
    const answering = this.#service.ask(method, path, body, type)
    if (isKilled) {
      await sleep(this.#random.uniform() * 6)
      await this.#restart()
    }
    const answer = await answering
    if (answer.status !== 0 || !isKilled) return answer
    const again = await this.#send(method, path, body, type)
    // What was removed before the kill is gone by now.
    return method === 'DELETE' && again.status === 404 ? { ...again, status: 200 } : again
  }

  /** The next start goes on from the snapshot. */
  async killBehindSnapshot(): Promise<void> {
    await succeed('snapshot', '--data', this.#data)
    await this.#restart()
  }

  async #restart(): Promise<void> {
    await this.#service.kill()
    this.kills += 1
    this.#service = await ServiceProcess.start(this.#bundle, this.#data, this.#flags)
  }

  /** Makes a change; the version that decisions name from then on. */
  async change(method: Exclude<Method, 'GET'>, path: string, body?: unknown): Promise<number> {
    return JSON.parse(await this.ask(method, path, body)).version
  }

  async decide(amount: number, card = 'card'): Promise<Decision> {
    const i = this.#decisions++
    const id = `day-${i}`
    const time = formatIsoTime(startMs + i * stepMs)
    const body = { ...purchase, transaction_id: id, time, amount, card_id: card }
    const text = await this.ask('POST', '/v1/decisions', body)
    this.answers.set(id, { body, text: firstAnswer(text) })
    return JSON.parse(text)
  }

  /** Every decision that the log still has is answered as it was. */
  async assertAnswered(): Promise<void> {
    const kept = withLog(this.#data, (reader) => new Set([...this.answers.keys()].filter((id) => reader.find(id))))
    for (const [id, { body, text }] of this.answers) {
      if (kept.has(id)) assert.equal(firstAnswer(await this.ask('POST', '/v1/decisions', body)), text)
    }
  }

  /** Every decision that the log still has is explained by the policy of its time, which says what its record does. */
  async assertExplained(): Promise<void> {
    const kept = withLog(this.#data, (reader) => [...this.answers.keys()].filter((id) => reader.find(id)))
    for (const id of kept) {
      const told = JSON.parse(await this.ask('GET', `/v1/decisions/${id}/explanation`))
      assert.deepEqual([id, told.notTold], [id, []])
      assert.deepEqual(told.policyChange === undefined, told.policy === 1, `who made the policy of ${id}`)
    }
  }

  stop(): Promise<void> {
    return this.#service.stop()
  }

  /** Goes on, once it was stopped, with what decides now. */
  async goOn(bundle: string | undefined, flags: readonly string[]): Promise<void> {
    this.#bundle = bundle
    this.#flags = flags
    this.#service = await ServiceProcess.start(bundle, this.#data, flags)
  }
}

/** The outcome, and what the policy gives as reasons of it; those of the model stand behind. */
export const told = ({ outcome, reasons, rules }: Decision) => [
  outcome,
  reasons.map(({ code }) => code).filter((code) => code.includes(':')),
  rules.map(({ id, state }) => `${id} ${state}`),
]
