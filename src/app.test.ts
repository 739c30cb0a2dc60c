import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerFor, logistic } from '../test/service/fixture.ts'
import { type ServiceConfig, startService } from './app.ts'
import { FraudError } from './core/errors.ts'

interface Running {
  readonly child: ChildProcess
  /** The first line on stdout. */
  readonly line: string
  readonly url: string
  readonly bundle: string
  /** Resolves when the log has a line with this message, and gives it. */
  logged(message: string): Promise<Record<string, unknown>>
}

async function serve(t: TestContext, options: Partial<Launch> = {}): Promise<Running> {
  const { lines, ...running } = await launch(t, options)
  const [line] = await once(lines, 'line')
  return { ...running, line, url: line.split(' ')[0] }
}

interface Launch {
  readonly modelId: string
  readonly port: string
  readonly workers: string
}

async function launch(t: TestContext, { modelId = 'first@0', port = '0', workers = '1' }: Partial<Launch>) {
  const folder = await mkdtemp(join(tmpdir(), 'shrike-serve-'))
  t.after(() => rm(folder, { recursive: true }))
  const bundle = join(folder, 'bundle')
  await writeFile(bundle, modelId)
  const child = spawn(process.execPath, ['test/service/serve.ts', bundle, port, workers], { detached: true })
  t.after(() => child.kill('SIGKILL'))
  const log: Record<string, unknown>[] = []
  const waiting = new Set<() => void>()
  createInterface({ input: child.stderr }).on('line', (text) => {
    if (text.startsWith('{')) log.push(JSON.parse(text))
    for (const look of waiting) look()
  })
  const logged = (message: string) =>
    new Promise<Record<string, unknown>>((resolve) => {
      const look = () => {
        const found = log.find(({ msg }) => msg === message)
        if (found === undefined) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
    })
  return { child, lines: createInterface({ input: child.stdout }), bundle, logged, log }
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode
}

/** One client that asks again and again over a kept connection. */
function load(url: string, pauseMs = 0) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const failures: string[] = []
  let answered = 0
  let isStopped = false
  const ask = () =>
    new Promise<void>((resolve) => {
      const headers = { 'content-type': 'application/json' }
      const call = request(`${url}/predict`, { method: 'POST', agent, headers }, (response) => {
        let body = ''
        response.on('data', (chunk) => {
          body += chunk
        })
        response.on('end', () => {
          if (response.statusCode === 200 && body === answerFor(1, 2)) answered += 1
          else failures.push(`${response.statusCode} ${body}`)
          resolve()
        })
      })
      call.on('error', (error) => {
        // A new connection that the service never accepted took nothing along; one that was in use lost a request.
        if (call.reusedSocket) failures.push(error.message)
        isStopped = true
        resolve()
      })
      call.end('{"V1":1,"Amount":2}')
    })
  const done = (async () => {
    while (!isStopped) {
      await ask()
      if (pauseMs > 0) await sleep(pauseMs)
    }
    agent.destroy()
  })()
  return {
    failures,
    answered: () => answered,
    stop: () => {
      isStopped = true
      return done
    },
    done,
  }
}

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await check())) await sleep(10)
}

async function modelOf(url: string): Promise<string | undefined> {
  const text = await (await fetch(`${url}/readyz`)).text()
  return /"model":"([^"]*)"/.exec(text)?.[1]
}

for (const workers of ['1', '2']) {
  describe(`a service of ${workers} process${workers === '1' ? '' : 'es'}`, () => {
    test('answers what it accepted when it is told to end, and exits with 0', async (t) => {
      for (const signal of workers === '1' ? (['SIGTERM', 'SIGINT'] as const) : (['SIGTERM'] as const)) {
        const { child, url } = await serve(t, { workers })
        const clients = [load(url), load(url), load(url)]
        await until(() => clients.every(({ answered }) => answered() > 20))
        child.kill(signal)
        assert.equal(await exitOf(child), 0)
        for (const { done, failures } of clients) {
          await done
          assert.deepEqual(failures, [])
        }
      }
    })

    test('loads its bundle again on SIGHUP without losing a request, and keeps the old one if it is bad', async (t) => {
      const { child, url, bundle, logged } = await serve(t, { workers })
      // Workers that share the processor with it load sooner.
      const client = load(url, 2)
      const counted = (result: string) =>
        until(async () => {
          const text = await (await fetch(`${url}/metrics`)).text()
          return text.includes(`shrike_bundle_reloads_total{result="${result}"} ${workers}`)
        })
      await writeFile(bundle, 'second@0')
      child.kill('SIGHUP')
      await counted('ok')
      assert.equal(await modelOf(url), 'second@0')
      await writeFile(bundle, 'damaged')
      child.kill('SIGHUP')
      await counted('refused')
      assert.equal(await modelOf(url), 'second@0')
      const refusal = await logged('the bundle was refused; the previous one stays in use')
      assert.equal(refusal.code, 'BUNDLE_INVALID')
      await client.stop()
      assert.deepEqual(client.failures, [])
      assert(client.answered() > 0)
    })

    test('does not start with a damaged bundle, and says why', async (t) => {
      const { child, line } = await serve(t, { workers, modelId: 'damaged' })
      assert.match(line, /^BUNDLE_INVALID: .* is damaged$/)
      assert.equal(await exitOf(child), 1)
    })
  })
}

describe('workers', () => {
  const processesOf = async (url: string) => {
    const text = await (await fetch(`${url}/metrics`)).text()
    return Number(/^shrike_model_info\S* (\d+)$/m.exec(text)?.[1])
  }

  test('count together, and are replaced when one ends', async (t) => {
    const { child, url, logged } = await serve(t, { workers: '2' })
    // Each on a connection of its own, which the primary deals out in turn.
    const clients = [load(url), load(url)]
    await until(() => clients.every(({ answered }) => answered() > 10))
    await Promise.all(clients.map(({ stop }) => stop()))
    const total = clients.reduce((sum, { answered }) => sum + answered(), 0)
    const text = await (await fetch(`${url}/metrics`)).text()
    assert.match(text, new RegExp(`^shrike_http_requests_total\\{route="/predict",status="200"\\} ${total}$`, 'm'))
    assert.equal(await processesOf(url), 1)

    // One that ends is replaced.
    const listening = await logged('listening')
    process.kill(Number(listening.pid), 'SIGKILL')
    await logged('a worker ended')
    await until(async () => (await modelOf(url)) === 'first@0')
    child.kill('SIGTERM')
    assert.equal(await exitOf(child), 0)
  })

  test('that all end at once when they start are given up', async (t) => {
    const { child, line } = await serve(t, { workers: '2', modelId: 'crash@0' })
    assert.match(line, /^WORKERS_FAILED: .*SIGABRT/)
    assert.equal(await exitOf(child), 1)
  })
})

for (const workers of ['1', '2']) {
  test(`SIGTERM to all of its processes while ${workers} load their bundles ends the service without an error`, async (t) => {
    const { child, lines, logged } = await launch(t, { workers, modelId: 'slow@0' })
    const said: string[] = []
    lines.on('line', (line) => said.push(line))
    await logged('loading')
    assert(child.pid !== undefined)
    process.kill(-child.pid, 'SIGTERM')
    assert.equal(await exitOf(child), 0)
    assert.deepEqual(said, [])
  })
}

for (const workers of ['1', '2']) {
  test(`SIGHUP while ${workers} load their bundles loads the one that is there by then`, async (t) => {
    const { child, lines, bundle, logged } = await launch(t, { workers, modelId: 'slow@0' })
    await logged('loading')
    child.kill('SIGHUP')
    await writeFile(bundle, 'second@0')
    const [line] = await once(lines, 'line')
    const [url] = String(line).split(' ')
    await until(async () => (await modelOf(url)) === 'second@0')
    assert.equal(child.exitCode, null)
  })
}

test('a port that is taken is named before the bundle is read, and nothing starts', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.after(() => other.close())
  await once(other, 'listening')
  const address = other.address()
  assert(typeof address === 'object' && address !== null)
  for (const workers of ['1', '2']) {
    const { child, lines, log } = await launch(t, { workers, modelId: 'slow@0', port: String(address.port) })
    const [line] = await once(lines, 'line')
    assert.match(line, new RegExp(`^PORT_IN_USE: .*port ${address.port} of 127\\.0\\.0\\.1.*option \`port\``))
    assert.equal(await exitOf(child), 1)
    assert.deepEqual(log, [])
  }
})

describe('startService', () => {
  const config: ServiceConfig = {
    load: async () => ({ predictor: logistic() }),
    host: '127.0.0.1',
    port: 0,
    workers: 1,
    insecure: false,
    apiKeys: [],
    version: '0.0.0-test',
    logLevel: 'silent',
  }
  const refusal = (changes: Partial<ServiceConfig>) =>
    startService({ ...config, ...changes }).then(
      () => assert.fail('it started'),
      (error: unknown) => {
        assert(error instanceof FraudError)
        return error
      },
    )

  test('refuses options that make no sense, and hosts that are not its own', async () => {
    assert.equal((await refusal({ workers: 0 })).code, 'OPTION_INVALID')
    assert.equal((await refusal({ workers: 1.5 })).code, 'OPTION_INVALID')
    assert.equal((await refusal({ port: 65_536 })).code, 'OPTION_INVALID')
    const exposed = await refusal({ host: '0.0.0.0' })
    assert.equal(exposed.code, 'OPTION_INVALID')
    assert.match(exposed.message, /SHRIKE_API_KEYS.*option `insecure`/)
    const foreign = await refusal({ host: '192.0.2.1', insecure: true })
    assert.equal(foreign.code, 'ADDRESS_UNAVAILABLE')
    assert.match(foreign.message, /192\.0\.2\.1/)
  })

  test('serves the model that was asked for last, also when an earlier load takes longer', async () => {
    const slow = Promise.withResolvers<void>()
    const loads = [async () => logistic('first@0'), () => slow.promise.then(() => logistic('second@0'))].map(
      (make) => async () => ({ predictor: await make() }),
    )
    const load = () => loads.shift()?.() ?? Promise.resolve({ predictor: logistic('third@0') })
    const service = await startService({ ...config, load })
    const reloads = [service.reload(), service.reload()]
    slow.resolve()
    await Promise.all(reloads)
    assert.equal(await modelOf(service.url), 'third@0')
    await service.close()
    await service.close()
    await service.closed
  })

  test('says on a connection that it keeps that it is shutting down', async () => {
    const service = await startService({ ...config, limits: { drainMs: 2000 } })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ready = () =>
      new Promise<{ status: number | undefined; connection: string | undefined }>((resolve, reject) => {
        const call = request(`${service.url}/readyz`, { agent }, (response) => {
          response.resume()
          response.on('end', () => resolve({ status: response.statusCode, connection: response.headers.connection }))
        })
        call.on('error', reject).end()
      })
    assert.deepEqual(await ready(), { status: 200, connection: 'keep-alive' })
    const closing = service.close()
    await until(async () =>
      fetch(`${service.url}/healthz`).then(
        () => false,
        () => true,
      ),
    )
    assert.deepEqual(await ready(), { status: 503, connection: 'close' })
    await closing
    agent.destroy()
  })
})
