import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { z } from 'zod'

/** A package of somebody else's that comes with Shrike. */
export interface Carried {
  readonly name: string
  readonly version: string
  /** As SPDX writes it. */
  readonly license: string
  /** By npm, when Shrike is installed, or in Shrike's own files. */
  readonly how: 'installed' | 'bundled'
  /** Whether only some platforms get it. */
  readonly isOptional: boolean
  /** Of its files, as npm writes it. */
  readonly integrity?: string | undefined
  /** Where it is installed here; a build for another platform is not. */
  readonly folder: string
  /** The names of those that it asks for, as they are found from it. */
  readonly dependsOn: readonly string[]
}

const names = z.record(z.string(), z.string()).default({})
const locked = z.object({
  version: z.string().default(''),
  license: z.string().optional(),
  integrity: z.string().optional(),
  dependencies: names,
  optionalDependencies: names,
  peerDependencies: names,
  peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.boolean().default(false) })).default({}),
})
const lockFile = z.object({ packages: z.record(z.string(), locked) })
const manifest = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  license: z.string().optional(),
})

/** What npm installs with Shrike: what only development needs is not among it. */
export function installedWith(repository: string): readonly Carried[] {
  const { packages } = lockFile.parse(JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8')))
  const found = new Map<string, Carried>()
  const visit = (place: string, isOptional: boolean, askedBy: string | undefined) => {
    if (found.has(place)) return
    const entry = packages[place]
    const folder = join(repository, place)
    // npm notes no licence of builds for other platforms, which belong to the package that asks for them.
    const license = entry.license ?? readManifest(folder).license ?? askedBy
    assert(license !== undefined, `${place} has no licence`)
    const dependsOn = [...needs(entry), ...Object.keys(entry.optionalDependencies)]
    const name = nameOf(place)
    const { version, integrity } = entry
    found.set(place, { name, version, license, how: 'installed', isOptional, integrity, folder, dependsOn })
    for (const next of dependsOn) {
      const nextPlace = resolveFrom(place, next, packages)
      visit(nextPlace, isOptional || next in entry.optionalDependencies, license)
    }
  }
  for (const name of needs(packages[''])) visit(`node_modules/${name}`, false, undefined)
  return sorted([...found.values()])
}

/** What goes with a package without being asked: its dependencies, and its peers where they are not optional. */
function needs({ dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta }: z.infer<typeof locked>) {
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true)
  return [...Object.keys(dependencies).filter((name) => !(name in optionalDependencies)), ...peers]
}

/** As Node looks for it: within the package, then in each folder of packages further up. */
function resolveFrom(place: string, name: string, packages: Readonly<Record<string, unknown>>): string {
  const folders = `/${place}`.split('/node_modules/')
  for (let depth = folders.length; depth > 0; depth -= 1) {
    const candidate = [...folders.slice(0, depth), name].join('/node_modules/').slice(1)
    if (candidate in packages) return candidate
  }
  return assert.fail(`${name}, which ${place} asks for, is not in package-lock.json`)
}

function nameOf(place: string): string {
  return place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)
}

function readManifest(folder: string): z.infer<typeof manifest> {
  const path = join(folder, 'package.json')
  return existsSync(path) ? manifest.parse(JSON.parse(readFileSync(path, 'utf8'))) : {}
}

/** The packages that files belong to which were made part of Shrike's own. */
export function bundledFrom(repository: string, files: Iterable<string>): readonly Carried[] {
  const folders = new Set([...files].filter((file) => file.includes('/node_modules/')).map(packageOf))
  return sorted(
    [...folders].map((folder) => {
      const { name, version, license } = readManifest(folder)
      assert(name && version && license, `${relative(repository, folder)} has no name, version or licence`)
      return { name, version, license, how: 'bundled', isOptional: false, folder, dependsOn: [] }
    }),
  )
}

/** The folder of the package that a file belongs to; folders within one may have a package.json of their own. */
function packageOf(file: string): string {
  const found = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)
  assert(found !== null)
  return found[0]
}

function sorted(carried: readonly Carried[]): readonly Carried[] {
  // A version that stands in two places is one package.
  const byKey = new Map(carried.map((each) => [`${each.name}@${each.version}`, each]))
  return [...byKey].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each)
}
