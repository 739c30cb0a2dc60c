import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const benchFolder = fileURLToPath(new URL('..', import.meta.url))
const interpreter = `${benchFolder}.venv/bin/python`

export const requirements = `${benchFolder}peers/requirements.txt`
export const cacheFolder = `${benchFolder}.cache/`
export const nodePeers = `${cacheFolder}node/`

export const withoutPeers =
  'The peers are missing, so these are only our own figures. `npm run bench:peers` makes their environment.'

/** The path of a file below bench/, for a child process. */
export function benchFile(path: string): string {
  return `${benchFolder}${path}`
}

/** The Python of the pinned environment, or undefined where `npm run bench:peers` has not made it as it is now. */
export function findPython(): string | undefined {
  const installed = `${benchFolder}.venv/installed.txt`
  if (!existsSync(interpreter) || !existsSync(installed)) return undefined
  return readFileSync(installed, 'utf8') === readFileSync(requirements, 'utf8') ? interpreter : undefined
}

export function hasNodePeer(): boolean {
  return existsSync(`${nodePeers}node_modules/onnxruntime-node`)
}

export function hasCommand(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)))
}
