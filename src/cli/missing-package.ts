import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { FraudError } from '../core/errors.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** What to do where Node could not find a package, or a file of one; undefined where it was anything else. */
export function missingPackage(error: unknown): FraudError | undefined {
  if (!(error instanceof Error && 'code' in error)) return undefined
  if (error.code !== 'ERR_MODULE_NOT_FOUND' && error.code !== 'MODULE_NOT_FOUND') return undefined
  const found = /^Cannot find (?:package|module) '([^']+)'/.exec(error.message)?.[1] ?? ''
  const name = packageOf(found)
  if (name === undefined) return undefined
  const cure = existsSync(`${root}src`) ? `run "npm ci" in ${root}` : 'install Shrike again'
  return new FraudError('PACKAGE_MISSING', `The package "${name}" is not installed, or not all of it: ${cure}`, {
    cause: error,
  })
}

/** The package that a specifier or a path names: not a file of Shrike's own. */
function packageOf(found: string): string | undefined {
  const [, inside] = /.*[\\/]node_modules[\\/](.+)/.exec(found) ?? [undefined, found]
  return /^(@[^\\/]+[\\/][^\\/]+|[^@./\\][^\\/]*)/.exec(inside)?.[1]
}
