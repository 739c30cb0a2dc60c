import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { recordingLog } from '../../test/service/fixture.ts'
import type { AlertEvent } from './alert.ts'
import { checkWebhook, WebhookSink } from './webhook-sink.ts'

const secret = 'a secret of sixteen characters'
const nowMs = Date.UTC(2026, 10, 27, 12)

const eventOf = (sequence: number): AlertEvent => ({
  ...{ sequence, at: '2026-11-27T12:00:00.000Z', since: '2026-11-27T12:00:00.000Z', state: 'firing', alert: 'fuse' },
  ...{ subject: 'decline', severity: 'critical', text: 'It has tripped', from: null, to: null },
})

interface Received {
  readonly body: string
  readonly headers: NodeJS.Dict<string | string[]>
}

describe('a webhook', () => {
  let folder = ''
  let answers: number[] = []
  const received: Received[] = []
  let logger = recordingLog()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({ body: Buffer.concat(chunks).toString(), headers: request.headers })
      response.writeHead(answers.shift() ?? 204, { location: '/elsewhere' }).end()
    })
  })

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'shrike-webhook-'))
    answers = []
    received.length = 0
    logger = recordingLog()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await rm(folder, { recursive: true })
  })

  const open = (url: string) =>
    new WebhookSink({
      ...{ url, secret, clock: () => nowMs, logger, retryMs: [1, 1] },
      ...{ cursorPath: join(folder, 'sent'), deadPath: join(folder, 'dead.ndjson') },
    })
  const urlOf = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=hidden`
  const emptied = async (sink: WebhookSink) => {
    while (sink.figures.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await sink.close()
  }

  test('gets each alert once, signed, after tries that failed', async () => {
    answers = [500, 302]
    const sink = open(urlOf())
    sink.tell(eventOf(7))
    await emptied(sink)
    assert.deepEqual([sink.figures.sent, sink.figures.failed, received.length], [1, 0, 3])
    const { body, headers } = received[2]
    assert.deepEqual(JSON.parse(body), eventOf(7))
    const wanted = createHmac('sha256', secret)
      .update(`${nowMs / 1000}.${body}`)
      .digest('hex')
    assert.deepEqual(
      [headers['x-shrike-timestamp'], headers['x-shrike-signature']],
      [String(nowMs / 1000), `v1=${wanted}`],
    )
    // After a restart it is told of the newest alerts again.
    const next = open(urlOf())
    next.tell(eventOf(7))
    next.tell(eventOf(9))
    await emptied(next)
    assert.equal(received.length, 4)
    assert.equal(JSON.parse(received[3].body).sequence, 9)
  })

  test('that takes nothing leaves alerts in the dead-letter file, and no secret in the log', async () => {
    answers = [500, 500, 500]
    const sink = open(urlOf())
    sink.tell(eventOf(3))
    sink.tell(eventOf(4))
    await emptied(sink)
    assert.deepEqual([sink.figures.sent, sink.figures.failed], [1, 1])
    assert.deepEqual(JSON.parse(readFileSync(join(folder, 'dead.ndjson'), 'utf8')), eventOf(3))
    assert.ok(
      logger.lines.length > 0 && !logger.lines.join().includes('hidden') && !logger.lines.join().includes(secret),
    )
  })

  test('that is stopped before it could send goes on after the next start', async () => {
    const sink = open('http://127.0.0.1:9/none')
    sink.tell(eventOf(5))
    await sink.close()
    assert.ok(!existsSync(join(folder, 'dead.ndjson')))
    const next = open(urlOf())
    next.tell(eventOf(5))
    await emptied(next)
    assert.equal(received.length, 1)
  })

  test('is on this machine, or asked for by https, and its URL is not shown', () => {
    const refused = [
      'http://example.com/x',
      'ftp://127.0.0.1/',
      'http://169.254.169.254/latest',
      'file:///etc/passwd',
      'x',
      'https://me:pass@example.com/',
      'http://127.0.0.1.example.com/',
    ]
    for (const url of refused) {
      assert.throws(
        () => checkWebhook({ url, secret }),
        (error: Error) => !error.message.includes(url),
      )
    }
    assert.throws(() => checkWebhook({ url: 'https://example.com', secret: 'short' }), { code: 'OPTION_INVALID' })
    assert.throws(() => checkWebhook({ url: '', secret }), /is not set, and SHRIKE_ALERT_SECRET is/)
    for (const url of ['https://example.com/x', 'http://localhost:1/x', 'http://[::1]:1/x'])
      checkWebhook({ url, secret })
  })
})
