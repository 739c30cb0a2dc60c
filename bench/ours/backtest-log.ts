// Time of a backtest: DATA RULES THREADS. Tests a policy of so many drawn rules on the log of a data directory, and prints one
// line of JSON: seconds from the call to the figures, CPU time, peak memory, and a hash of the figures.

import { createHash } from 'node:crypto'
import { backtestLog } from '../../src/backtest/backtest-log.ts'
import { createRandom } from '../../src/core/random.ts'
import { dataDirectory } from '../../src/stores/data-directory.ts'
import { quietRun } from '../../test/quiet-run.ts'
import { drawShopRules } from '../harness/shop-rules.ts'

const [data, rules, threads] = process.argv.slice(2)
const request = { policy: { rules: drawShopRules(createRandom(5), Number(rules)) }, threads: Number(threads) }
const startMs = performance.now()
const before = process.cpuUsage()
const result = await backtestLog({ path: dataDirectory(data).logPath, source: 'log' }, request, undefined, quietRun)
const { user, system } = process.cpuUsage(before)
const told = {
  seconds: (performance.now() - startMs) / 1000,
  cpuSeconds: (user + system) / 1e6,
  peakMb: process.resourceUsage().maxRSS / 1024,
  decisions: result.all.transactions,
  hits: result.sides.find(({ name }) => name === 'tested')?.rules.reduce((sum, rule) => sum + rule.transactions, 0),
  hash: createHash('sha256').update(JSON.stringify(result)).digest('hex'),
}
process.stdout.write(`${JSON.stringify(told)}\n`)
