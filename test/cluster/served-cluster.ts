import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startShrike } from '../run-shrike.ts'

/** Away from what the system gives out by itself. */
const repliesFrom = 17_400 + (process.pid % 500) * 3

/** Three replicas as processes of their own, which a test kills and starts again. */
export class ServedCluster {
  readonly #folder: string
  readonly #bundle: string
  readonly #address: string
  readonly #children: (ChildProcess | undefined)[] = []
  readonly #urls: string[] = []

  constructor(folder: string, bundle: string, address: string) {
    this.#folder = folder
    this.#bundle = bundle
    this.#address = address
  }

  url(replica: number): string {
    return this.#urls[replica]
  }

  /** Starts a replica and waits until it is ready. */
  async start(replica: number): Promise<void> {
    const port = String(this.#urls[replica] === undefined ? 0 : new URL(this.#urls[replica]).port)
    const args = ['serve', this.#bundle, '--cluster', this.#address, '--replica', `${replica + 1}/3`, '--port', port]
    args.push('--data', join(this.#folder, `data-${replica}`), '--snapshot-every', '100')
    args.push('--replies', `127.0.0.1:${repliesFrom + replica}`)
    const { child, ended } = startShrike(this.#folder, args, { SHRIKE_CLUSTER_KEY: 'a secret of this test alone' })
    this.#children[replica] = child
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

  kill(replica: number): void {
    this.#children[replica]?.kill('SIGKILL')
  }

  killAll(): void {
    for (const child of this.#children) child?.kill('SIGKILL')
  }

  /** Status 0 where the connection breaks. */
  async ask(replica: number, method: string, path: string, body?: unknown) {
    try {
      const answer = await fetch(`${this.#urls[replica]}${path}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      })
      return { status: answer.status, text: await answer.text() }
    } catch {
      return { status: 0, text: '' }
    }
  }

  /** As a caller does who wants an answer: the same id again, at another replica. */
  async decide(body: object, to: number): Promise<string> {
    for (let tries = 0; ; tries++) {
      const { status, text } = await this.ask((to + tries) % 3, 'POST', '/v1/decisions', body)
      if (status === 200) return text
      assert.ok(status === 0 || status === 503, text)
      await sleep(100 + Math.min(1_000, 50 * tries))
    }
  }
}
