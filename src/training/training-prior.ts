import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'
import type { Progress } from '../core/progress.ts'
import { isReadOnce } from '../data/byte-source.ts'
import type { LocatedDetector } from '../detector/detector.ts'
import { lacksPrior, withPrior } from '../features/priors.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { type PlanRequest, planTraining } from './plan-training.ts'
import { splitRows } from './split-rows.ts'
import { onlyLabelled } from './without-labels.ts'

/** Digits of the rate: with more, two trainings on nearly the same rows would differ in their features for nothing. */
const digits = 4

/**
 * A detector with the training period's rate of fraud in those features that lack it; undefined where none does. The rows are read
 * once before for it, and split as the training will split them.
 *
 * @param file what is read; undefined where it is a log.
 */
export async function learnPrior(
  located: LocatedDetector,
  file: string | undefined,
  request: PlanRequest,
  run: Progress,
  read: (located: LocatedDetector) => Promise<LabelledRows>,
): Promise<LocatedDetector | undefined> {
  const { detector, locate } = located
  if (!lacksPrior(detector)) return undefined
  if (file !== undefined && isReadOnce(file)) {
    throw new FraudError(
      'OPTION_INVALID',
      `${option('detector')}: riskOf needs the training period's rate of fraud before rows are made, and standard input can be read only once; write prior: RATE into it, or train on a file`,
    )
  }
  run.note('  riskOf shrinks to the rate of fraud in the training period, so the rows are read once before')
  const rows = onlyLabelled(await read({ detector: withPrior(detector, 0), locate }))
  const { train } = splitRows(rows, planTraining(request, rows).split, false)
  const frauds = train.reduce((sum, row) => sum + rows.labels[row], 0)
  const prior = Number((frauds / train.length).toPrecision(digits))
  run.note(`  rate of fraud in the training period: ${Number((100 * prior).toPrecision(digits))} %`)
  return { detector: withPrior(detector, prior), locate }
}
