import { readFileSync } from 'node:fs'
import type { Claim } from './harness/claim.ts'
import {
  checkDecisions,
  type DecisionsService,
  loadCore,
  missingForDecisions,
  prepareDecisions,
  serverCore,
  startBareDecisions,
  startDecisions,
  startJudged,
} from './harness/decisions-service.ts'
import { alternate, median, summarize } from './harness/measure.ts'
import { cacheFolder } from './harness/peers.ts'
import { format, formatSummary, markdownTable, verdict } from './harness/report.ts'
import { runWrk, type WrkRun, writeWrkStreamScript } from './harness/wrk.ts'

const bar = 0.6
const connections = 64
const checked = 200
/** The service waits for the disk, so its core need not be as busy as one that only computes. */
const leastBusy = { ours: 0.6, bare: 0.9 }

export const decisionsThroughput: Claim = {
  title: 'POST /v1/decisions: throughput',
  packages: [],
  async measure({ rounds = 5, smoke, log }) {
    const missing = missingForDecisions(['wrk', 'taskset'])
    if (missing !== undefined) return missing
    const prepared = await prepareDecisions(smoke, log, undefined, 'preset')
    const declared = await prepareDecisions(smoke, log)
    const bodiesPath = `${cacheFolder}bodies-throughput.ndjson`
    const seconds = smoke ? 1 : 5
    // As many as the faster side could take, and half as many again.
    await prepared.traffic.writeBodies(bodiesPath, checked + 50_000 * (smoke ? 4 : rounds + 2) * seconds)
    const script = `${cacheFolder}post-stream.lua`
    writeWrkStreamScript(script)
    const first = readFileSync(bodiesPath, 'latin1')
      .slice(0, checked * 400)
      .split('\n', checked)
    const ours = await startJudged(prepared)
    const large = await startDecisions(declared)
    const bare = await startBareDecisions(first[0])
    try {
      for (const { url } of [ours, large]) await checkDecisions(url, first, true)
      await checkDecisions(bare.url, first, false)
      const sides = [
        { name: 'Shrike', server: ours, leastBusy: leastBusy.ours },
        { name: 'bare fastify', server: bare, leastBusy: leastBusy.bare },
        { name: "Shrike with the detector's own model, no rules", server: large, leastBusy: leastBusy.ours },
      ].map(({ name, server, leastBusy: least }) => {
        let position = first.join('\n').length + 1
        const at = {
          script,
          serverCore,
          wrkCore: loadCore,
          connections,
          leastBusy: smoke ? 0 : least,
          args: () => [bodiesPath, String(position)],
          onOutput: (output: string) => {
            position = Number(/^position (\d+)/m.exec(output)?.[1])
          },
        }
        const run = async () => {
          const result = await runWrk(server, { ...at, seconds })
          log(`  ${format(result.requestsPerSecond)} requests/s, server ${percent(result.serverBusy)} busy`)
          return result
        }
        return { name, run }
      })
      // Warm, then measured; one side's rows are its own, so that neither sees an id twice.
      for (const { run } of sides) await run()
      const results = await alternate(smoke ? 1 : rounds, sides, log)
      const decided = await countSound(ours, smoke)
      await countSound(large, smoke)
      const fired = await ours.metric('shrike_rule_fired_total')
      if (fired === 0) throw new Error('No rule fired')
      const approved = await ours.metric('shrike_decisions_total\\{outcome="approve"\\}')
      const what = `${prepared.traffic.name}; ${format(decided)} decided in all by the default preset and 100 rules, of which ${format(fired / decided)} fired on a decision; ${percent(1 - approved / decided)} were not approved; none twice, nor degraded but by its lateness`
      return describe(sides, results, what)
    } finally {
      await ours.stop()
      await large.stop()
      await bare.stop()
    }
  },
}

/** How many were decided, each once and on all that it is to be decided on. */
async function countSound(service: DecisionsService, smoke: boolean): Promise<number> {
  const duplicates = await service.metric('shrike_duplicates_total')
  if (duplicates !== checked) throw new Error(`${duplicates} duplicates in place of ${checked}`)
  // These transactions come so fast that one which waits in its socket for 30 ms is an hour late by their own times.
  const late = await service.metric('shrike_decisions_degraded_total\\{reason="history-short"\\}')
  const degraded = (await service.metric('shrike_decisions_degraded_total')) - late
  if (degraded > 0 && !smoke) throw new Error(`${degraded} decisions were degraded`)
  return service.metric('shrike_decisions_total')
}

function describe(sides: readonly { readonly name: string }[], results: readonly (readonly WrkRun[])[], what: string) {
  const by = (side: number, key: keyof WrkRun) => results[side].map((run) => run[key])
  const rows = sides.map(({ name }, side) => [
    name,
    formatSummary(summarize(by(side, 'requestsPerSecond'))),
    ...(['serverBusy', 'serverCoreBusy', 'wrkCoreBusy'] as const).map((key) => percent(median(by(side, key)))),
  ])
  const header = ['side', 'requests/s, median (min to max)', 'server process busy', 'its core busy', "wrk's core busy"]
  const rateOf = (side: number) => median(by(side, 'requestsPerSecond'))
  const ratio = rateOf(0) / rateOf(1)
  return `${what}.

${markdownTable(header, rows)}

${connections} connections. The server is held on core ${serverCore}, wrk on core ${loadCore}; a run counts when the server's process was at least ${percent(leastBusy.ours)} (Shrike, which waits for the disk) or ${percent(leastBusy.bare)} busy.

Against bare fastify: ${verdict(ratio, bar)}. The detector's own model and no rules, for information: ${format(rateOf(2) / rateOf(1))}x.`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}
