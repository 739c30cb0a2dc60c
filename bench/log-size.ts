import { rmSync, statSync } from 'node:fs'
import type { Claim } from './harness/claim.ts'
import { checkDecisions, missingForDecisions, prepareDecisions, startDecisions } from './harness/decisions-service.ts'
import { firstLines } from './harness/load-stream.ts'
import { cacheFolder } from './harness/peers.ts'
import { format } from './harness/report.ts'

const bar = 400
const checked = 100
const linesPerRequest = 10_000

export const logSize: Claim = {
  title: 'Size of the log',
  packages: [],
  async measure({ smoke, log }) {
    const missing = missingForDecisions(['taskset'])
    if (missing !== undefined) return missing
    const { traffic, bundle } = await prepareDecisions(smoke, log)
    const count = smoke ? 5000 : 200_000
    const bodies = `${cacheFolder}bodies-log.ndjson`
    await traffic.writeBodies(bodies, count)
    const service = await startDecisions({ bundle, dataFolder: undefined })
    try {
      const lines = firstLines(bodies, count)
      // The log is empty, so the first decisions would rest on short histories, and say so.
      await checkDecisions(service.url, lines.slice(0, checked), false)
      for (let from = checked; from < count; from += linesPerRequest) {
        await sendLines(`${service.url}/batch`, lines.slice(from, from + linesPerRequest))
      }
      const decided = await service.metric('shrike_decisions_total')
      if (decided !== count) throw new Error(`${decided} decisions in place of ${count}`)
      const keys = await service.metric('shrike_history_keys')
      const events = await service.metric('shrike_history_events')
      const bytes = await service.metric('shrike_history_bytes')
      await service.halt()
      const logBytes = statSync(`${service.folder}/log.sqlite`).size
      const perDecision = logBytes / count
      return `${count.toLocaleString('en-US')} decisions, ${traffic.name}, sent as NDJSON: log.sqlite holds ${format(logBytes / 1e6)} MB after the service has stopped, indexes included.

${format(perDecision)} B per decision; bar ${bar} B: ${perDecision <= bar ? 'met' : 'MISSED'}.

Histories, by the service's own metrics: ${keys.toLocaleString('en-US')} keys, ${events.toLocaleString('en-US')} events, ${format(bytes / 1e6)} MB: ${format(bytes / events)} B per event, ${format(bytes / keys)} B per key, events and keys each taken alone.`
    } finally {
      await service.stop()
      rmSync(service.folder, { recursive: true, force: true })
    }
  },
}

async function sendLines(url: string, lines: readonly string[]): Promise<void> {
  const body = lines.join('\n')
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body })
  const answers = (await response.text()).trimEnd().split('\n')
  const odd = answers.find((answer) => !answer.includes('"outcome"') || !answer.includes('"duplicate":false'))
  if (answers.length !== lines.length || odd !== undefined) {
    throw new Error(`${answers.length} answers for ${lines.length} lines; ${odd ?? 'all good'}`)
  }
}
