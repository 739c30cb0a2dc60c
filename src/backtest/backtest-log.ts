import { FraudError } from '../core/errors.ts'
import type { Progress } from '../core/progress.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import type { LocatedDetector } from '../detector/detector.ts'
import { inMemory } from '../detector/detector.ts'
import { labelRanks } from '../detector/label-precedence.ts'
import { readBundle } from '../scoring/load-predictor.ts'
import { SqliteLogReader } from '../stores/sqlite/sqlite-log-reader.ts'
import { SqlitePersons } from '../stores/sqlite/sqlite-persons.ts'
import { lastDetector } from '../training/find-detector.ts'
import { type BacktestResult, tellBacktest } from './backtest-result.ts'
import { countLog, type LogCounted, type LogWork, readLabels } from './log-slices.ts'
import type { OnJudged } from './plan.ts'
import { prepare } from './prepare.ts'
import type { BacktestRequest } from './request.ts'
import { readStanding } from './standing.ts'

/**
 * Tests a policy on the decisions of a log, beside the service that writes it.
 *
 * @param path of the log's file.
 * @param detector whose names and features count in the place of those in force.
 * @param onJudged is told of each transaction in the order of the log, all by one thread.
 * @throws FraudError INPUT_INVALID before anything is read where what is tested can't be put in force.
 */
export async function backtestLog(
  { path, source }: { readonly path: string; readonly source: string },
  request: BacktestRequest,
  detector: LocatedDetector | undefined,
  run: Progress,
  onJudged?: OnJudged,
): Promise<BacktestResult> {
  const reader = new SqliteLogReader(path)
  try {
    const bundle = typeof request.bundle === 'string' ? await readBundle(request.bundle) : undefined
    const located =
      bundle === undefined ? (detector ?? lastDetector(reader)) : { detector: bundle.detector, locate: inMemory }
    const [after, through] = [reader.prunedThrough(), reader.lastSequence()]
    const standing = readStanding(reader, located.detector, through)
    const { newestMs } = reader.transactionsIn(after, through)
    const inputs = bundle?.model.features ?? []
    const hasModel = bundle !== undefined || reader.lastDefinition()?.definition.model !== null
    const persons = new SqlitePersons(reader.database, () => '')
    const { plan, notes } = prepare(request, { located, standing, newestMs, inputs, hasModel, persons })
    const { knownByMs = Number.POSITIVE_INFINITY } = request
    const labels = readLabels(reader, { after, through }, knownByMs, labelRanks(located.detector))
    const work: LogWork = { path, plan, labels, whole: { after, through }, bundle: request.bundle }
    const counted = await countLog(work, request.threads, run, onJudged)
    const result = tellBacktest(counted.counted, plan, {
      basis: {
        ...{ source, through, policy: standing.version, matureUntil: formatIsoTime(plan.matureMs) },
        ...{ recomputed: counted.recomputed, recomputedFor: counted.lacking ?? [], inOrder: counted.inOrder },
      },
      notes: [...notes, ...notesOf(counted, after), ...tellPruned(reader)],
    })
    if (result.all.transactions === 0) throw nothingThere(reader, request)
    return result
  } finally {
    reader.close()
  }
}

/** What can't be seen any more. */
function tellPruned(reader: SqliteLogReader): readonly string[] {
  const firstMs = reader.firstTransactionMs()
  if (reader.prunedThrough() === 0 || firstMs === undefined) return []
  return [
    `Records before ${formatIsoTime(firstMs)} are no longer kept: their decisions, and labels of them, count nowhere`,
  ]
}

function notesOf(
  { unread, untaken, recomputed, lacking, inOrder }: LogCounted,
  prunedThrough: number,
): readonly string[] {
  const show = (count: number) => count.toLocaleString('en')
  const why =
    lacking === undefined || lacking.length === 0
      ? 'fields are read otherwise than then'
      : `they lack ${lacking.join(', ')}`
  return [
    ...(recomputed > 0 ? [`${show(recomputed)} rows were made of the histories again: ${why}`] : []),
    ...(recomputed > 0 && prunedThrough > 0
      ? ['Older records are no longer kept, so the first of these rows rest on short histories']
      : []),
    ...(untaken > 0
      ? [`${show(untaken)} decisions were left out: the detector can not take them for transactions`]
      : []),
    ...(inOrder
      ? ['Caps and fuses count what came before, so transactions were judged in their order by one thread']
      : []),
    ...(unread > 0 ? [`A newer Shrike wrote parts of ${show(unread)} records that this one skips`] : []),
  ]
}

function nothingThere(reader: SqliteLogReader, { fromMs, toMs }: BacktestRequest): FraudError {
  const { count } = reader.transactionsIn(reader.prunedThrough(), reader.lastSequence())
  const isCut = fromMs !== undefined || toMs !== undefined
  const reason = isCut ? 'the log has no decision in this time' : 'the log has no decision'
  return new FraudError('DATA_INVALID', `There is nothing to test on: ${reason}`, {
    hint:
      count > 0 && !isCut
        ? 'Its transactions are only known: shrike replay FILE --as decisions decides them'
        : undefined,
  })
}
