import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { FraudError } from '../core/errors.ts'
import { type Progress, throwIfInterrupted } from '../core/progress.ts'
import { ThreadPool } from '../core/thread-pool.ts'
import { workerScript } from '../core/worker-script.ts'
import { Rebuild } from '../deciding/rebuild.ts'
import type { RankOfSource } from '../detector/label-precedence.ts'
import { computeRow } from '../features/feature-set.ts'
import type { LentDecision } from '../log/decision-reader.ts'
import { DecisionReader } from '../log/decision-reader.ts'
import type { DecisionRecord, Sequenced } from '../log/log-record.ts'
import { scanDecisions, scanLabels } from '../stores/sqlite/scan-log.ts'
import { SqliteLogReader } from '../stores/sqlite/sqlite-log-reader.ts'
import { labelCodes } from './case.ts'
import { addUp, type Counted } from './counter.ts'
import { type BacktestPlan, type OnJudged, TrialRun } from './plan.ts'
import { RecordedCases, type ScoreRow } from './recorded-case.ts'
import { loadScore } from './score-row.ts'

/** A part of a log that is gone through by one thread. */
export interface LogSlice {
  readonly after: number
  readonly through: number
}

/** What every thread is given. */
export interface LogWork {
  readonly path: string
  readonly plan: BacktestPlan
  /** What the label that counts says, by the number of the transaction's record less the first. */
  readonly labels: Uint8Array<SharedArrayBuffer>
  readonly whole: LogSlice
  /** The bundle that is tested; null where rules and lists decide without a score. */
  readonly bundle: string | null | undefined
}

interface SliceCounted {
  readonly counted: Counted
  /** Records with parts that only a newer version knows. */
  readonly unread: number
  /** Rows that were made of the histories again, since the stored ones lack a feature. */
  readonly recomputed: number
  /** Decisions that the wanted detector can't take for transactions. */
  readonly untaken: number
}

// A thread takes as long to start as this many decisions take; who asks for threads gets them.
const fewestInSlice = 20_000
const fewestAskedFor = 500
const mostSlices = 16

/** Reads the labels that are known by a time; of several of one transaction the source decides, then the later one. */
export function readLabels(
  reader: SqliteLogReader,
  { after, through }: LogSlice,
  knownByMs: number,
  rankOf: RankOfSource,
) {
  const labels = new Uint8Array(new SharedArrayBuffer(Math.max(0, through - after) + 1))
  const ranks = new Uint8Array(labels.length)
  for (const { id, of, isFraud, source } of scanLabels(reader, through, knownByMs)) {
    const about = of === 0 ? (reader.find(id)?.sequence ?? 0) : of
    const rank = rankOf(source)
    if (about <= after || about > through || rank < ranks[about - after]) continue
    ranks[about - after] = rank
    labels[about - after] = isFraud ? labelCodes.fraud : labelCodes.legitimate
  }
  return labels
}

/** Goes through one part of a log after the other by the rows that it keeps. */
export class SliceRun {
  readonly #work: LogWork
  readonly #reader: SqliteLogReader
  readonly #run: TrialRun
  readonly #cases: RecordedCases

  private constructor(work: LogWork, reader: SqliteLogReader, score: ScoreRow | undefined, onJudged?: OnJudged) {
    this.#work = work
    this.#reader = reader
    this.#run = new TrialRun(work.plan, onJudged)
    this.#cases = casesOf(work, reader, this.#run, score)
  }

  static async open(work: LogWork, onJudged?: OnJudged): Promise<SliceRun> {
    return new SliceRun(work, new SqliteLogReader(work.path), await loadScore(work.bundle), onJudged)
  }

  /** @throws FraudError LOG_UNAVAILABLE where records were let go of meanwhile. */
  count({ after, through }: LogSlice, onGroup: (through: number) => void = () => {}): SliceCounted {
    const reader = this.#reader
    const decisions = new DecisionReader((definition) => reader.definition(definition).format)
    for (const group of scanDecisions(reader, after, through)) {
      for (const stored of group) {
        const decision = decisions.read(stored)
        assert(
          decision.timestampMs < this.#work.plan.fromMs || this.#cases.serves(decision.definition),
          'rows that lack a feature are made of the histories',
        )
        this.#run.take(this.#cases.of(decision))
      }
      onGroup(group[group.length - 1].sequence)
    }
    refusePruned(reader, this.#work.whole)
    return { counted: this.#run.takeCounted(), unread: decisions.unread, recomputed: 0, untaken: 0 }
  }

  close(): void {
    this.#reader.close()
  }
}

/** What was counted, and how the log was gone through. */
export interface LogCounted extends SliceCounted {
  /** Features that some rows lack; undefined where the stored rows serve. */
  readonly lacking: readonly string[] | undefined
  readonly inOrder: boolean
}

/**
 * Counts the whole log: each thread goes through parts of it, unless the order of all matters, somebody is told of each
 * transaction, or rows have to be made again.
 */
export async function countLog(
  work: LogWork,
  threads: number | undefined,
  run: Progress,
  onJudged?: OnJudged,
): Promise<LogCounted> {
  const { after, through } = work.whole
  const step = run.begin('judge the log')
  const onProgress = (done: number) => step.update(done - after, through - after)
  const lacking = lackingIn(work)
  const inOrder = new TrialRun(work.plan).hasOrder
  const counted =
    lacking === undefined
      ? await countStored(work, { asked: inOrder || onJudged !== undefined ? 1 : threads, onJudged }, run, onProgress)
      : await remake(work, run, onProgress, onJudged)
  step.end()
  return { ...counted, lacking, inOrder }
}

async function countStored(
  work: LogWork,
  { asked, onJudged }: { readonly asked: number | undefined; readonly onJudged?: OnJudged | undefined },
  run: Progress,
  onProgress: (through: number) => void,
): Promise<SliceCounted> {
  const threads = asked ?? availableParallelism()
  const slices = slicesOf(work.whole, asked === undefined ? fewestInSlice : fewestAskedFor)
  if (threads === 1 || slices.length === 1) {
    const slice = await SliceRun.open(work, onJudged)
    try {
      return slice.count(work.whole, (through) => {
        throwIfInterrupted(run.signal)
        onProgress(through)
      })
    } finally {
      slice.close()
    }
  }
  const pool = new ThreadPool<LogSlice, SliceCounted>(workerScript('./slice-worker', import.meta.url), work, {
    ...{ threads: Math.min(threads, slices.length), signal: run.signal },
  })
  try {
    const results = await pool.run(slices, (_, done) => onProgress(slices[done - 1].through))
    const sum = (field: 'unread' | 'recomputed' | 'untaken') => results.reduce((all, each) => all + each[field], 0)
    const counted = addUp(
      results.map((each) => each.counted),
      work.plan.count,
    )
    return { counted, unread: sum('unread'), recomputed: sum('recomputed'), untaken: sum('untaken') }
  } finally {
    await pool.close()
  }
}

/** The same parts whatever the number of threads is, so that sums come out alike. */
function slicesOf({ after, through }: LogSlice, fewest: number): readonly LogSlice[] {
  const size = Math.max(fewest, Math.ceil((through - after) / mostSlices))
  const slices: LogSlice[] = []
  for (let start = after; start < through; start += size)
    slices.push({ after: start, through: Math.min(through, start + size) })
  return slices.length === 0 ? [{ after, through }] : slices
}

/** The features for which rows have to be made again; none where that is for the fields of transactions. */
function lackingIn(work: LogWork): readonly string[] | undefined {
  const reader = new SqliteLogReader(work.path)
  try {
    const cases = casesOf(work, reader, new TrialRun(work.plan), undefined)
    const all = reader.definitionSequences()
    const isUsed = (definition: number, i: number) => {
      const { newestMs } = reader.transactionsIn(
        Math.max(definition, work.whole.after),
        all[i + 1] ?? work.whole.through,
      )
      return newestMs >= work.plan.fromMs
    }
    const others = all.filter((definition, i) => !cases.serves(definition) && isUsed(definition, i))
    return others.length === 0 ? undefined : [...new Set(others.flatMap((definition) => cases.lacking(definition)))]
  } finally {
    reader.close()
  }
}

/** Makes the rows that lack a feature of the histories again, in one pass through the whole log in its order. */
async function remake(
  work: LogWork,
  run: Progress,
  onProgress: (through: number) => void,
  onJudged?: OnJudged,
): Promise<SliceCounted> {
  const reader = new SqliteLogReader(work.path)
  const trials = new TrialRun(work.plan, onJudged)
  const cases = casesOf(work, reader, trials, await loadScore(work.bundle))
  const { detector, features } = trials.wanted
  const rebuild = new Rebuild({ detector, features }, reader, undefined, {}, true)
  const row = new Float64Array(features.names.length)
  let [recomputed, taken, all] = [0, 0, 0]
  const isWithin = ({ sequence }: Sequenced) => sequence <= work.whole.through
  try {
    const goesOn = () =>
      rebuild.step(
        (record, transaction, histories) => {
          if (record.kind !== 'decision' || !isWithin(record)) return
          taken++
          const serves = cases.serves(record.definition)
          if (!serves) recomputed++
          trials.take(cases.of(lentOf(record), serves ? undefined : computeRow(features, transaction, histories, row)))
        },
        (record) => {
          if (record.kind === 'decision' && isWithin(record)) all++
        },
      )
    while (rebuild.sequence < work.whole.through && goesOn()) {
      throwIfInterrupted(run.signal)
      onProgress(Math.min(work.whole.through, rebuild.sequence))
    }
    refusePruned(reader, work.whole)
    const unread = Object.values(reader.unread).reduce((sum, count) => sum + count, 0)
    return { counted: trials.takeCounted(), unread, recomputed, untaken: all - taken }
  } finally {
    reader.close()
  }
}

function lentOf({ policy, fields, degraded, ...record }: Sequenced<DecisionRecord>): LentDecision {
  const { wouldBe = record.outcome, propensity = Number.NaN } = policy?.control ?? {}
  return { ...record, fields: [...fields], featuresFailed: degraded.includes('features-failed'), wouldBe, propensity }
}

function casesOf(
  { plan, labels, whole }: LogWork,
  reader: SqliteLogReader,
  { wanted }: TrialRun,
  score: ScoreRow | undefined,
) {
  return new RecordedCases({
    ...{ wanted, needed: new Set(plan.needed), matureMs: plan.matureMs, score },
    definitionOf: (sequence) => reader.definition(sequence),
    labelOf: (sequence) => labels[sequence - whole.after],
  })
}

/** What is gone would be left out without a word. */
function refusePruned(reader: SqliteLogReader, { after }: LogSlice): void {
  if (reader.prunedThrough() <= after) return
  throw new FraudError('LOG_UNAVAILABLE', 'The log let go of old records while it was read: start the backtest again')
}
