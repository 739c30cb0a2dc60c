import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { FraudError } from '../core/errors.ts'

/** A detector that comes with Shrike; the sources and the built files lie two folders under it. */
export function shippedDetector(name: string): string {
  const path = shippedPath(name)
  if (existsSync(path)) return path
  throw new FraudError('FILE_UNREADABLE', `${path} is missing; name the handbook's detector with --detector`)
}

/** A detector's file by its path, or by the name of one that comes with Shrike. */
export function detectorPath(given: string): string {
  if (existsSync(given) || !/^[\w-]+(\.yaml)?$/.test(given)) return given
  const shipped = shippedPath(given.replace(/\.yaml$/, ''))
  return existsSync(shipped) ? shipped : given
}

function shippedPath(name: string): string {
  return fileURLToPath(new URL(`../../detectors/${name}.yaml`, import.meta.url))
}
