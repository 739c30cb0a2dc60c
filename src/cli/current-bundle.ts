import { existsSync } from 'node:fs'
import { FraudError } from '../core/errors.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { refuseLinks } from '../stores/file-access.ts'
import { championIn, championPath } from './champion.ts'

const trained = 'shrike-model.safetensors'

/** The champion that the log names, else the bundle of `ownBundle`. */
export function currentBundle(data: string): string {
  const champion = championIn(data)
  return champion === undefined ? ownBundle(data) : championPath(champion)
}

/** The data directory's own bundle, else the one that training writes by default. `named` says how another is given. */
export function ownBundle(data: string, named = '--bundle FILE'): string {
  const { bundlePath: own } = dataDirectory(data)
  refuseLinks(own)
  const path = [own, trained].find((each) => existsSync(each))
  if (path !== undefined) return path
  throw new FraudError(
    'FILE_UNREADABLE',
    `No model bundle is named, and there is neither ${own} nor ${trained}: name one with ${named}`,
  )
}
