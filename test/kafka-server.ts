import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** Where test/kafka/install.sh puts what a broker is made of. */
const home =
  process.env.SHRIKE_KAFKA ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'shrike/kafka-4.4.0')

function whyNot(): string | false {
  if (spawnSync('java', ['-version']).status !== 0)
    return 'there is no Java here (Debian: apt-get install openjdk-17-jre-headless)'
  return existsSync(join(home, 'ready')) ? false : 'there is no Kafka here (bash test/kafka/install.sh fetches it)'
}

/** Why tests that need a broker are skipped; false where there is one. */
export const noKafka = whyNot()

export interface KafkaServer {
  /** host:port */
  readonly broker: string
  /** The folder in which it keeps everything. */
  readonly logs: string
  /** Undefined while it is ended. */
  pid(): number | undefined
  /** The address of a topic. */
  url(topic: string): string
  /** Resolves once it takes requests. */
  start(): Promise<void>
  /** Ends it in order. */
  stop(): Promise<void>
  /** Ends it with -9. */
  kill(): Promise<void>
  remove(): Promise<void>
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/**
 * A broker of the test's own, on this machine, with a folder of its own. It makes no topics by itself.
 *
 * @param settings further ones, as `message.max.bytes=1000`.
 */
export async function startKafka(settings: readonly string[] = []): Promise<KafkaServer> {
  const [server] = await startBrokers(1, settings)
  return server
}

/** So many brokers of one Kafka, each a controller, too. */
export async function startBrokers(count: number, settings: readonly string[] = []): Promise<readonly KafkaServer[]> {
  const ports = await freePorts(2 * count)
  const voters = Array.from({ length: count }, (_, i) => `${i + 1}@127.0.0.1:${ports[2 * i + 1]}`).join()
  const servers = Array.from({ length: count }, (_, i) =>
    prepareBroker(i + 1, ports[2 * i], ports[2 * i + 1], [`controller.quorum.voters=${voters}`, ...settings]),
  )
  // They elect who leads them, so none takes requests before most have begun.
  await Promise.all(servers.map((server) => server.start()))
  return servers
}

function prepareBroker(id: number, port: number, controller: number, settings: readonly string[]): KafkaServer {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-kafka-'))
  const logs = join(folder, 'logs')
  cpSync(join(home, 'formatted'), logs, { recursive: true })
  const properties = join(logs, 'meta.properties')
  const own = readFileSync(properties, 'utf8')
    .replace(/node\.id=.*/, `node.id=${id}`)
    .replace(/directory\.id=.*/, `directory.id=${randomBytes(16).toString('base64url')}`)
  writeFileSync(properties, own)
  const overrides = [
    `node.id=${id}`,
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
    `log.dirs=${logs}`,
    // However busy the machine is, one that restarts is waited for.
    'initial.broker.registration.timeout.ms=600000',
    ...settings,
  ]
  const args = [
    ...['-Xms192m', '-Xmx192m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
    `-XX:SharedArchiveFile=${join(home, 'classes.jsa')}`,
    ...['-cp', join(home, 'libs/*'), 'kafka.Kafka'],
    fileURLToPath(new URL('./kafka/server.properties', import.meta.url)),
    ...overrides.flatMap((each) => ['--override', each]),
  ]
  let child: ChildProcess | undefined
  const end = async (signal: NodeJS.Signals) => {
    const running = child
    child = undefined
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill(signal)
    await ended
  }
  const killNow = () => child?.kill('SIGKILL')
  process.once('exit', killNow)
  return {
    pid: () => child?.pid,
    logs,
    broker: `127.0.0.1:${port}`,
    url: (topic) => `kafka://127.0.0.1:${port}/${topic}`,
    async start() {
      const started = spawn('java', args, { cwd: folder, stdio: 'ignore' })
      child = started
      while (!(await listens(port))) {
        if (started.exitCode !== null) throw new Error(`Kafka ended with ${started.exitCode}`)
        await sleep(50)
      }
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async remove() {
      await end('SIGKILL')
      process.off('exit', killNow)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
