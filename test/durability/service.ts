import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatIsoTime } from '../../src/core/time-parser.ts'
import { simulatePortfolio } from '../../src/data/simulate/portfolio.ts'
import type { Column, Table } from '../../src/data/table.ts'
import { copyMadeOnce } from '../made-once.ts'
import { type Ended, runIn, shrikeScript, succeedIn, withoutWarmUp } from '../run-shrike.ts'

/** Runs a verb to its end. */
export const runShrike = (...args: readonly string[]): Promise<Ended> => runIn('.', args)

export async function succeed(...args: readonly string[]): Promise<string> {
  return (await succeedIn('.', args)).stdout
}

function gather(stream: NodeJS.ReadableStream | null): () => string {
  let text = ''
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}

/** A folder that is gone after the tests of the file, and what has to be undone before, such as a mount. */
export function temporaryFolder(undo = () => {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-durability-'))
  after(() => {
    undo()
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

/** Trains a small forest for a detector of the repository's, changed as the test wants it. */
export async function trainBundle(
  folder: string,
  { detector = 'detectors/cards.yaml', change = (yaml: string) => yaml, name = 'model' } = {},
): Promise<string> {
  // However busy the machine is, each decision has a score.
  const yaml = change(readFileSync(detector, 'utf8')).replace('policy: {', 'policy: { deadlineMs: 60000,')
  await copyMadeOnce(`a bundle named ${name} of ${yaml}`, folder, (made) => simulateAndTrain(made, name, yaml))
  return join(folder, `${name}.safetensors`)
}

const windowed = /^ {2}- (?!amount|hour|weekend)/

/** Changes a detector of the repository's to windows of at most an hour, and labels that are known after one. */
export function withShortWindows(yaml: string): string {
  return yaml
    .split('\n')
    .filter((line) => !(windowed.test(line) && !/over: 1h|over: \[10m/.test(line)))
    .map((line) =>
      line.replace(/over: \[[^\]]*\]/, 'over: [10m, 1h]').replace(/label: .*/, 'label: { field: is_fraud, delay: 1h }'),
    )
    .join('\n')
}

async function simulateAndTrain(folder: string, name: string, yaml: string): Promise<void> {
  const [csv, detector, bundle] = ['csv', 'yaml', 'safetensors'].map((ending) => join(folder, `${name}.${ending}`))
  writeFileSync(detector, yaml)
  const size = ['--customers', '200', '--terminals', '200', '--days', '40', '--start', '2026-03-01', '--seed', '5']
  await succeed('simulate', '--shape', 'portfolio', ...size, '--out', csv)
  const small = ['--preset', 'recipe', '--n-estimators', '5', '--no-leak-check']
  await succeed('train', '--no-report', csv, '--detector', detector, ...small, '--out', bundle)
}

/** What is sent of one transaction, and what it turned out to be. */
export interface Purchase {
  readonly id: string
  readonly timestampMs: number
  readonly body: Readonly<Record<string, unknown>>
  readonly isFraud: boolean
}

/** Transactions of a made-up portfolio, in order of time. */
export function purchases(count: number): readonly Purchase[] {
  // So many that it takes no more than a few months, and labels that come later still are known by now.
  const customers = Math.max(300, Math.ceil(count / 60))
  const days = Math.ceil(count / customers) + 5
  const found: Purchase[] = []
  for (const table of simulatePortfolio({ customers, terminals: customers, days, startMs: Date.UTC(2025, 5, 1) })) {
    for (let row = 0; row < table.rowCount && found.length < count; row++) found.push(purchaseAt(table, row))
    if (found.length === count) break
  }
  assert.equal(found.length, count)
  return found
}

const outcomeColumns = new Set(['is_fraud', 'label_known_at', 'scenario'])

function purchaseAt({ columns }: Table, row: number): Purchase {
  const value = Object.fromEntries(columns.map((column) => [column.name, cell(column, row)]))
  const body = Object.fromEntries(Object.entries(value).filter(([name]) => !outcomeColumns.has(name)))
  const timestampMs = Date.parse(String(value.time))
  return { id: String(value.transaction_id), timestampMs, body, isFraud: value.is_fraud === 1 }
}

function cell(column: Column, row: number): unknown {
  if (column.kind === 'text') return column.dictionary[column.codes[row]]
  const value = column.values[row]
  if (Number.isNaN(value)) return undefined
  return column.kind === 'time' ? formatIsoTime(value) : value
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

export interface Answer {
  /** 0 where the connection was cut without an answer. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** The service as a process, and a client of it. */
export class ServiceProcess {
  readonly child: ChildProcess
  readonly url: string
  readonly log: () => string
  readonly #agent: Agent
  readonly ended: Promise<number | null>

  private constructor(child: ChildProcess, url: string, log: () => string, ended: Promise<number | null>) {
    this.child = child
    this.url = url
    this.log = log
    this.ended = ended
    this.#agent = new Agent({ keepAlive: true })
  }

  /** Starts it, and waits until it is ready to decide. @param bundle undefined where flags say what decides. */
  static async start(bundle: string | undefined, data: string, flags: readonly string[] = []): Promise<ServiceProcess> {
    const service = await ServiceProcess.startUnready(bundle, data, flags)
    await service.isReady()
    return service
  }

  /** Starts it, and waits until it listens. */
  static async startUnready(
    bundle: string | undefined,
    data: string,
    flags: readonly string[],
  ): Promise<ServiceProcess> {
    const args = [
      shrikeScript,
      'serve',
      ...(bundle === undefined ? [] : [bundle]),
      '--data',
      data,
      '--port',
      '0',
      '--log-level',
      'info',
      withoutWarmUp,
      ...flags,
    ]
    const child = spawn(process.execPath, args, { env: { ...process.env, NO_COLOR: '1' } })
    // Not left behind by a test that failed.
    after(() => child.kill('SIGKILL'))
    const stdout = gather(child.stdout)
    const log = gather(child.stderr)
    const ended = new Promise<number | null>((done) => child.on('close', done))
    const hasEnded = ended.then(() => true)
    let url: string | undefined
    while (url === undefined) {
      if (await Promise.race([hasEnded, sleep(10, false)])) throw new Error(`the service ended: ${log()}`)
      url = / on (http\S+)\n/.exec(stdout())?.[1]
    }
    return new ServiceProcess(child, url, log, ended)
  }

  async isReady(): Promise<void> {
    for (;;) {
      const { status } = await this.ask('GET', '/readyz')
      if (status === 200) return
      assert.notEqual(status, 0, `the service ended: ${this.log()}`)
      await sleep(10)
    }
  }

  /** @param type of a body that is sent as it is. */
  ask(method: Method, path: string, body?: unknown, type?: string): Promise<Answer> {
    const content = body === undefined ? undefined : type === undefined ? JSON.stringify(body) : String(body)
    return new Promise((resolve) => {
      const cut = () => resolve({ status: 0, headers: {}, text: '' })
      const headers =
        content === undefined
          ? {}
          : { 'content-type': type ?? 'application/json', 'content-length': Buffer.byteLength(content) }
      const sent = request(new URL(path, this.url), { method, agent: this.#agent, headers }, (response) => {
        const text = gather(response)
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: text() }))
        response.on('error', cut)
        response.on('close', cut)
      })
      sent.on('error', cut)
      sent.end(content)
    })
  }

  decide(body: unknown): Promise<Answer> {
    return this.#postUntilTaken('/v1/decisions', body)
  }

  label(body: unknown): Promise<Answer> {
    return this.#postUntilTaken('/v1/labels', body)
  }

  /** On a machine that has much to do a service may be overloaded for a moment; callers send again what it refused. */
  async #postUntilTaken(path: string, body: unknown): Promise<Answer> {
    for (;;) {
      const answer = await this.ask('POST', path, body)
      if (answer.status !== 503 || !answer.text.includes('"OVERLOADED"')) return answer
      await sleep(50)
    }
  }

  /** As an operator stops it. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM')
    const code = await this.ended
    this.#agent.destroy()
    assert.equal(code, 0, this.log())
  }

  /** As the kernel or a power cut does. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.ended
    this.#agent.destroy()
  }
}

/** A decision as it was first answered: redelivered ones say so, and nothing else differs. */
export function firstAnswer(text: string): string {
  return text.replace('"duplicate":true', '"duplicate":false')
}
