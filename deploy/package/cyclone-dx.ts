import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Carried } from './carried.ts'

const own = z.object({ name: z.string(), version: z.string(), description: z.string(), license: z.string() })

/** A bill of materials as CycloneDX 1.6 has it. Nothing in it says when or where it was made. */
export function cycloneDx(repository: string, carried: readonly Carried[]): object {
  const { name, version, description, license } = own.parse(
    JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')),
  )
  const root = `${name}@${version}`
  const byName = Map.groupBy(carried, (each) => each.name)
  const refsOf = (names: readonly string[]) => [
    ...new Set(names.flatMap((each) => (byName.get(each) ?? []).map(refOf))),
  ]
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        ...{ type: 'application', 'bom-ref': root, name, version, description, purl: purlOf(name, version) },
        licenses: licensesOf(license),
      },
    },
    components: carried.map(componentOf),
    dependencies: [
      { ref: root, dependsOn: carried.map(refOf) },
      ...carried.map((each) => ({ ref: refOf(each), dependsOn: refsOf(each.dependsOn) })),
    ],
  }
}

function refOf({ name, version, how }: Carried): string {
  return `${how === 'bundled' ? 'bundled:' : ''}${name}@${version}`
}

function componentOf(carried: Carried): object {
  const { name, version, license, how, isOptional, integrity } = carried
  const at = name.indexOf('/')
  const [algorithm, hash] = integrity?.split('-') ?? []
  return {
    type: 'library',
    'bom-ref': refOf(carried),
    ...(at < 0 ? { name } : { group: name.slice(0, at), name: name.slice(at + 1) }),
    version,
    scope: isOptional ? 'optional' : 'required',
    ...(algorithm === 'sha512' && {
      hashes: [{ alg: 'SHA-512', content: Buffer.from(hash, 'base64').toString('hex') }],
    }),
    licenses: licensesOf(license),
    purl: purlOf(name, version),
    properties: [{ name: 'shrike:how', value: how }],
  }
}

function licensesOf(license: string): readonly object[] {
  return [/ (OR|AND|WITH) /.test(license) ? { expression: license } : { license: { id: license } }]
}

function purlOf(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}
