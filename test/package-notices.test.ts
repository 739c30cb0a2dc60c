import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { z } from 'zod'
import { consoleFiles, kernelFiles } from '../deploy/package/bundled-files.ts'
import { bundledFrom, installedWith } from '../deploy/package/carried.ts'
import { cycloneDx } from '../deploy/package/cyclone-dx.ts'
import { allowedLicenses, notices } from '../deploy/package/notices.ts'
import { buildProgram } from '../deploy/package/program.ts'

const repository = process.cwd()
const manifest = z.object({ dependencies: z.record(z.string(), z.string()) })
const tree: z.ZodType<Tree> = z.object({ version: z.string().optional(), dependencies: z.lazy(() => trees).optional() })
const trees: z.ZodType<Readonly<Record<string, Tree>>> = z.record(z.string(), tree)
interface Tree {
  readonly version?: string | undefined
  readonly dependencies?: Readonly<Record<string, Tree>> | undefined
}

/** The packages that npm itself finds under those that Shrike depends on, as the lock file has them. */
function foundByNpm(): ReadonlySet<string> {
  const args = ['ls', '--all', '--json', '--package-lock-only', '--workspaces=false']
  const printed = execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const { dependencies } = manifest.parse(JSON.parse(readFileSync('package.json', 'utf8')))
  const found = new Set<string>()
  const visit = (name: string, { version, dependencies: next = {} }: Tree) => {
    if (version !== undefined) found.add(`${name}@${version}`)
    for (const [each, below] of Object.entries(next)) visit(each, below)
  }
  for (const [name, each] of Object.entries(tree.parse(JSON.parse(printed)).dependencies ?? {}))
    if (name in dependencies) visit(name, each)
  return found
}

suite('what Shrike carries of others', async () => {
  const installed = installedWith(repository)
  const files = [...(await buildProgram(repository)), ...(await consoleFiles(repository)), ...kernelFiles(repository)]
  const bundled = bundledFrom(repository, files)
  const carried = [...installed, ...bundled]

  test('is under licences that it may be carried under', () => {
    const others = carried.flatMap(({ name, license }) =>
      license
        .replaceAll(/[()]/g, '')
        .split(' AND ')
        .filter((each) => !allowedLicenses.has(each))
        .map((each) => `${name}: ${each}`),
    )
    assert.deepEqual(others, [])
  })

  test('is what npm says that it depends on', () => {
    const listed = installed.map(({ name, version }) => `${name}@${version}`)
    const byNpm = foundByNpm()
    assert.deepEqual(
      [...byNpm].filter((each) => !listed.includes(each)),
      [],
    )
    assert(listed.includes('fastify@5.12.8') && listed.length > 100)
    assert(!listed.some((each) => /^(typescript|vite|knip)@/.test(each)))
  })

  test('includes what the program and its pages are built of, with its licence in full', () => {
    const names = bundled.map(({ name }) => name)
    for (const name of ['zod', 'preact', '@preact/signals', '@codemirror/view', 'openapi-fetch', 'assemblyscript'])
      assert(names.includes(name), name)
    assert(!names.includes('vite') && !names.includes('echarts'))
    assert.doesNotMatch(notices(bundled), /the package holds no text of it/)
  })

  test('is listed once each as CycloneDX wants it', () => {
    const components = z.object({ components: z.array(z.object({ 'bom-ref': z.string(), purl: z.string() })) })
    const listed = components.parse(cycloneDx(repository, carried)).components
    assert.equal(listed.length, carried.length)
    assert.equal(new Set(listed.map((each) => each['bom-ref'])).size, listed.length)
    assert(listed.some(({ purl }) => purl === 'pkg:npm/%40codemirror/view@6.43.15'))
  })
})
