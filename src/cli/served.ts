import { existsSync } from 'node:fs'
import { FraudError } from '../core/errors.ts'
import { type Detector, parseDetector, parseDetectorFile } from '../detector/detector.ts'
import { compileFeatures } from '../features/feature-set.ts'
import { ownDetector } from '../log/own-detector.ts'
import { loadModel } from '../scoring/load-predictor.ts'
import type { Predictor } from '../scoring/predictor.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { readBytes } from '../training/read-bytes.ts'
import { championIn, championPath, loadChampion } from './champion.ts'
import { currentBundle } from './current-bundle.ts'
import { openLog } from './log-files.ts'
import { detectorPath } from './shipped-detector.ts'

/** What decides: a bundle, or a detector whose rules and lists decide alone. */
export interface Served {
  /** Undefined where there is no model. */
  readonly bundle?: string
  /** The file of a bundle that may take over: one that was named, or that is served where nobody has deployed a model. */
  readonly offered?: string | undefined
  /** Reads it, as often as it is asked. */
  readonly load: () => Promise<{ readonly detector: Detector; readonly predictor?: Predictor }>
}

export interface ServedFlags {
  readonly bundle?: string
  readonly detector?: string
}

/** What flags name, if they do. */
export function namedServed(flags: Partial<Record<keyof ServedFlags, string | undefined>>): Served | undefined {
  const { bundle, detector } = flags
  if (bundle !== undefined && detector !== undefined) {
    const cure = 'a bundle has its detector with it: leave one of the two out'
    throw new FraudError('OPTION_INVALID', `--detector ${detector} is for deciding without a model; ${cure}`)
  }
  if (bundle !== undefined) return bundleServed(bundle)
  return detector === undefined ? undefined : { load: () => readDetector(detectorPath(detector)) }
}

/** The detector of a file, whose features are looked at, too, since here their lines are known. */
async function readDetector(path: string): Promise<{ readonly detector: Detector }> {
  const located = parseDetectorFile((await readBytes(path, 'The detector file')).toString('utf8'), path)
  compileFeatures(located)
  return located
}

/** What a command decides by where no service works on the directory: what flags name, else what decided last in it. */
export function servedIn(data: string, flags: ServedFlags): Served {
  return namedServed(flags) ?? championServed(data) ?? withoutModel(data) ?? bundleServed(currentBundle(data))
}

/** The champion that the log names. @param named a bundle that serves for its file where that is missing. */
export function championServed(data: string, named?: string): Served | undefined {
  const champion = championIn(data)
  if (champion === undefined) return undefined
  if (named !== undefined && !existsSync(champion.path)) return bundleServed(named)
  return { bundle: championPath(champion), offered: named, load: () => loadChampion(data) }
}

export function bundleServed(bundle: string): Served {
  return { bundle, offered: bundle, load: () => loadModel(bundle) }
}

/** The detector in force where it decides without a model. */
function withoutModel(data: string): Served | undefined {
  if (!existsSync(dataDirectory(data).logPath)) return undefined
  const log = openLog({ data })
  try {
    const last = log.lastDefinition()?.definition
    if (last?.model !== null) return undefined
    return { load: async () => ({ detector: parseDetector(ownDetector(last)) }) }
  } finally {
    log.close()
  }
}
