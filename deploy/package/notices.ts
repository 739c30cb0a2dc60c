import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Carried } from './carried.ts'

/** Licences under which Shrike may carry what others made; whoever adds another one has read it. */
export const allowedLicenses: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
])

/** The licences' texts as their packages have them, each once, under the names of those that share it. */
export function notices(carried: readonly Carried[]): string {
  const byText = Map.groupBy(carried, textOf)
  const parts = [...byText].map(([text, those]) => {
    const heads = those.map(({ name, version, license, how }) => `${name} ${version} (${license}, ${how})`)
    return `${[...new Set(heads)].join('\n')}\n\n${text}\n`
  })
  const line = `\n${'-'.repeat(80)}\n\n`
  return `Shrike comes with these packages of others. "Installed" ones are fetched beside it by npm, parts of "bundled" ones are in its own files.\n${line}${parts.join(line)}`
}

/** What the package says of its licence in files of its own. */
function textOf({ folder, license }: Carried): string {
  if (!existsSync(folder)) return `Under ${license}; its text comes with the package, which is for another platform.`
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter(({ name, parentPath }) => isNotice(name) && !relative(folder, parentPath).includes('node_modules'))
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => join(parentPath, name))
  const texts = files.toSorted().map((file) => readFileSync(file, 'utf8').replaceAll('\r\n', '\n').trim())
  return texts.length > 0 ? texts.join('\n\n') : `Under ${license}; the package holds no text of it.`
}

function isNotice(name: string): boolean {
  return /^(licen[cs]e|copying|notice)[^/]*$/i.test(name) && !/\.[cm]?[jt]sx?$/.test(name)
}
