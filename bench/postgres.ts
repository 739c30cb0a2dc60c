// What a log in PostgreSQL costs beside one in a directory: decisions per second, processor time per decision of the service
// and of the server, and bytes per decision. Each decision is a request, over kept connections; both sides take turns.
// node bench/postgres.ts [--rounds 3] [--seconds 5] [--connections 32]
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { withLog } from '../test/durability/log-checks.ts'
import { purchases, ServiceProcess, temporaryFolder, trainBundle } from '../test/durability/service.ts'
import { noPostgres, startPostgres } from '../test/postgres-server.ts'
import { cpuOfProcess } from './harness/cpu-of-process.ts'
import { markdownTable } from './harness/report.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '32' },
  },
})
const [rounds, seconds, connections] = [values.rounds, values.seconds, values.connections].map(Number)
if (noPostgres !== false) {
  console.error(noPostgres)
  process.exit(1)
}

const folder = temporaryFolder()
const bundle = await trainBundle(folder)
const server = await startPostgres()
process.env.SHRIKE_COPIES = join(folder, 'copies')

function cpuOfServer(): number {
  const postmaster = Number(readFileSync(join(server.folder, 'postmaster.pid'), 'utf8').split('\n')[0])
  const isChild = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[1] === String(postmaster)
    } catch {
      return false
    }
  }
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isChild(name))
  return [postmaster, ...children.map(Number)].reduce((sum, pid) => sum + cpuOfProcess(pid), 0)
}

interface Round {
  readonly decisions: number
  readonly perSecond: number
  readonly serviceMicros: number
  readonly serverMicros: number
}

const transactions = purchases(400_000).values()

async function measure(service: ServiceProcess): Promise<Round> {
  const pid = service.child.pid ?? 0
  const before = [cpuOfProcess(pid), cpuOfServer()]
  const start = performance.now()
  let decisions = 0
  const connection = async () => {
    while (performance.now() - start < seconds * 1000) {
      const { status, text } = await service.decide(transactions.next().value?.body)
      if (status !== 200) throw new Error(text)
      decisions++
    }
  }
  await Promise.all(Array.from({ length: connections }, connection))
  const took = (performance.now() - start) / 1000
  const [serviceCpu, serverCpu] = [cpuOfProcess(pid) - before[0], cpuOfServer() - before[1]]
  const micros = (cpu: number) => (cpu / decisions) * 1e6
  return { decisions, perSecond: decisions / took, serviceMicros: micros(serviceCpu), serverMicros: micros(serverCpu) }
}

const median = (found: readonly number[]) => found.toSorted((a, b) => a - b)[Math.floor(found.length / 2)]

try {
  const url = server.newDatabase()
  const places = { 'a directory': join(folder, 'data'), PostgreSQL: url }
  const found = { 'a directory': [] as Round[], PostgreSQL: [] as Round[] }
  const services = {
    'a directory': await ServiceProcess.start(bundle, places['a directory']),
    PostgreSQL: await ServiceProcess.start(bundle, places.PostgreSQL),
  }
  for (let round = 0; round <= rounds; round++) {
    for (const where of ['a directory', 'PostgreSQL'] as const) {
      const measured = await measure(services[where])
      // The first one warms up.
      if (round > 0) found[where].push(measured)
      console.error(where, measured)
    }
  }
  for (const service of Object.values(services)) await service.stop()
  const database = new URL(url).pathname.slice(1)
  server.sql(database, 'VACUUM ANALYZE shrike.records')
  const [bytes, count] = server
    .sql(
      database,
      "SELECT sum(pg_total_relation_size(relid)) || ' ' || (SELECT count(*) FROM shrike.records) FROM pg_partition_tree('shrike.records')",
    )
    .split(' ')
    .map(Number)
  const sqliteBytes = statSync(join(places['a directory'], 'log.sqlite')).size
  const records = withLog(places['a directory'], (reader) => reader.lastSequence())
  const rows = Object.entries(found).map(([where, all]) => [
    where,
    median(all.map(({ perSecond }) => perSecond)).toFixed(0),
    median(all.map(({ serviceMicros }) => serviceMicros)).toFixed(0),
    where === 'PostgreSQL' ? median(all.map(({ serverMicros }) => serverMicros)).toFixed(0) : '',
    where === 'PostgreSQL' ? (bytes / count).toFixed(0) : (sqliteBytes / records).toFixed(0),
  ])
  const header = ['log in', 'decisions/s', 'service, µs of processor', "server's, µs", 'bytes per record']
  console.log(`${rounds} rounds of ${seconds} s, ${connections} connections, medians\n\n${markdownTable(header, rows)}`)
} finally {
  server.remove()
  rmSync(folder, { recursive: true, force: true })
}
