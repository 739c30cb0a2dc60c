import { createHash } from 'node:crypto'
import { FraudError } from '../core/errors.ts'
import type { Detector, LocatedDetector } from '../detector/detector.ts'
import { choosePolicy, warnOfBundle } from '../evaluation/choose-policy.ts'
import { compileFeatures } from '../features/feature-set.ts'
import { type BundleContent, type ChosenThreshold, encodeBundle } from '../models/bundle.ts'
import { whyUnexplained } from '../models/explanation.ts'
import { readForeignModel } from '../models/foreign-model.ts'
import { givenThreshold } from '../training/decide-threshold.ts'
import { readDetector } from '../training/find-detector.ts'
import { type MeasuredImport, measureImport } from '../training/measure-import.ts'
import { readBytes } from '../training/read-bytes.ts'
import { readRowsFor } from '../training/read-labelled-rows.ts'
import { type ForceRequest, replaceFile } from '../training/replace-output.ts'
import { warnOfMissing } from './missing-at-first.ts'
import { checkOutputs } from './output-paths.ts'
import { printEvaluation, summarise } from './print-evaluation.ts'
import type { Run } from './run.ts'
import type { Terminal } from './terminal.ts'

export interface ImportFlags extends ForceRequest {
  readonly detector: string
  readonly out: string
  readonly threshold?: number
  /** Transactions that calibrate and measure the model. */
  readonly rows?: string
  /** Those from this time on are what the model has not seen, in milliseconds since 1970. */
  readonly rowsFrom?: number
  readonly allTrees?: boolean
  readonly categoryNumbers?: boolean
}

/** Reads a model of another library and writes it as a bundle. */
export async function importModel(file: string, flags: ImportFlags, run: Run): Promise<void> {
  const { terminal } = run
  await checkOutputs({ '--out': flags.out }, { FILE: file, '--detector': flags.detector, '--rows': flags.rows })
  const located = await readDetector(flags.detector, { badRows: 'fail' })
  const compiled = compileFeatures(located)
  const features = compiled.names
  const bytes = await readBytes(file, 'The model')
  const { library, model, treesInFile } = readForeignModel(bytes, flags, compiled, {
    note: terminal.say,
    warn: terminal.warn,
  })
  const measured = await measure(model, located, flags, run)
  const threshold = measured?.threshold ?? unmeasuredThreshold(flags)
  const detector = choosePolicy(located.detector, threshold, measured?.held)
  const content: BundleContent = {
    detector,
    preset: 'imported',
    learner: library,
    options: {},
    seed: 0,
    model,
    calibration: measured?.calibration ?? { method: 'none' },
    threshold,
    metrics: { ...measured?.evaluation },
    training: {
      fingerprint: createHash('sha256').update(bytes).digest('hex'),
      ...{
        rows: 0,
        frauds: 0,
        calibrationRows: measured?.held.rows.length ?? 0,
        split: { by: 'elsewhere' },
        refit: false,
      },
    },
    example: Object.fromEntries(features.map((name) => [name, 0])),
    ...(measured && { histograms: measured.histograms }),
  }
  const { bytes: bundle, id } = encodeBundle(content)
  await replaceFile(flags.out, bundle, flags, run)
  const trees = model.kind === 'tree-ensemble' ? model.nodes.roots.length : undefined
  const what = trees === undefined ? 'a graph that ONNX Runtime runs' : `${trees} trees`
  if (trees !== undefined && treesInFile !== undefined && trees !== treesInFile) {
    terminal.warn(
      `Early stopping found the first ${trees} of ${treesInFile} trees best (best_iteration): these are taken, as ` +
        "XGBoost's own classifiers do; --all-trees takes all, as Booster.predict does",
    )
  }
  terminal.say(`${library}: ${what}, ${features.length} features\nbundle  ${flags.out}  ${id}`)
  const missing = warnOfMissing(library, compiled)
  if (missing !== undefined) terminal.warn(missing)
  if (measured === undefined) tellPolicy(content, located.detector, terminal)
  const why = whyUnexplained(model)
  if (why !== undefined) terminal.warn(`Its answers can't be explained: ${why}`)
  if (measured !== undefined) tellMeasured(measured, terminal)
  const told = { bundle: id, out: flags.out, library, trees, treesInFile, features }
  terminal.result({
    ...told,
    policy: detector.policy,
    unexplained: why,
    ...(measured && summarise(measured.evaluation)),
  })
}

async function measure(
  model: BundleContent['model'],
  located: LocatedDetector,
  { rows, rowsFrom, threshold }: ImportFlags,
  run: Run,
): Promise<MeasuredImport | undefined> {
  if (rows === undefined) {
    if (rowsFrom === undefined) return undefined
    throw new FraudError('OPTION_INVALID', '--rows-from says which of the --rows are new to the model: give them, too')
  }
  const read = await readRowsFor(located, rows, { badRows: 'fail' }, run)
  return measureImport(model, read, { fromMs: rowsFrom ?? Number.NEGATIVE_INFINITY, threshold })
}

function unmeasuredThreshold({ threshold }: ImportFlags): ChosenThreshold {
  if (threshold !== undefined) return givenThreshold(threshold)
  return { value: 0.5, inclusive: true, chosenBy: 'because there were no rows to choose it on' }
}

function tellMeasured({ calibration, threshold, held, evaluation }: MeasuredImport, terminal: Terminal): void {
  const rows = held.rows.length.toLocaleString('en')
  terminal.say(
    `calibrated on ${rows} rows (${calibration.method}); threshold ${threshold.value.toPrecision(4)}, ${threshold.chosenBy}`,
  )
  printEvaluation(evaluation, terminal)
}

/** Thresholds that nobody chose are told, and so is a policy that has none. */
function tellPolicy(content: BundleContent, given: Detector, terminal: Terminal): void {
  const warning = warnOfBundle(content)
  if (warning !== undefined) terminal.warn(warning)
  else if (content.detector !== given) {
    terminal.say(
      `policy  review from ${content.threshold.value} up, decline nothing: the detector has no threshold, and there are ` +
        'no rows to choose one on',
    )
  }
}
