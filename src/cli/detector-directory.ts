import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDetectorFile } from '../detector/detector.ts'
import { wholeDetector } from '../learners/detector-model.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { lastDetector } from '../training/find-detector.ts'
import { openLog } from './log-files.ts'

/** The transactions of two detectors are not those of one service: another data directory where one is in use. */
export function directoryFor(detector: string, data: string): { readonly own: string; readonly other?: string } {
  const other = detectorIn(data)
  return other === undefined || other === detector ? { own: data } : { own: `${data}-${detector}`, other }
}

/** The name of the detector that a data directory is in use for. */
function detectorIn(data: string): string | undefined {
  const draft = join(data, 'detector.yaml')
  if (existsSync(draft)) return parseDetectorFile(readFileSync(draft, 'utf8'), draft, wholeDetector).detector.detector
  if (!existsSync(dataDirectory(data).logPath)) return undefined
  const reader = openLog({ data })
  try {
    return reader.lastDefinition() === undefined ? undefined : lastDetector(reader).detector.detector
  } finally {
    reader.close()
  }
}
