// Runs the commands of the guides and writes the figures that they print into them; with --check it only says which
// differ, and ends with 1. A guide that takes part says so by the line that dates its figures.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMain } from '../is-main.ts'
import { compareOutput, figureIn } from './compare-output.ts'
import { type DocStep, parseDoc } from './parse-doc.ts'
import { outputsOf, runDoc } from './run-doc.ts'

export const datedDocs = [
  'docs/guides/features.md',
  'docs/guides/lists.md',
  'docs/guides/rules.md',
  'docs/guides/tune.md',
  'docs/guides/thresholds.md',
]

const dated = /(<!-- figures of `npm run docs:figures`, )\d{4}-\d{2}-\d{2}( -->)/

/** A document with the figures that its commands print now, and what a person has to look at. */
export function refreshDoc(
  markdown: string,
  steps: readonly DocStep[],
  outputs: ReadonlyMap<DocStep, string>,
): { readonly markdown: string; readonly problems: readonly string[] } {
  const lines = markdown.split('\n')
  const problems: string[] = []
  // From the last to the first, so that places in a line stay what they are.
  for (const step of steps.toReversed()) {
    const output = outputs.get(step)
    if (step.kind === 'output' && output !== undefined) {
      const { lines: now, missing } = compareOutput(step, output)
      now.forEach((line, i) => {
        lines[step.line - 1 + i] = line === '' ? '' : step.indent + line
      })
      for (const line of missing) problems.push(`line ${step.line}: nothing printed is like "${line}"`)
    } else if (step.kind === 'figure') {
      const now = output === undefined ? undefined : figureIn(step, output)
      if (now === undefined) problems.push(`line ${step.line}: ${step.pattern} is not printed`)
      else {
        const line = lines[step.line - 1]
        lines[step.line - 1] = line.slice(0, step.from) + now + line.slice(step.to)
      }
    }
  }
  return { markdown: lines.join('\n'), problems: problems.toReversed() }
}

function refresh(path: string, checks: boolean): boolean {
  const before = readFileSync(path, 'utf8')
  const steps = parseDoc(before)
  const folder = mkdtempSync(join(tmpdir(), 'docs-figures-'))
  try {
    const printed = runDoc(steps, { folder, onCommand: (command) => console.log(`  ${command}`) })
    const { markdown, problems } = refreshDoc(before, steps, outputsOf(steps, printed))
    for (const problem of problems) console.log(`${path}, ${problem}`)
    const changed = before.split('\n').flatMap((line, i) => (line === markdown.split('\n')[i] ? [] : [i + 1]))
    console.log(
      `${path}: ${changed.length === 0 ? 'every figure is as printed' : `changed lines ${changed.join(', ')}`}`,
    )
    if (!checks) writeFileSync(path, markdown.replace(dated, `$1${new Date().toISOString().slice(0, 10)}$2`))
    return problems.length === 0 && (!checks || changed.length === 0)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (isMain(import.meta)) {
  const args = process.argv.slice(2)
  const paths = args.filter((arg) => !arg.startsWith('--'))
  const isFine = (paths.length === 0 ? datedDocs : paths).map((path) => {
    console.log(path)
    return refresh(path, args.includes('--check'))
  })
  process.exitCode = isFine.every(Boolean) ? 0 : 1
}
