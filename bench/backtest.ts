import { existsSync, renameSync, rmSync } from 'node:fs'
import { z } from 'zod'
import { policySchema } from '../src/decisioning/policy-definition.ts'
import { ruleSchema } from '../src/decisioning/rule-definition.ts'
import { writeDecidedLog } from '../test/decided-log.ts'
import { runJson } from './harness/child.ts'
import type { Claim } from './harness/claim.ts'
import { alternate, summarize } from './harness/measure.ts'
import { benchFile, cacheFolder } from './harness/peers.ts'
import { format, formatSummary, markdownTable } from './harness/report.ts'

const bar = { seconds: 10, aimSeconds: 3 }
const rules = 100

const result = z.object({
  seconds: z.number(),
  cpuSeconds: z.number(),
  peakMb: z.number(),
  decisions: z.number(),
  hits: z.number(),
  hash: z.string(),
})
type Result = z.infer<typeof result>

export const backtest: Claim = {
  title: 'Backtest',
  packages: [],
  async measure({ rounds = 5, smoke, log }) {
    const data = await decidedLog(smoke ? 20_000 : 1_000_000, log)
    const run = async (threads: number) =>
      result.parse(await runJson(process.execPath, [benchFile('ours/backtest-log.ts'), data, `${rules}`, `${threads}`]))
    const contestants = [
      { name: 'two threads', run: () => run(2) },
      { name: 'one thread', run: () => run(1) },
    ]
    const [two, one] = await alternate(smoke ? 1 : rounds, contestants, log)
    if (new Set([...two, ...one].map(({ hash }) => hash)).size > 1)
      throw new Error('The figures differ from run to run')
    return describe(two, one)
  },
}

/** A log as a service would have written it, by its own writer; kept, since it takes minutes to make. */
async function decidedLog(transactions: number, log: (line: string) => void): Promise<string> {
  const path = `${cacheFolder}decided-log-${transactions}`
  if (existsSync(path)) return path
  log(`writing ${transactions} decisions into ${path}`)
  const made = `${path}.tmp`
  rmSync(made, { recursive: true, force: true })
  const policy = policySchema.parse({
    thresholds: { review: 0.6, decline: 0.85 },
    controlGroup: { share: 0.1, upTo: 200 },
  })
  const rule = ruleSchema.parse({
    id: 'busy',
    when: 'amount > 200.0 && card_count_1h > 1',
    then: 'review',
    state: 'live',
  })
  await writeDecidedLog({
    ...{ path: made, transactions, seed: 1, perDay: transactions / 60 },
    changes: [
      {
        before: 0,
        change: {
          kind: 'together',
          changes: [
            { kind: 'policy', policy },
            { kind: 'rule', rule },
          ],
        },
      },
    ],
  })
  renameSync(made, path)
  return path
}

function describe(two: readonly Result[], one: readonly Result[]): string {
  const row = (what: string, figure: (each: Result) => number) => [
    what,
    ...[two, one].map((results) => formatSummary(summarize(results.map(figure)))),
  ]
  const table = markdownTable(
    ['median (best to worst)', 'two threads', 'one thread'],
    [
      row('seconds', ({ seconds }) => seconds),
      row('CPU seconds', ({ cpuSeconds }) => cpuSeconds),
      row('peak memory, MB', ({ peakMb }) => peakMb),
    ],
  )
  const [{ decisions, hits }] = two
  const { median } = summarize(two.map(({ seconds }) => seconds))
  return `${table}

A policy of ${rules} rules over ${decisions.toLocaleString('en-US')} logged decisions, beside what is in force: ${format(median)} s; bar ${bar.seconds} s: ${median <= bar.seconds ? 'met' : 'MISSED'}, aim ${bar.aimSeconds} s. The rules hit ${hits.toLocaleString('en-US')} times; the figures are the same with one thread and with two.`
}
