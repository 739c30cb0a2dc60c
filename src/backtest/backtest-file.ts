import type { Progress } from '../core/progress.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import { fromShortForm } from '../decisioning/index.ts'
import { policyOf } from '../decisioning/policy.ts'
import type { Detector } from '../detector/detector.ts'
import type { FieldValue } from '../detector/field-value.ts'
import type { SourceField } from '../detector/transaction.ts'
import type { FeatureSet } from '../features/feature-set.ts'
import type { PersonalValues } from '../log/personal-values.ts'
import type { ReplayedTransaction } from '../training/file-replay.ts'
import { type InputRequest, nameOf } from '../training/read-input.ts'
import { replayFile } from '../training/replay-file.ts'
import { type BacktestResult, tellBacktest } from './backtest-result.ts'
import { type Case, emptyCase, type MutableCase, type Truth } from './case.ts'
import { findDetectorOf } from './file-detector.ts'
import { type BacktestPlan, type OnJudged, TrialRun } from './plan.ts'
import { prepare } from './prepare.ts'
import type { ScoreRow } from './recorded-case.ts'
import type { BacktestRequest } from './request.ts'
import { loadScore } from './score-row.ts'
import type { Standing } from './standing.ts'
import type { Wanted } from './wanted.ts'

/**
 * Tests a policy on transactions of a file, whose histories begin with it. What is in force is the detector's own policy,
 * and nothing happened to them.
 */
export async function backtestFile(
  file: string,
  request: BacktestRequest,
  input: InputRequest,
  run: Progress,
  onJudged?: OnJudged,
): Promise<BacktestResult> {
  const bundle = request.bundle ?? undefined
  const { located, inputs } = await findDetectorOf(bundle, input)
  const standing = standingOf(located.detector)
  const hasModel = bundle !== undefined
  // Nothing is known yet of when the file ends.
  const ground = {
    located,
    standing,
    inputs,
    hasModel,
    persons: inClear,
    newestMs: request.knownByMs ?? Number.POSITIVE_INFINITY,
  }
  const { plan, wanted, read, notes } = prepare(request, ground)
  const features = withColumns(wanted, read)
  const score = await loadScore(bundle)
  const { result } = await replayFile(
    { located: { ...located, detector: wanted.detector }, features, file },
    input,
    run,
    async (groups) => {
      const trials = new TrialRun(plan, onJudged)
      const cases = new FileCases(wanted, features, plan, { score, knownByMs: request.knownByMs })
      for await (const group of groups) for (const replayed of group) trials.take(cases.of(replayed))
      return trials.takeCounted()
    },
  )
  return tellBacktest(result, plan, {
    basis: {
      ...{ source: nameOf(file), through: null, policy: null, recomputed: 0, recomputedFor: [] },
      matureUntil: Number.isFinite(plan.matureMs) ? formatIsoTime(plan.matureMs) : null,
      inOrder: true,
    },
    notes: hasModel ? notes : [...notes, 'There is no model, so thresholds and costs say nothing'],
  })
}

/** A file has no log: the detector's policy is in force, and nobody has changed it. */
function standingOf(detector: Detector): Standing {
  const policy = fromShortForm(policyOf(detector))
  const definitions = { policy, rules: new Map(), lists: new Map() }
  return { definitions, version: 0, secret: new Uint8Array(), before: [], after: [], followed: [] }
}

/** A file has its persons as they are. */
const inClear: PersonalValues = {
  forgettings: 0,
  known: (_, value) => value,
  lookUp: async () => [],
  tokenOf: (_, value) => value,
  valueOf: (token) => token,
}

/** The layout with the columns that policies read beside those that features do. */
function withColumns({ columns, detector, features }: Wanted, read: ReadonlySet<string>): FeatureSet {
  const { keys = {}, fields = {} } = detector.transaction
  const named = [...read].map((name): SourceField => ({ name, column: keys[name] ?? fields[name] ?? name }))
  const { layout } = features
  const has = (sources: readonly SourceField[], column: string) => sources.some((each) => each.column === column)
  const kindOf = (column: string) => columns.find((each) => each.column === column)?.kind
  const more = named.filter(({ column }) => kindOf(column) !== undefined)
  const numbers = more.filter(({ column }) => kindOf(column) === 'number' && !has(layout.numbers, column))
  const texts = more.filter(({ column }) => kindOf(column) !== 'number' && !has(layout.texts, column))
  return { ...features, layout: { texts: [...layout.texts, ...texts], numbers: [...layout.numbers, ...numbers] } }
}

interface FileOptions {
  readonly score: ScoreRow | undefined
  readonly knownByMs: number | undefined
}

/** Makes cases of a file's rows, each lent until the next. */
class FileCases {
  readonly #plan: BacktestPlan
  readonly #idColumn: string | undefined
  readonly #options: FileOptions
  /** Where each column is among the transaction's texts, or numbers. */
  readonly #places: readonly { readonly text: number; readonly number: number }[]
  readonly #fields: FieldValue[]
  readonly #case: MutableCase
  #idOf: (index: number) => string | undefined = () => undefined
  #table: ReplayedTransaction['table'] | undefined
  #sequence = 0

  constructor({ columns, detector }: Wanted, { layout }: FeatureSet, plan: BacktestPlan, options: FileOptions) {
    this.#plan = plan
    this.#options = options
    this.#idColumn = detector.transaction.id
    this.#places = columns.map(({ column }) => ({
      text: layout.texts.findIndex((each) => each.column === column),
      number: layout.numbers.findIndex((each) => each.column === column),
    }))
    this.#fields = columns.map(() => undefined)
    this.#case = emptyCase(this.#fields, new Float64Array(0))
  }

  of(replayed: ReplayedTransaction): Case {
    const { row, transaction, table, index, fileRow } = replayed
    if (table !== this.#table) this.#open(table)
    const seen = this.#case
    const { timestampMs, amount, texts, numbers } = transaction
    this.#places.forEach(({ text, number }, i) => {
      this.#fields[i] = text >= 0 ? texts[text] : number >= 0 ? numbers[number] : undefined
    })
    seen.id = this.#idOf(index) ?? String(fileRow)
    seen.sequence = ++this.#sequence
    seen.timestampMs = timestampMs
    seen.decidedAtMs = timestampMs
    seen.amount = amount
    seen.row = row
    seen.score = this.#options.score?.(row)
    seen.testedScore = seen.score
    seen.truth = this.#truthOf(replayed)
    return seen
  }

  /** A file's labels are known, unless it is asked what was known by a time. */
  #truthOf({ label, knownAtMs, transaction: { timestampMs } }: ReplayedTransaction): Truth {
    const { knownByMs = Number.POSITIVE_INFINITY } = this.#options
    if (timestampMs > this.#plan.matureMs) return 'young'
    if (Number.isNaN(label) || knownAtMs > knownByMs) return 'unknown'
    return label === 1 ? 'fraud' : 'legitimate'
  }

  #open(table: ReplayedTransaction['table']): void {
    this.#table = table
    const column = table.columns.find(({ name }) => name === this.#idColumn)
    this.#idOf = column?.kind === 'text' ? (index) => column.dictionary[column.codes[index]] : () => undefined
  }
}
