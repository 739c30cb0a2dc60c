// Follows the Dockerfile without a container engine: the same commands in the same order, in empty folders, and then the
// result as the container would run it, with no right to write to its files. Needs npm's registry.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execForm, instructionOf, readDockerfile, readIgnoreFile, type Stage } from './dockerfile.ts'

const repository = join(import.meta.dirname, '../..')
const apiKey = 'only-for-this-check'
const isRoot = process.getuid?.() === 0

/** Runs a program to its end and returns what it printed. Throws with what it complained of where it fails. */
function runToEnd(command: string, args: readonly string[], options: SpawnOptions): string {
  return execFileSync(command, args, { ...options, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** The stages' root folders in a new folder of their own. */
class Build {
  readonly #folder = mkdtempSync(join(tmpdir(), 'shrike-image-'))
  readonly #isVisible = readIgnoreFile(join(repository, '.dockerignore'))
  /** What a container finds in its environment, and nothing of the caller's but how to reach the registry. */
  readonly environment: Record<string, string>

  constructor() {
    chmodSync(this.#folder, 0o755)
    mkdirSync(join(this.#folder, 'bin'))
    const node = join(this.#folder, 'bin/node')
    copyFileSync(process.execPath, node)
    chmodSync(node, 0o755)
    mkdirSync(join(this.#folder, 'home'))
    const { PATH, NODE_EXTRA_CA_CERTS, npm_config_registry, HTTPS_PROXY } = process.env
    const given = { NODE_EXTRA_CA_CERTS, npm_config_registry, HTTPS_PROXY }
    this.environment = {
      ...Object.fromEntries(
        Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      ),
      PATH: `${join(this.#folder, 'bin')}:${PATH}`,
      HOME: join(this.#folder, 'home'),
    }
  }

  rootOf(stage: string): string {
    return join(this.#folder, 'stages', stage)
  }

  /** Does what the stage says up to the first instruction about running it, and returns its working folder. */
  make(stage: Stage): string {
    const root = this.rootOf(stage.name)
    let folder = root
    for (const { name, text } of stage.instructions) {
      if (name === 'WORKDIR') {
        folder = join(root, text)
        mkdirSync(folder, { recursive: true })
      } else if (name === 'COPY') {
        this.#copy(text, folder)
      } else if (name === 'RUN') {
        console.log(`  RUN ${text}`)
        runToEnd('/bin/sh', ['-c', text], { cwd: folder, env: this.environment })
      } else if (name === 'ENV') {
        const [variable, value] = text.split('=')
        this.environment[variable] = value
      }
    }
    return folder
  }

  #copy(text: string, folder: string): void {
    const words = text.split(/\s+/)
    const from = /^--from=(.+)$/.exec(words[0])?.[1]
    const sources = words.slice(from === undefined ? 0 : 1, -1)
    const target = words[words.length - 1]
    for (const source of sources) {
      const into = target.endsWith('/') ? join(folder, target, basename(source)) : join(folder, target)
      const origin = from === undefined ? join(repository, source) : join(this.rootOf(from), source)
      const filter = (path: string) => from !== undefined || this.#isVisible(relative(repository, path))
      assert(filter(origin), `.dockerignore hides ${source}`)
      cpSync(origin, into, { recursive: true, verbatimSymlinks: true, filter })
    }
  }

  remove(): void {
    // Nobody may write to the tree by now, and only root ignores that.
    runToEnd('chmod', ['-R', 'u+w', this.#folder], {})
    rmSync(this.#folder, { recursive: true })
  }
}

/** Runs the image's program as the image would: its user, its environment, its folder, nothing to write to but /model. */
class Container {
  readonly #stage: Stage
  readonly #root: string
  readonly #options: SpawnOptions
  readonly #port: string

  constructor(stage: Stage, root: string, folder: string, environment: Record<string, string>, port: number) {
    this.#stage = stage
    this.#root = root
    this.#port = String(port)
    const [uid, gid] = instructionOf(stage, 'USER').split(':').map(Number)
    assert(uid > 0 && gid > 0, 'the user is not root, and has a number')
    this.#options = { cwd: folder, env: { ...environment, HOME: '/nonexistent' }, ...(isRoot && { uid, gid }) }
    const model = join(root, 'model')
    mkdirSync(model)
    runToEnd('chmod', ['-R', 'a-w', root], {})
    if (isRoot) execFileSync('chown', [`${uid}:${gid}`, model])
    chmodSync(model, 0o755)
  }

  /** The program with other arguments than the image's own. */
  run(...args: readonly string[]): string {
    return this.#exec([...execForm(instructionOf(this.#stage, 'ENTRYPOINT')), ...args])
  }

  /** What HEALTHCHECK finds. */
  isHealthy(): boolean {
    try {
      this.#exec(execForm(instructionOf(this.#stage, 'HEALTHCHECK')))
      return true
    } catch {
      return false
    }
  }

  /** ENTRYPOINT and CMD. */
  start(environment: Record<string, string>): ChildProcess {
    const words = ['ENTRYPOINT', 'CMD'].flatMap((name) => execForm(instructionOf(this.#stage, name)))
    const [command, ...args] = this.#place(words)
    const env = { ...this.#options.env, ...environment }
    return spawn(command, args, { ...this.#options, env, stdio: ['ignore', 'pipe', 'pipe'] })
  }

  #exec(words: readonly string[]): string {
    const [command, ...args] = this.#place(words)
    return runToEnd(command, args, this.#options)
  }

  /** The words of the image in this root, at this port. */
  #place(words: readonly string[]): string[] {
    const rooted = (word: string) => word.replace(/^\/(?=app\/|model\/)/, `${this.#root}/`)
    return words.map((word) => rooted(word).replace(/(?<=^|:)8000(?=$|\/)/, this.#port))
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  assert(typeof address === 'object' && address !== null)
  return address.port
}

/** A history, a bundle, a service that is asked and stopped: what the guides promise of the image. */
async function tryOut(container: Container, port: number): Promise<void> {
  const [history, bundle] = ['/model/history.csv', '/model/shrike-model.safetensors']
  container.run('simulate', '--rows', '5000', '--frauds', '100', '--out', history)
  const result = container.run('train', history, '--out', bundle, '--json')
  console.log(`  trained ${JSON.parse(result).bundle}`)

  const refused = container.start({})
  assert.deepEqual(await once(refused, 'exit'), [2, null], 'without keys it must not listen to the world')

  const service = container.start({ SHRIKE_API_KEYS: apiKey })
  const ended = once(service, 'exit')
  const origin = `http://127.0.0.1:${port}`
  try {
    for (let waits = 0; !(await answers(`${origin}/readyz`)); waits += 1) {
      assert(waits < 100 && service.exitCode === null, 'the service starts')
      await sleep(100)
    }
    assert(container.isHealthy(), 'the health check passes while it serves')
    const body = JSON.stringify(Object.fromEntries(inputs().map((name) => [name, 0.5])))
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
    assert.equal((await fetch(`${origin}/predict/`, post)).status, 401)
    const answer = await fetch(`${origin}/predict/`, {
      ...post,
      headers: { ...post.headers, authorization: `Bearer ${apiKey}` },
    })
    assert.equal(answer.status, 200)
    const prediction = await answer.text()
    assert.match(prediction, /^\{"fraud_prediction":[01],"probability":[\d.e-]+\}$/)
    console.log(`  predicted ${prediction}`)
  } finally {
    service.kill('SIGTERM')
  }
  assert.deepEqual(await ended, [0, null], 'SIGTERM ends it with success')
  assert(!container.isHealthy(), 'the health check fails once nothing serves')
}

function inputs(): string[] {
  return [...Array.from({ length: 28 }, (_, index) => `V${index + 1}`), 'Amount']
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )
}

function megabytes(folder: string): number {
  return Math.round(Number(runToEnd('du', ['-sk', folder], {}).split('\t')[0]) / 1000)
}

const stages = readDockerfile(join(repository, 'Dockerfile'))
const [base] = stages[0].base.split('-')
const wanted = base.replace('node:', '')
if (!process.versions.node.startsWith(`${wanted}.`)) {
  console.log(`note: the image has Node ${wanted}, and this is ${process.versions.node}`)
}
const build = new Build()
try {
  let folder = ''
  for (const stage of stages) {
    console.log(`stage ${stage.name}, on ${stage.base}`)
    folder = build.make(stage)
  }
  const final = stages[stages.length - 1]
  const root = build.rootOf(final.name)
  console.log(
    `the image adds ${megabytes(root)} MB to its base, ${megabytes(join(folder, 'node_modules'))} of them packages`,
  )
  const port = await freePort()
  await tryOut(new Container(final, root, folder, build.environment, port), port)
  console.log('the image does what it should')
} finally {
  build.remove()
}
