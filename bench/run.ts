import { parseArgs } from 'node:util'
import { backtest } from './backtest.ts'
import { boosting } from './boosting.ts'
import { boostingOneRow } from './boosting-one-row.ts'
import { cluster } from './cluster.ts'
import { consoleClaim } from './console.ts'
import { csv } from './csv.ts'
import { decisionsLatency } from './decisions-latency.ts'
import { decisionsOverload } from './decisions-overload.ts'
import { decisionsThroughput } from './decisions-throughput.ts'
import { edges } from './edges.ts'
import { eventReaders } from './event-readers.ts'
import { type Claim, describeRun } from './harness/claim.ts'
import { benchFile } from './harness/peers.ts'
import { updateReadme } from './harness/readme-table.ts'
import { updateResults } from './harness/report.ts'
import { historyMemory } from './history-memory.ts'
import { httpPredict } from './http-predict.ts'
import { listEntries } from './list-entries.ts'
import { logSize } from './log-size.ts'
import { modelSwaps } from './model-swaps.ts'
import { oneRowScoring } from './one-row-scoring.ts'
import { policyChanges } from './policy-changes.ts'
import { policyCost } from './policy-cost.ts'
import { policyOptimiser } from './policy-optimiser.ts'
import { quality } from './quality.ts'
import { replay } from './replay.ts'
import { rules } from './rules.ts'
import { scaling } from './scaling.ts'
import { training } from './training.ts'
import { ulbConfigurations } from './ulb-configurations.ts'

const claims: Readonly<Record<string, Claim>> = {
  csv,
  training,
  boosting,
  'one-row-scoring': oneRowScoring,
  'boosting-one-row': boostingOneRow,
  'http-predict': httpPredict,
  replay,
  scaling,
  'history-memory': historyMemory,
  'decisions-throughput': decisionsThroughput,
  'decisions-latency': decisionsLatency,
  'decisions-overload': decisionsOverload,
  edges,
  'event-readers': eventReaders,
  console: consoleClaim,
  'log-size': logSize,
  cluster,
  rules,
  backtest,
  'policy-cost': policyCost,
  'policy-changes': policyChanges,
  'model-swaps': modelSwaps,
  'list-entries': listEntries,
  'policy-optimiser': policyOptimiser,
  quality,
  'ulb-configurations': ulbConfigurations,
}

const usage = `npm run bench -- [CLAIM...] [--rounds N] [--smoke]

Claims: ${Object.keys(claims).join(', ')}; all of them when none is named.
--rounds N   runs of each side, in place of each claim's own number
--smoke      a small table and one short run: shows that the benchmark works, writes no results`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string' }, smoke: { type: 'boolean', default: false }, help: { type: 'boolean' } },
})
const rounds = values.rounds === undefined ? undefined : Number(values.rounds)
const unknown = positionals.find((name) => !(name in claims))
if (values.help || unknown !== undefined || (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))) {
  if (unknown !== undefined) console.error(`There is no claim named ${unknown}.\n`)
  console.log(usage)
  process.exit(values.help ? 0 : 2)
}

const command = ['npm run bench --', ...process.argv.slice(2)].join(' ')
for (const name of positionals.length > 0 ? positionals : Object.keys(claims)) {
  const claim = claims[name]
  console.error(`${claim.title}`)
  try {
    const text = await claim.measure({ rounds, smoke: values.smoke, log: (line) => console.error(`  ${line}`) })
    const body = `${describeRun(claim, command, new Date())}\n\n${text}`
    console.log(`## ${claim.title}\n\n${body}\n`)
    if (values.smoke) continue
    updateResults(benchFile('RESULTS.md'), { title: claim.title, body })
    updateReadme(benchFile('../README.md'), benchFile('RESULTS.md'))
  } catch (error) {
    // The other claims still have something to say.
    console.error(`${claim.title} could not be measured:`, error)
    process.exitCode = 1
  }
}
