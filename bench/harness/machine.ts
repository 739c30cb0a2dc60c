import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'

/** The machine in one line, without anything that names its owner. */
export function describeMachine(): string {
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  const model = (cpus()[0]?.model ?? 'unknown processor').trim()
  return `${model}, ${availableParallelism()} cores, ${gigabytes} GiB, ${type()} ${release()}, Node ${process.versions.node}`
}

/** `name version` of each named peer, as pinned (the environment is refused when it holds anything else). */
export function pinnedVersions(requirementsPath: string, names: readonly string[]): string {
  const pinned = existsSync(requirementsPath) ? readFileSync(requirementsPath, 'utf8') : ''
  return names
    .map((name) => `${name} ${new RegExp(`^${name}==([^ \\n]+)`, 'm').exec(pinned)?.[1] ?? 'unknown'}`)
    .join(', ')
}
