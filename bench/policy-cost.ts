import type { Claim } from './harness/claim.ts'
import {
  type DecisionsService,
  loadCore,
  missingForDecisions,
  prepareDecisions,
  serverCore,
  startDecisions,
} from './harness/decisions-service.ts'
import { differPairs } from './harness/interleaved-pairs.ts'
import { cacheFolder } from './harness/peers.ts'
import { putRules } from './harness/policy-of-rules.ts'
import { format, markdownTable } from './harness/report.ts'
import { runWrk, writeWrkStreamScript } from './harness/wrk.ts'

const rules = 100
const barUs = 8
const connections = 64

export const policyCost: Claim = {
  title: 'POST /v1/decisions: what rules add',
  packages: [],
  async measure({ rounds: pairs = 16, smoke, log }) {
    const missing = missingForDecisions(['wrk', 'taskset'])
    if (missing !== undefined) return missing
    const seconds = smoke ? 1 : 5
    const count = smoke ? 5 : pairs
    const prepared = await prepareDecisions(smoke, log)
    const bodies = `${cacheFolder}bodies-policy.ndjson`
    await prepared.traffic.writeBodies(bodies, 25_000 * (count + 2) * seconds)
    const script = `${cacheFolder}post-policy.lua`
    writeWrkStreamScript(script)
    const servers: DecisionsService[] = []
    try {
      for (let side = 0; side < 2; side++) servers.push(await startDecisions(prepared))
      const [withRules, without] = servers
      await putRules(new URL(withRules.url).origin, prepared.traffic.detector, rules)
      const sides = servers.map((server) => sideOf(server, { script, bodies, seconds }))
      const options = { pairs: count, show: micro, log }
      const { row, most } = await differPairs('/v1/decisions', sides, options)
      const decided = await withRules.metric('shrike_decisions_total')
      const fired = await withRules.metric('shrike_rule_fired_total')
      if ((await without.metric('shrike_rule_fired_total')) > 0) throw new Error('Rules fired where there are none')
      const header = ['route', `with ${rules} rules`, 'without', 'difference', '95 % interval']
      return `${prepared.traffic.name}; processor time per request, ${count} interleaved pairs of ${seconds} s.

${markdownTable(header, [row])}

Of ${rules} rules, three of four live and the others in shadow, ${format(fired / decided)} applied to a decision. Upper limit of what they add: ${micro(most)}; bar ${barUs} µs: ${most * 1e6 < barUs ? 'met' : 'MISSED'}.`
    } finally {
      for (const server of servers) await server.stop()
    }
  },
}

interface Load {
  readonly script: string
  readonly bodies: string
  readonly seconds: number
}

/** Processor seconds per request, of transactions that this server has not seen. */
function sideOf(server: DecisionsService, { script, bodies, seconds }: Load): () => Promise<number> {
  let position = 0
  const onOutput = (output: string) => {
    position = Number(/^position (\d+)/m.exec(output)?.[1])
  }
  const args = () => [bodies, String(position)]
  const options = { script, args, onOutput, connections, seconds, serverCore, wrkCore: loadCore, leastBusy: 0 }
  return async () => {
    const { serverBusy, requestsPerSecond } = await runWrk(server, options)
    return serverBusy / requestsPerSecond
  }
}

function micro(time: number): string {
  return `${(time * 1e6).toFixed(1)} µs`
}
