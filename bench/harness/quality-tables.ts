import { mean } from './measure.ts'
import type { QualityWindow } from './quality-windows.ts'
import { markdownTable } from './report.ts'

/** How good scores are on a window, the mean over seeds. */
export interface Figures {
  readonly averagePrecision: number
  readonly recall: number
  readonly logLoss: number
}

export interface Measured {
  readonly window: QualityWindow
  /** By the name of what scored. */
  readonly figures: ReadonlyMap<string, Figures>
}

/** What a configuration of a library is called; the first of a library is its default. */
export interface Peer {
  readonly library: string
  readonly names: readonly string[]
}

/** The default before: what candidates are compared with. */
const old = 'oversampled boosting'

/** In the order in which ties are broken: first what is always small enough to be explained in every decision. */
const candidates = [
  'boosting and forest of 200 leaves, log-odds',
  'boosting and forest, log-odds',
  'boosting and forest, probabilities',
  'boosting',
  'forest',
]

/** Written down before it ran. */
export const rule = `A window learns from rows and is judged by later ones; where it has more than 150 frauds, it is measured again with about
100 of them and as large a share of the other rows. Differences in average precision are means over sizes, then windows, then
tables, so that each table counts once; their standard errors are of the spread of a table's windows. Chosen on the windows
that choose: of the candidates that are better than the default before by two standard errors, and on no table worse by more
than 0.01, the best, or the first of those that are within one standard error of it. It is accepted where it is not worse on the
windows that accept. A peer is tuned on those windows of the same table and size whose judging rows are others.`

interface Across {
  readonly mean: number
  /** Undefined where a table has one window only. */
  readonly error: number | undefined
  readonly least: number
}

/** A figure of all tables, and how sure it is. */
function acrossTables(of: readonly Measured[], value: (measured: Measured) => number): Across {
  const tables = [...Map.groupBy(of, ({ window }) => window.table).values()].map((each) =>
    [...Map.groupBy(each, ({ window }) => window.judged.join()).values()].map((sizes) => mean(sizes.map(value))),
  )
  const variances = tables.map((values) => {
    const middle = mean(values)
    return values.reduce((sum, each) => sum + (each - middle) ** 2, 0) / (values.length - 1) / values.length
  })
  return {
    mean: mean(tables.map(mean)),
    error: tables.some(({ length }) => length < 2) ? undefined : Math.sqrt(mean(variances) / tables.length),
    least: Math.min(...tables.map(mean)),
  }
}

function figure(name: string, { figures }: Measured): Figures {
  const found = figures.get(name)
  if (found === undefined) throw new Error(`There are no figures of ${name}`)
  return found
}

function apart(name: string, other: string, of: (figures: Figures) => number = precision) {
  return (each: Measured) => of(figure(name, each)) - of(figure(other, each))
}

function precision({ averagePrecision }: Figures): number {
  return averagePrecision
}

function used(measured: readonly Measured[], use: QualityWindow['use']): Measured[] {
  return measured.filter(({ window }) => window.use === use)
}

/** By the rule. */
export function choose(measured: readonly Measured[]): string {
  const windows = used(measured, 'choose')
  const than = (name: string, other: string) => acrossTables(windows, apart(name, other))
  const able = candidates.filter((name) => {
    const { mean: better, error = 0, least } = than(name, old)
    return better > 2 * error && least >= -0.01
  })
  if (able.length === 0) return old
  const best = able.reduce((found, name) => (than(name, found).mean > 0 ? name : found))
  return able.find((name) => name === best || than(best, name).mean <= (than(best, name).error ?? 0)) ?? best
}

/** What was chosen between, on the windows of one use. */
export function candidateTable(measured: readonly Measured[], use: QualityWindow['use']): string {
  const windows = used(measured, use)
  if (windows.length === 0) return ''
  const rows = candidates.map((name) => {
    const better = acrossTables(windows, apart(name, old))
    const recall = acrossTables(
      windows,
      apart(name, old, (figures) => figures.recall),
    )
    const loss = acrossTables(windows, (each) => figure(name, each).logLoss / figure(old, each).logLoss)
    return [name, withError(better), signed(better.least), signed(recall.mean), loss.mean.toFixed(2)]
  })
  const header = ['candidate', 'average precision', 'worst table', 'recall at 1 % false alarms', 'log loss, ratio']
  return `### ${windows.length} windows that ${use}: less the default before\n\n${markdownTable(header, rows)}`
}

/** Our default against each peer, by its defaults and tuned, on all windows. */
export function peerTable(measured: readonly Measured[], ours: string, peers: readonly Peer[]): string {
  const tables = [...new Set(measured.map(({ window }) => window.table))]
  const line = (label: string, nameIn: (each: Measured) => string, difference = true) => {
    const own = (each: Measured) => precision(figure(nameIn(each), each))
    const better = acrossTables(measured, (each) => precision(figure(ours, each)) - own(each))
    return [
      label,
      ...tables.map((table) => {
        const of = measured.filter(({ window }) => window.table === table)
        return acrossTables(of, own).mean.toFixed(3)
      }),
      acrossTables(measured, own).mean.toFixed(3),
      difference ? withError(better) : '',
    ]
  }
  const rows = peers.flatMap(({ library, names }) => [
    line(library, () => names[0]),
    line(`${library}, tuned`, (each) => tunedName(names, each, measured)),
  ])
  const header = ['average precision', ...tables, 'mean', 'the default is better by']
  return markdownTable(header, [line("Shrike's default", () => ours, false), ...rows])
}

/** The one that is best on windows whose judging rows are others. */
function tunedName(names: readonly string[], { window }: Measured, measured: readonly Measured[]): string {
  const others = measured.filter(
    ({ window: other }) =>
      other.table === window.table &&
      other.isWhole === window.isWhole &&
      (other.judged[1] <= window.judged[0] || other.judged[0] >= window.judged[1]),
  )
  const value = (name: string) => mean(others.map((each) => precision(figure(name, each))))
  return names.reduce((best, name) => (value(name) > value(best) ? name : best))
}

export function windowTable(measured: readonly Measured[], ours: string): string {
  const rows = measured.map((each) => [
    `${each.window.table}: ${each.window.name}`,
    `${each.window.frauds} / ${each.window.testFrauds}`,
    precision(figure(old, each)).toFixed(4),
    precision(figure(ours, each)).toFixed(4),
  ])
  const header = ['window', 'frauds learned from / judged by', 'default before', ours]
  return `### Each window\n\n${markdownTable(header, rows)}`
}

function withError({ mean: middle, error }: Across): string {
  return error === undefined ? signed(middle) : `${signed(middle)} ± ${error.toFixed(4)}`
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(4)}`
}
