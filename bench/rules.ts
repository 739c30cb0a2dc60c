import { z } from 'zod'
import { runJson } from './harness/child.ts'
import type { Claim } from './harness/claim.ts'
import { hostileRules } from './harness/hostile-rules.ts'
import { alternate, type Summary, summarize } from './harness/measure.ts'
import { benchFile } from './harness/peers.ts'
import { format, formatSummary, markdownTable } from './harness/report.ts'

const bar = { perDecisionUs: 50, aimUs: 11, loadMs: 1000, changeMs: 10, refusedMs: 10 }

const result = z.object({
  compileMs: z.number(),
  indexMs: z.number(),
  indexedUs: z.number(),
  oneByOneUs: z.number(),
  /** Rules per decision that were true, and unknown. */
  spoke: z.number(),
  unknown: z.number(),
  /** Decisions of which the index said something else. */
  differing: z.number(),
})
type Result = z.infer<typeof result>

const changeResult = z.object({
  /** Rules checked, compiled, indexed and asked for the first time, in one change. */
  loadMs: z.number(),
  changeMs: z.number(),
  slowestMs: z.number(),
  misspeltMs: z.number(),
})
type ChangeResult = z.infer<typeof changeResult>

const refusal = z.object({
  /** The first time in a process, and when it is warm. */
  coldMs: z.number(),
  warmMs: z.number(),
  /** One evaluation, where the rule is taken. */
  askMs: z.number(),
  said: z.string(),
})
type Refusal = z.infer<typeof refusal> & { readonly name: string }

export const rules: Claim = {
  title: 'Rules',
  packages: [],
  async measure({ rounds = 5, smoke, log }) {
    const smaller = smoke ? 20 : 1
    const contestants = [
      { name: '1,000 rules', run: () => ask(1000 / smaller, 20_000 / smaller) },
      { name: '10,000 rules', run: () => ask(10_000 / smaller, 1000 / smaller) },
    ]
    const [thousand, tenThousand] = await alternate(smoke ? 1 : rounds, contestants, log)
    const change = { name: 'changes of 10,000 rules', run: () => changeOne(10_000 / smaller, 40) }
    const [changes] = await alternate(smoke ? 1 : rounds, [change], log)
    const differing = [...thousand, ...tenThousand].find((each) => each.differing > 0)
    if (differing) throw new Error(`The index says something else of ${differing.differing} decisions`)
    log('hostile rules')
    const refused: Refusal[] = []
    for (const name of Object.keys(hostileRules)) refused.push({ name, ...(await refuse(name)) })
    return [describe(thousand, tenThousand), describeChanges(changes), describeHostile(refused)].join('\n\n')
  },
}

async function ask(count: number, decisions: number): Promise<Result> {
  return result.parse(await runJson(process.execPath, [benchFile('ours/ask-rules.ts'), `${count}`, `${decisions}`]))
}

async function changeOne(count: number, changes: number): Promise<ChangeResult> {
  const script = benchFile('ours/change-rules.ts')
  return changeResult.parse(await runJson(process.execPath, [script, `${count}`, `${changes}`]))
}

async function refuse(name: string): Promise<z.infer<typeof refusal>> {
  return refusal.parse(await runJson(process.execPath, [benchFile('ours/refuse-rule.ts'), name]))
}

function describeHostile(refused: readonly Refusal[]): string {
  const most = (of: (each: Refusal) => number) => Math.max(...refused.map(of))
  const taken = refused.filter(({ said }) => said === 'taken')
  const rows = refused.map(({ name, coldMs, warmMs, said }) => [
    name,
    format(warmMs),
    format(coldMs),
    said.slice(0, 60),
  ])
  const warmest = most(({ warmMs }) => warmMs)
  return `${markdownTable(['hostile rule', 'CPU, ms', 'first of a process, ms', 'said of it first'], rows)}

Of ${refused.length} hostile rules ${taken.length} are taken, and asked within ${format(most(({ askMs }) => askMs))} ms the first time; the others are refused with a place. Checking one takes at most ${format(warmest)} ms; bar ${bar.refusedMs} ms: ${warmest < bar.refusedMs ? 'met' : 'MISSED'}; as the first rule of a process, whose code was never run, at most ${format(most(({ coldMs }) => coldMs))} ms.`
}

function describeChanges(results: readonly ChangeResult[]): string {
  const of = (figure: (each: ChangeResult) => number) => summarize(results.map(figure))
  const [change, slowest] = [of(({ changeMs }) => changeMs), of(({ slowestMs }) => slowestMs)]
  const [load, misspelt] = [of(({ loadMs }) => loadMs), of(({ misspeltMs }) => misspeltMs)]
  const table = markdownTable(
    ['CPU time', 'median (best to worst)'],
    [
      ['one of 10,000 rules changed: checked, applied and asked, ms', formatSummary(change)],
      ['the slowest of 40 such changes, ms', formatSummary(slowest)],
      ['10,000 rules as one change: checked, applied and asked, ms', formatSummary(load)],
      ['150 misspelt names, of 500 that are declared, refused, ms', formatSummary(misspelt)],
    ],
  )
  return `${table}

One of 10,000 rules changed: ${says(change, bar.changeMs, 'ms')}. 150 misspelt names refused: ${says(misspelt, bar.refusedMs, 'ms')}.`
}

function describe(thousand: readonly Result[], tenThousand: readonly Result[]): string {
  const of = (results: readonly Result[], figure: (each: Result) => number) => summarize(results.map(figure))
  const load = of(tenThousand, ({ compileMs, indexMs }) => compileMs + indexMs)
  const indexed = of(thousand, ({ indexedUs }) => indexedUs)
  const row = (what: string, results: readonly Result[], figure: (each: Result) => number) => [
    what,
    formatSummary(of(results, figure)),
  ]
  const table = markdownTable(
    ['CPU time', 'median (best to worst)'],
    [
      row('1,000 rules for one decision, with the index, us', thousand, ({ indexedUs }) => indexedUs),
      row('1,000 rules for one decision, one by one, us', thousand, ({ oneByOneUs }) => oneByOneUs),
      row('10,000 rules for one decision, with the index, us', tenThousand, ({ indexedUs }) => indexedUs),
      ['10,000 rules read, checked, compiled and indexed, ms', formatSummary(load)],
    ],
  )
  const [{ spoke, unknown }] = thousand
  return `${table}

1,000 rules for one decision: ${says(indexed, bar.perDecisionUs, 'us')}, aim ${bar.aimUs} us. 10,000 rules loaded: ${says(load, bar.loadMs, 'ms')}.
Of 1,000 rules ${format(spoke)} are true of a decision and ${format(unknown)} unknown; the index and asking one by one say the same of every decision.`
}

function says({ median }: Summary, limit: number, unit: string): string {
  return `${format(median)} ${unit}; bar ${limit} ${unit}: ${median <= limit ? 'met' : 'MISSED'}`
}
