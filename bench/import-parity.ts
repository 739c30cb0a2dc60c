import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { run } from './harness/child.ts'
import { benchFile } from './harness/peers.ts'

const usage = `node bench/import-parity.ts [--rows N] PYTHON...

Imports models of every kind, made by the lightgbm and xgboost of each PYTHON, and compares what shrike score says of
10,000 rows with what their own library says. Ends with code 1 where one differs by more than 1e-6, or is taken where
the file does not tell enough.`

const casesSchema = z.array(
  z.union([
    z.object({ library: z.string(), name: z.string(), cannot: z.string() }),
    z.object({
      ...{ library: z.string(), name: z.string(), folder: z.string(), flags: z.array(z.string()) },
      refused: z.string().nullable(),
    }),
  ]),
)
type Case = z.infer<typeof casesSchema>[number]

const { values, positionals } = parseArgs({ allowPositionals: true, options: { rows: { type: 'string' } } })
if (positionals.length === 0) {
  console.error(usage)
  process.exit(2)
}

function shrike(folder: string, ...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [benchFile('../bin/shrike.js'), ...words], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  return { isDone: status === 0, stdout, why: stderr.trim().split('\n').at(-1) ?? '' }
}

/** What came of a case, and whether that is right. */
function measure(each: Case): { readonly isRight?: boolean; readonly told: string } {
  if ('cannot' in each) return { told: `not in this version: ${each.cannot}` }
  const imported = shrike(each.folder, 'import', 'model', '--detector', 'detector.yaml', '--out', 'm', ...each.flags)
  if (!imported.isDone) {
    return { isRight: each.refused !== null && imported.why.includes(each.refused), told: `refused: ${imported.why}` }
  }
  const scored = shrike(each.folder, 'score', 'm', 'rows.csv')
  if (!scored.isDone) return { isRight: false, told: scored.why }
  const ours = scored.stdout
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',')[1]))
  const theirs = z.array(z.number()).parse(JSON.parse(readFileSync(join(each.folder, 'answers.json'), 'utf8')))
  if (ours.length !== theirs.length) return { isRight: false, told: `${ours.length} answers for ${theirs.length} rows` }
  const largest = ours.reduce((most, answer, i) => Math.max(most, Math.abs(answer - theirs[i])), 0)
  const told = `${largest.toExponential(1)} on ${ours.length} rows`
  return { isRight: each.refused === null && largest <= 1e-6, told }
}

console.log('| library | model | largest difference | |\n| --- | --- | --- | --- |')
for (const python of positionals) {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-parity-'))
  const made = join(folder, 'made')
  await run(python, [benchFile('peers/import_parity.py'), made, ...(values.rows === undefined ? [] : [values.rows])])
  for (const each of casesSchema.parse(JSON.parse(readFileSync(join(made, 'cases.json'), 'utf8')))) {
    const { isRight, told } = measure(each)
    if (isRight === false) process.exitCode = 1
    const { library, name } = each
    const verdict = isRight === undefined ? '' : isRight ? 'right' : 'WRONG'
    console.log(`| ${library} | ${name} | ${told.replaceAll('|', '/')} | ${verdict} |`)
  }
  rmSync(folder, { recursive: true, force: true })
}
