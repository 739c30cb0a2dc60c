/**
 * Writes a table like one of the well-known ones, with their columns and with frauds that histories tell:
 *
 *     node test/tables/write.ts paysim|sparkov|ieee-cis|banksim --out FILE.csv [--rows 20000] [--seed 1] [--messy]
 *
 * With `--messy` as people send it (test/tables/messy.ts); then it prints how many rows are bad in each way.
 */
import { parseArgs } from 'node:util'
import { writeChunks } from '../../src/data/write-csv.ts'
import { isMain } from '../is-main.ts'
import { makeBanksim } from './banksim.ts'
import { makeIeeeCis } from './ieee-cis.ts'
import type { MadeTable, TableSize } from './made-table.ts'
import { cleanLines, messyLines } from './messy.ts'
import { makePaysim } from './paysim.ts'
import { makeSparkov } from './sparkov.ts'

export const shapes: Readonly<Record<string, (size: TableSize) => MadeTable>> = {
  paysim: makePaysim,
  sparkov: makeSparkov,
  'ieee-cis': makeIeeeCis,
  banksim: makeBanksim,
}
const bytesPerChunk = 2 ** 18

/** Writes one; returns how many rows are bad in each way. */
export async function writeMadeTable(
  shape: string,
  { rows, seed, isMessy, out }: TableSize & { readonly isMessy: boolean; readonly out: string },
): Promise<Readonly<Record<string, number>>> {
  const table = shapes[shape]({ rows, seed })
  const bad: Record<string, number> = {}
  const tally = (kind: string) => {
    bad[kind] = (bad[kind] ?? 0) + 1
  }
  await writeChunks(inChunks(isMessy ? messyLines(table, seed, tally) : cleanLines(table)), out)
  return bad
}

function* inChunks(lines: Iterable<string>): Generator<Buffer> {
  let text = ''
  for (const line of lines) {
    text += line
    if (text.length < bytesPerChunk) continue
    yield Buffer.from(text)
    text = ''
  }
  yield Buffer.from(text)
}

if (isMain(import.meta)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: 'string' },
      rows: { type: 'string', default: '20000' },
      seed: { type: 'string', default: '1' },
      messy: { type: 'boolean', default: false },
    },
  })
  const [shape = ''] = positionals
  if (!Object.hasOwn(shapes, shape) || values.out === undefined) {
    throw new Error(`node test/tables/write.ts ${Object.keys(shapes).join('|')} --out FILE.csv`)
  }
  const { out, messy: isMessy } = values
  const bad = await writeMadeTable(shape, { rows: Number(values.rows), seed: Number(values.seed), isMessy, out })
  for (const [kind, count] of Object.entries(bad)) console.log(`${count} rows: ${kind}`)
}
