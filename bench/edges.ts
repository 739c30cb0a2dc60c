import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { Claim } from './harness/claim.ts'
import {
  type DecisionsService,
  loadCore,
  missingForDecisions,
  prepareDecisions,
  runLoad,
  serverCore,
  startDecisions,
} from './harness/decisions-service.ts'
import { median } from './harness/measure.ts'
import { cacheFolder } from './harness/peers.ts'
import type { Times } from './harness/quantiles.ts'
import { format, markdownTable } from './harness/report.ts'
import { runWrk, writeWrkStreamScript } from './harness/wrk.ts'

const counts = [0, 1, 2]
const connections = 64
const checked = 200
/** More than any side decides in a second. */
const mostPerSecond = 25_000
/** Few enough for each to be alone. */
const calmPerSecond = 500
const cores = `${serverCore},${loadCore}`

/** Processor time per decision, in microseconds. */
interface Costs {
  readonly deciding: number
  readonly all: number
  readonly perSecond: number
}

export const edges: Claim = {
  title: 'POST /v1/decisions: edges',
  packages: [],
  async measure({ rounds = 7, smoke, log }) {
    const missing = missingForDecisions(['wrk', 'taskset'])
    if (missing !== undefined) return missing
    const prepared = await prepareDecisions(smoke, log)
    const [seconds, times] = smoke ? [1, 1] : [5, rounds]
    const calm = calmPerSecond * seconds * (times + 1)
    const bodies = `${cacheFolder}bodies-edges.ndjson`
    await prepared.traffic.writeBodies(bodies, checked + calm + mostPerSecond * (times + 1) * seconds)
    const first = readFileSync(bodies, 'latin1')
      .slice(0, (checked + calm) * 400)
      .split('\n', checked + calm)
    const script = `${cacheFolder}post-edges.lua`
    writeWrkStreamScript(script)
    const services: DecisionsService[] = []
    try {
      for (const count of counts) {
        services.push(await startDecisions(prepared, ['--edges', String(count)], undefined, false, cores))
      }
      const answered = await compareAnswers(services, first.slice(0, checked))
      const runs = services.map((service) => {
        let position = first.join('\n').length + 1
        const args = () => [bodies, String(position)]
        const onOutput = (output: string) => {
          position = Number(/^position (\d+)/m.exec(output)?.[1])
        }
        const load = { script, args, onOutput, connections, seconds, serverCore, wrkCore: loadCore, leastBusy: 0 }
        return () => costOf(service, load)
      })
      const waits = services.map(({ port }) => {
        let firstLine = checked
        const stream = { route: '/v1/decisions', bodies, connections, perSecond: calmPerSecond, seconds }
        return async () => {
          const { streams } = await runLoad({ port, streams: [{ ...stream, firstLine }] })
          firstLine = streams[0].nextLine
          return streams[0].answers['200'].fromDue
        }
      })
      const calmly = await takeTurns(times, waits, ({ p50, p99 }) => `${format(p50)} and ${format(p99)} ms`, log)
      const costs = await takeTurns(times, runs, ({ deciding, all }) => `${format(deciding)} of ${format(all)} µs`, log)
      return describe(calmly, costs, answered, prepared.traffic.name)
    } finally {
      for (const service of services) await service.stop()
    }
  },
}

/** After one run of each, rounds in which each goes first as often as the others. */
async function takeTurns<Result>(
  rounds: number,
  sides: readonly (() => Promise<Result>)[],
  tell: (result: Result) => string,
  log: (line: string) => void,
): Promise<readonly (readonly Result[])[]> {
  for (const side of sides) await side()
  const results: (readonly Result[])[] = []
  for (let round = 0; round < rounds; round++) {
    const found: Result[] = []
    for (let turn = 0; turn < sides.length; turn++) {
      const side = (turn + round) % sides.length
      found[side] = await sides[side]()
    }
    results.push(found)
    log(found.map(tell).join('; '))
  }
  return results
}

async function costOf(service: DecisionsService, load: Parameters<typeof runWrk>[1]): Promise<Costs> {
  const before = { all: service.cpuSeconds(), deciding: service.firstThreadSeconds() }
  const decidedBefore = await service.metric('shrike_decisions_total')
  const { requestsPerSecond: perSecond } = await runWrk(service, load)
  const decided = (await service.metric('shrike_decisions_total')) - decidedBefore
  const micros = (seconds: number) => (seconds / decided) * 1e6
  const deciding = micros(service.firstThreadSeconds() - before.deciding)
  return { deciding, all: micros(service.cpuSeconds() - before.all), perSecond }
}

/** The same requests to all, among them some that are refused: each has to be answered alike to the byte, but for the clock. */
async function compareAnswers(services: readonly DecisionsService[], bodies: readonly string[]): Promise<number> {
  const [body] = bodies
  const wrong = ['{', '[]', '{"a":1}', body.replace(/-\d\d-/, '-99-'), body.replace(/:"(\d+)"/, ':"\\u00e9$1"')]
  const requests = [...bodies, ...bodies, ...wrong]
  const answers: (readonly string[])[] = []
  for (const { port } of services) answers.push(await askAll(port, requests))
  for (const other of answers.slice(1)) assert.deepEqual(other, answers[0])
  return requests.length
}

/** Answers as they came over one connection, without times of the clock. */
async function askAll(port: number, bodies: readonly string[]): Promise<readonly string[]> {
  const socket = connect({ port, host: '127.0.0.1' }).setEncoding('latin1')
  const answers: string[] = []
  try {
    for (const body of bodies) {
      const length = `content-length: ${Buffer.byteLength(body)}`
      const head = `POST /v1/decisions HTTP/1.1\r\nhost: shrike\r\ncontent-type: application/json\r\n${length}`
      socket.write(`${head}\r\n\r\n${body}`)
      answers.push((await answerOf(socket)).replace(/(\r\nDate: |"decidedAt":")[^\r"]+/g, '$1'))
    }
  } finally {
    socket.destroy()
  }
  return answers
}

async function answerOf(chunks: AsyncIterable<string> & NodeJS.EventEmitter): Promise<string> {
  let text = ''
  return await new Promise((resolve, reject) => {
    const take = (chunk: string) => {
      text += chunk
      const end = text.indexOf('\r\n\r\n')
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1])
      if (end === -1 || text.length < end + 4 + length) return
      chunks.off('data', take).off('close', cut)
      resolve(text)
    }
    const cut = () => reject(new Error(`A connection was cut behind ${JSON.stringify(text)}`))
    chunks.on('data', take).once('close', cut)
  })
}

function describe(
  calmly: readonly (readonly Times[])[],
  rows: readonly (readonly Costs[])[],
  answered: number,
  traffic: string,
): string {
  const ofSide = (side: number, key: keyof Costs) => median(rows.map((costs) => costs[side][key]))
  const percent = (side: number, key: keyof Costs) => {
    const change = median(rows.map((costs) => costs[side][key] / costs[0][key])) - 1
    return side === 0 ? '' : `${change < 0 ? '' : '+'}${(change * 100).toFixed(0)} %`
  }
  const table = counts.map((count, side) => [
    String(count),
    ...[format(ofSide(side, 'deciding')), percent(side, 'deciding')],
    ...[format(ofSide(side, 'all')), percent(side, 'all')],
    ...[format(ofSide(side, 'perSecond')), percent(side, 'perSecond')],
    ...(['p50', 'p99'] as const).map((key) => format(median(calmly.map((times) => times[side][key])))),
  ])
  const costs = ['deciding thread, µs', 'to none', 'all threads, µs', 'to none', 'decisions/s', 'to none']
  const header = ['edges', ...costs, `p50 at ${calmPerSecond}/s, ms`, 'p99, ms']
  return `${traffic}; processor time per decision, medians of ${rows.length} rounds in which all take turns.

${markdownTable(header, table)}

${connections} connections of wrk on core ${loadCore}, the server on cores ${cores}: with edges both have more to do than there is room for, so decisions/s say what two cores give to both. ${answered} requests were answered alike to the byte, but for \`Date\` and \`decidedAt\`.`
}
