import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createKeyRing, digestKey } from '../../src/access/keys.ts'
import type { Role } from '../../src/access/roles.ts'
import { startService } from '../../src/app.ts'
import { amountPredictor, cardsDetector } from '../service/decisions-fixture.ts'
import { type Shape, shapes } from './large-bodies.ts'

// Whether four attackers who hold a key can starve an honest caller of decisions:
//   node test/attacks/starvation.ts [--seconds 5] [--attackers 4] [--shape deep]
// Service, attackers and caller are processes of their own, on loopback. For each shape of attack the caller's p50 and p99,
// quiet before it and under it, and the service's memory. Exits with 1 where a p99 is over three times the quiet one, or
// memory goes on rising.

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    attackers: { type: 'string', default: '4' },
    role: { type: 'string' },
    shape: { type: 'string', default: '' },
    port: { type: 'string', default: '0' },
    data: { type: 'string', default: '' },
  },
})
const roundMs = Number(values.seconds) * 1000
const attackers = Number(values.attackers)
const callsPerSecond = 100
const mostTimes = 3

const keyOf = (role: Role) => `a-key-for-attacks-that-may-${role}`
const keys = (['score', 'label', 'admin'] as const).map((role) => {
  return { name: role, roles: [role], sha256: digestKey(keyOf(role)), createdAt: '2026-01-01T00:00:00.000Z' }
})

if (values.role === 'service') await serve()
else if (values.role === 'attackers') await attackTogether(shapes[values.shape])
else await compare()

async function serve(): Promise<void> {
  const ring = createKeyRing([], keys)
  const predictor = { ...amountPredictor(), inputs: ['amount'], example: { amount: 12.5 } }
  const service = await startService({
    load: async () => ({ predictor, detector: cardsDetector() }),
    decisions: { directory: values.data },
    ...{ host: '127.0.0.1', port: 0, workers: 1, insecure: false, apiKeys: [], keyRing: () => ring },
    ...{ version: '0.0.0-test', logLevel: 'silent' },
  })
  await service.ready
  process.send?.({ port: Number(new URL(service.url).port) })
  process.on('message', () => process.send?.({ rss: process.memoryUsage.rss() }))
  process.on('disconnect', () => void service.close())
}

async function attackTogether(shape: Shape): Promise<void> {
  setPriority(19)
  await Promise.all(Array.from({ length: attackers }, () => (shape.isPipelined ? pipeline(shape) : attack(shape))))
}

/** Writes requests back to back over one connection, and over another once that is cut. */
async function pipeline(shape: Shape): Promise<void> {
  const { path, role, method = 'POST', isKeyless = false } = shape
  const key = isKeyless ? '' : `Authorization: Bearer ${keyOf(role)}\r\n`
  const body = shape.body()
  const head = `${method} ${path} HTTP/1.1\r\nHost: a\r\n${key}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
  const flood = Buffer.from(`${head}${body}`.repeat(Math.floor(60_000 / (head.length + body.length))))
  for (;;) {
    const socket = connect(Number(values.port), '127.0.0.1')
    const write = (): void => {
      if (socket.destroyed) return
      if (socket.write(flood)) setImmediate(write)
      else socket.once('drain', write)
    }
    socket.on('error', () => {}).resume()
    write()
    await new Promise((resolve) => socket.once('close', resolve))
    await sleep(5)
  }
}

/** Sends one body after the other, each as soon as the one before was answered or cut. */
async function attack({ path, role, body, type = 'application/json', send }: Shape): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const one = () =>
    new Promise<void>((resolve) => {
      const bytes = body()
      const headers = { authorization: `Bearer ${keyOf(role)}`, 'content-type': type }
      const length = send === undefined ? { 'content-length': bytes.length } : { 'transfer-encoding': 'chunked' }
      const call = request(
        { agent, port: Number(values.port), path, method: 'POST', headers: { ...headers, ...length } },
        (answer) => answer.resume().once('close', resolve),
      )
      call.on('error', () => resolve())
      if (send === undefined) call.end(bytes)
      else void send(call, bytes)
    })
  for (;;) {
    await one()
    // One that is refused at once does not turn into a flood of refusals, which would be another attack.
    await sleep(5)
  }
}

interface Figures {
  readonly p50: number
  readonly p99: number
  readonly answered: number
  readonly refused: number
}

/** An honest caller that asks at a steady pace, whether or not it was answered; times are from when it meant to ask. */
async function callHonestly(port: number, forMs: number): Promise<Figures> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const times: number[] = []
  let refused = 0
  const calls: Promise<void>[] = []
  const startMs = performance.now()
  const count = (forMs / 1000) * callsPerSecond
  for (let i = 0; i < count; i += 1) {
    const dueMs = startMs + (i * 1000) / callsPerSecond
    if (dueMs > performance.now()) await sleep(dueMs - performance.now())
    const body = JSON.stringify({
      ID: `h-${Math.round(startMs)}-${i}`,
      TIME: Date.now(),
      AMOUNT: 12.5,
      CARD: `c-${i % 50}`,
    })
    calls.push(
      decide(agent, port, body).then((status) => {
        if (status === 200) times.push(performance.now() - dueMs)
        else refused += 1
      }),
    )
  }
  await Promise.all(calls)
  agent.destroy()
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99), answered: times.length, refused }
}

function decide(agent: Agent, port: number, body: string): Promise<number> {
  return new Promise((resolve) => {
    const headers = {
      authorization: `Bearer ${keyOf('score')}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    }
    const call = request({ agent, port, path: '/v1/decisions', method: 'POST', headers }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? 0))
    })
    call.on('error', () => resolve(0))
    call.end(body)
  })
}

async function compare(): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'shrike-attacks-'))
  const self = import.meta.filename
  const service = fork(self, ['--role', 'service', '--data', data])
  const [{ port }]: { port: number }[] = await once(service, 'message')
  await callHonestly(port, 2000)
  console.log(`${attackers} attackers, ${callsPerSecond} honest decisions a second, ${roundMs / 1000} s each`)
  console.log('attack       quiet p50   p99 ms | under attack p50   p99 ms | times | refused | memory MiB, by thirds')
  let isFine = true
  try {
    const wanted = Object.keys(shapes).filter((shape) => values.shape === '' || values.shape === shape)
    for (const shape of wanted) isFine = (await compareOne(service, port, shape)) && isFine
  } finally {
    service.disconnect()
    await once(service, 'exit')
    rmSync(data, { recursive: true, force: true })
  }
  process.exitCode = isFine ? 0 : 1
}

/**
 * Attackers would be on other machines: here they must not take the processor from those who are measured, so they run
 * when nobody else does (Linux), or at the lowest priority, under which they still keep others waiting for milliseconds.
 */
function forkIdle(args: readonly string[]): ChildProcess {
  const canIdle = spawnSync('chrt', ['--idle', '0', 'true']).status === 0
  const idle = { execPath: 'chrt', execArgv: ['--idle', '0', process.execPath] }
  return fork(import.meta.filename, args, canIdle ? idle : {})
}

async function compareOne(service: ChildProcess, port: number, shape: string): Promise<boolean> {
  const quiet = await callHonestly(port, roundMs)
  const enemies = forkIdle([
    ...['--role', 'attackers', '--shape', shape, '--port', String(port), '--attackers', String(attackers)],
  ])
  // They begin to send once their process has started.
  await sleep(1500)
  const memory: number[] = []
  let isOver = false
  const watched = (async () => {
    while (!isOver) {
      service.send({})
      const [{ rss }]: { rss: number }[] = await once(service, 'message')
      memory.push(rss / 2 ** 20)
      await sleep(100)
    }
  })()
  const attacked = await callHonestly(port, roundMs)
  isOver = true
  await watched
  enemies.kill('SIGKILL')
  await once(enemies, 'exit')
  await sleep(500)
  const thirds = [0, 1, 2].map((i) => {
    const third = memory.slice((i * memory.length) / 3, ((i + 1) * memory.length) / 3)
    return third.reduce((sum, each) => sum + each, 0) / third.length
  })
  const times = attacked.p99 / quiet.p99
  const cells = [shape.padEnd(12), ms(quiet.p50), ms(quiet.p99), '|', ms(attacked.p50).padStart(16), ms(attacked.p99)]
  const tail = ['|', times.toFixed(1).padStart(5), '|', String(attacked.refused).padStart(7), '|']
  console.log([...cells, ...tail, thirds.map((mean) => mean.toFixed(0)).join(', ')].join(' '))
  return times <= mostTimes && thirds[2] < 1.3 * Math.max(thirds[0], thirds[1])
}

function ms(value: number): string {
  return value.toFixed(1).padStart(9)
}
