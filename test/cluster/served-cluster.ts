import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startShrike, succeedIn } from '../run-shrike.ts'

const key = 'a secret of these tests alone'
/** Away from what the system gives out by itself. */
const repliesFrom = 17_400 + (process.pid % 500) * 6

function refuseNothingLasting(status: number, text: string): void {
  assert.ok(status === 0 || status === 503, text)
}

interface ClusterShape {
  readonly partitions: number
  readonly replication?: number
  readonly serve?: readonly string[]
}

/** The replicas of a cluster, each a process of its own on this machine. */
export class ServedCluster {
  readonly children: (ChildProcess | undefined)[] = []
  /** What replicas said that ended by themselves. */
  readonly ended: string[] = []
  readonly #urls: string[] = []
  readonly #folder: string
  readonly #serve: readonly string[]
  readonly #replicas: number

  /** @param serve what each is started with, beside its number. */
  constructor(folder: string, serve: readonly string[], replicas = 3) {
    this.#folder = folder
    this.#serve = serve
    this.#replicas = replicas
  }

  /**
   * Makes the topics of a cluster, with its first definition. No replica runs yet.
   *
   * @param serve what each is started with, beside its number, the bundle and the cluster.
   */
  static async init(
    folder: string,
    address: string,
    bundle: string,
    { partitions, replication = 1, serve = [] }: ClusterShape,
  ): Promise<ServedCluster> {
    const topics = ['--partitions', String(partitions), '--replication', String(replication)]
    await succeedIn(folder, ['cluster', 'init', address, bundle, ...topics])
    return new ServedCluster(folder, [bundle, '--cluster', address, ...serve])
  }

  async startAll(): Promise<void> {
    await Promise.all(Array.from({ length: this.#replicas }, (_, replica) => this.start(replica)))
  }

  /** Starts a replica and waits until it is ready. */
  async start(replica: number): Promise<void> {
    const url = this.#urls[replica]
    const args = ['serve', ...this.#serve, '--replica', `${replica + 1}/${this.#replicas}`]
    args.push('--port', url === undefined ? '0' : new URL(url).port)
    args.push('--data', this.data(replica), '--replies', `127.0.0.1:${repliesFrom + replica}`)
    const { child, ended } = startShrike(this.#folder, args, { SHRIKE_CLUSTER_KEY: key })
    this.children[replica] = child
    void ended.then(({ code, stderr }) => code !== null && this.ended.push(stderr))
    let said = ''
    child.stderr?.on('data', (text: string) => {
      said += text
    })
    while (!/ on http:\S+/.test(said)) {
      const over = await Promise.race([sleep(20), ended])
      assert.equal(over, undefined, said)
    }
    this.#urls[replica] = / on (http:\S+)/.exec(said)?.[1] ?? ''
    while ((await this.ask(replica, 'GET', '/readyz')).status !== 200) await sleep(50)
  }

  url(replica: number): string {
    return this.#urls[replica]
  }

  data(replica: number): string {
    return join(this.#folder, `data-${replica}`)
  }

  kill(replica: number): void {
    this.children[replica]?.kill('SIGKILL')
  }

  /** The status is 0 where the connection broke, and the text is why. */
  async ask(replica: number, method: string, path: string, body?: unknown) {
    try {
      const answer = await fetch(`${this.#urls[replica]}${path}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      })
      return { status: answer.status, text: await answer.text() }
    } catch (error) {
      return { status: 0, text: String(error instanceof Error ? error.cause : error) }
    }
  }

  /** Adds a bundle's file at a replica. */
  async add(replica: number, path: string): Promise<unknown> {
    const headers = { 'content-type': 'application/octet-stream' }
    const answer = await fetch(`${this.#urls[replica]}/v1/models`, {
      method: 'POST',
      headers,
      body: readFileSync(path),
    })
    const text = await answer.text()
    assert.equal(answer.status, 200, text)
    return JSON.parse(text)
  }

  /**
   * As a caller does who wants an answer: the same id again, at another replica.
   *
   * @param refused gets each answer that was none; by default it takes those that another try may cure.
   */
  async decide(body: unknown, to: number, refused = refuseNothingLasting): Promise<string> {
    for (let tries = 0; ; tries++) {
      const { status, text } = await this.ask((to + tries) % this.#replicas, 'POST', '/v1/decisions', body)
      if (status === 200) return text
      // One that ended has said why by then.
      await sleep(100 + Math.min(1_000, 50 * tries))
      refused(status, text)
    }
  }

  killAll(): void {
    for (const child of this.children) child?.kill('SIGKILL')
  }
}
