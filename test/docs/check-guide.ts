import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compareOutput, figureIn } from './compare-output.ts'
import { type DocCommand, parseDoc } from './parse-doc.ts'
import { outputsOf, runDoc } from './run-doc.ts'

/** On small data some lines are not printed, or about other things. */
const mayBeMissing = [/would be optimistic/, /equal a training row/, /^t-\d/, /^ {2}(?:trial|The best)/]

/** Few customers, and no command that only a sentence's figure is of, or that serves for ever. */
function smaller({ text, isHidden }: DocCommand): string | undefined {
  if (/ serve /.test(text) || (isHidden && / --split random| --allow-leak| early\.yaml| current\./.test(text)))
    return undefined
  return text
    .replace(/ --customers \d+ --terminals \d+/, '')
    .replace('--shape portfolio', '--shape portfolio --customers 60 --terminals 120')
    .replace('simulate --out creditcard.csv', 'simulate --rows 5000 --frauds 60 --out creditcard.csv')
    .replace('--trials 20', '--trials 2')
    .replace(/^(shrike train .*)$/, '$1 --no-leak-check')
}

/** Runs a guide's commands on small data, and asserts that they print what it shows, in other numbers. */
export function checkGuide(path: string): void {
  const markdown = readFileSync(path, 'utf8')
  const steps = parseDoc(markdown)
  const folder = mkdtempSync(join(tmpdir(), 'shrike-docs-'))
  try {
    const outputs = outputsOf(steps, runDoc(steps, { folder, change: smaller }))
    const cure = 'change the guide, then run `npm run docs:figures`'
    for (const [step, output] of outputs) {
      if (step.kind === 'output') {
        const { missing } = compareOutput(step, output)
        const wrong = missing.filter((line) => !mayBeMissing.some((pattern) => pattern.test(line)))
        assert.deepEqual(wrong, [], `${path}:${step.line} is not printed any more; ${cure}`)
      } else if (step.kind === 'figure') {
        const now = figureIn(step, output)
        assert.ok(now !== undefined, `${path}:${step.line}: ${step.pattern} is not printed any more; ${cure}`)
      }
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
