import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '../../src/core/random.ts'
import { formatIsoTime } from '../../src/core/time-parser.ts'
import { withLog } from './log-checks.ts'
import { type Answer, firstAnswer, type Purchase, type ServiceProcess } from './service.ts'

const dayMs = 86_400_000

interface Figures {
  readonly answers: number
  readonly redelivered: number
  readonly labels: number
  /** Connections that ended without an answer; what was asked was asked again. */
  readonly cut: number
  readonly longestMs: number
  readonly meanMs: number
  /** The longest time in which nobody was answered. */
  readonly pauseMs: number
}

/**
 * Callers behind a load balancer: each asks any replica, and another one where a connection is cut. In between they send
 * transactions again, and labels, each once. What is refused for now is kept in `refused`, and sent again.
 */
export class Callers {
  readonly answers = new Map<string, string>()
  readonly refused: string[] = []
  readonly #labels: string[] = []
  readonly #decided: Purchase[] = []
  readonly #left: Iterator<Purchase>
  readonly #replicas: readonly (() => ServiceProcess)[]
  readonly #random = createRandom(11)
  readonly #sending: Promise<unknown>
  #isStopped = false
  #named = 0
  #redelivered = 0
  #cut = 0
  #sumMs = 0
  #longestMs = 0
  #pauseMs = 0
  #answeredMs = performance.now()

  constructor(some: readonly Purchase[], replicas: readonly (() => ServiceProcess)[], connections = 8) {
    this.#left = some.values()
    this.#replicas = replicas
    this.#sending = Promise.all(Array.from({ length: connections }, (_, turn) => this.#send(turn)))
  }

  get figures(): Figures {
    const asked = this.answers.size + this.#redelivered + this.#labels.length
    return {
      ...{ answers: this.answers.size, redelivered: this.#redelivered, labels: this.#labels.length, cut: this.#cut },
      longestMs: Math.round(this.#longestMs),
      meanMs: Math.round((100 * this.#sumMs) / asked) / 100,
      pauseMs: Math.round(this.#pauseMs),
    }
  }

  /** Waits until so many transactions are answered. */
  async reach(count: number): Promise<void> {
    while (this.answers.size < count) await Promise.race([this.#sending, sleep(10)])
  }

  /** Ends where all that was given is answered. */
  async all(): Promise<void> {
    await this.#sending
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#sending
  }

  /** All that was answered is in the log once, with that answer, and so are all labels. */
  assertKept(data: string): void {
    withLog(data, (reader) => {
      const count = reader.database.prepare('SELECT count(*) AS count FROM records WHERE kind <= 1 AND id = ?')
      for (const [id, text] of this.answers) {
        assert.equal(count.get(id)?.count, 1, id)
        const record = reader.find(id)
        assert.ok(record?.kind === 'decision')
        assert.equal(JSON.parse(text).score, record.score, id)
      }
      const kept = [...reader.allLabels()].map(({ source }) => source)
      assert.equal(new Set(kept).size, kept.length, 'no label is there twice')
      const all = new Set(kept)
      for (const source of this.#labels) assert.ok(all.has(source), `the label ${source} is in the log`)
    })
  }

  async #send(first: number): Promise<void> {
    for (let turn = first; !this.#isStopped; turn++) {
      const { value, done } = this.#left.next()
      if (done) return
      this.answers.set(value.id, firstAnswer(await this.#untilAnswered(turn, '/v1/decisions', value.body)))
      this.#decided.push(value)
      const draw = this.#random.uniform()
      if (draw < 0.1) await this.#redeliver(turn)
      else if (draw < 0.2) await this.#label(turn)
    }
  }

  async #redeliver(turn: number): Promise<void> {
    const { id, body } = this.#pick()
    const text = await this.#untilAnswered(turn + 1, '/v1/decisions', body)
    assert.match(text, /"duplicate":true/)
    assert.equal(firstAnswer(text), this.answers.get(id))
    this.#redelivered += 1
  }

  async #label(turn: number): Promise<void> {
    const { id, timestampMs, isFraud } = this.#pick()
    const source = `source-${this.#named++}`
    const knownAt = formatIsoTime(timestampMs + Math.floor(this.#random.uniform() * 20) * dayMs)
    await this.#untilAnswered(turn + 1, '/v1/labels', { transactionId: id, isFraud, knownAt, source })
    this.#labels.push(source)
  }

  async #untilAnswered(turn: number, path: string, body: unknown): Promise<string> {
    const startMs = performance.now()
    for (let sent = turn; ; sent++) {
      const answer = await this.#replicas[sent % this.#replicas.length]().ask('POST', path, body)
      if (answer.status === 200) {
        this.#measure(startMs)
        return answer.text
      }
      this.#note(answer)
      await sleep(5)
    }
  }

  #note({ status, text }: Answer): void {
    if (status === 0) this.#cut += 1
    else if (status === 503) this.refused.push(text)
    else assert.fail(`${status} ${text}`)
  }

  #measure(startMs: number): void {
    const nowMs = performance.now()
    this.#sumMs += nowMs - startMs
    this.#longestMs = Math.max(this.#longestMs, nowMs - startMs)
    this.#pauseMs = Math.max(this.#pauseMs, nowMs - this.#answeredMs)
    this.#answeredMs = nowMs
  }

  #pick(): Purchase {
    return this.#decided[Math.floor(this.#random.uniform() * this.#decided.length)]
  }
}
