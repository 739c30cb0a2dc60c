import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { pathToFileURL } from 'node:url'

const guide = 'docs/guides/callers.md'
const client = pathToFileURL('client/src/index.ts').href

/** The code of the guide in a language, block by block. */
export function guideCode(language: string): readonly string[] {
  const blocks = readFileSync(guide, 'utf8').matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'))
  return [...blocks].map(([, code]) => code)
}

/** Runs code of the guide as a module, with what it leaves to its reader before and after it. */
export function importCode(code: string, before = '', behind = ''): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-guide-'))
  after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'guide.mjs')
  writeFileSync(path, `${before}\n${code.replaceAll("'shrike-client'", `'${client}'`)}\n${behind}\n`)
  return import(pathToFileURL(path).href)
}
