import { existsSync } from 'node:fs'
import { FraudError } from '../core/errors.ts'
import type { DeploymentReading } from '../deciding/deployment-projection.ts'
import { type Detector, parseDetector, parseDetectorFile } from '../detector/detector.ts'
import { compileFeatures } from '../features/feature-set.ts'
import { ownDetector } from '../log/own-detector.ts'
import { loadModel } from '../scoring/load-predictor.ts'
import type { Predictor } from '../scoring/predictor.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { readBytes } from '../training/read-bytes.ts'
import { type Champion, championIn, championOf, championPath, loadChampion } from './champion.ts'
import { ownBundle } from './current-bundle.ts'
import { openLog } from './log-files.ts'
import { detectorPath } from './shipped-detector.ts'

/** What decides: a bundle, or a detector whose rules and lists decide alone. */
interface Loaded {
  readonly detector: Detector
  readonly predictor?: Predictor
  /** The bundle's file. */
  readonly bundle?: string
  /** The file of a bundle that may take over: one that was named, or that is served where nobody has deployed a model. */
  readonly offered?: string | undefined
}

export interface Served {
  /** The bundle's file, where it is known before it is read. */
  readonly bundle?: string
  /** Reads it, as often as it is asked. @param log of the directory, where it is open. */
  readonly load: (log?: DeploymentReading) => Promise<Loaded>
}

export interface ServedFlags {
  readonly bundle?: string
  readonly detector?: string
}

type NamedFlags = Partial<Record<keyof ServedFlags, string | undefined>>

/** What flags name, if they do. */
function namedServed(flags: NamedFlags): Served | undefined {
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
  return namedServed(flags) ?? championServed(data) ?? withoutModel(data) ?? bundleServed(ownBundle(data))
}

function championServed(data: string): Served | undefined {
  const champion = championIn(data)
  return champion && { bundle: championPath(champion), load: () => loadChampionFile(champion) }
}

/**
 * What a service serves: the champion that the log names by then, else what flags name, else the directory's own bundle. A
 * bundle that is named serves for the champion's file where that is missing.
 */
export function servedByService(data: string, flags: NamedFlags): Served {
  const named = namedServed(flags)
  return {
    async load(log) {
      const champion = log === undefined ? championIn(data) : championOf(log, dataDirectory(data))
      const { bundle } = flags
      const isThere = champion !== undefined && (bundle === undefined || existsSync(champion.path))
      if (isThere) return { ...(await loadChampionFile(champion)), offered: bundle }
      const how = 'serve BUNDLE, or decide without a model: serve --detector FILE'
      return await (named ?? bundleServed(ownBundle(data, how))).load()
    },
  }
}

async function loadChampionFile(champion: Champion): Promise<Loaded> {
  return { ...(await loadChampion(champion)), bundle: champion.path }
}

export function bundleServed(bundle: string): Served {
  return { bundle, load: async () => ({ ...(await loadModel(bundle)), bundle, offered: bundle }) }
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
