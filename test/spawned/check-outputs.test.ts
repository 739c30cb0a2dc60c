import assert from 'node:assert/strict'
import { existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { runIn, succeedIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-outputs-'))
const at = (name: string) => join(folder, name)
after(() => rmSync(folder, { recursive: true }))

const inputs = ['a.csv', 'd.yaml', 'm.safetensors', 'lgb.txt', 'space.yaml']
for (const name of inputs) writeFileSync(at(name), name)
symlinkSync('a.csv', at('link.csv'))
linkSync(at('a.csv'), at('hard.csv'))
mkdirSync(at('data/snapshots'), { recursive: true })
const kept = [
  ...['log.sqlite', 'lock.sqlite', 'keys.json', 'detector.yaml', 'service.json', 'snapshots/x.csv'].map(
    (name) => `data/${name}`,
  ),
  ...['card.key', 'parts/1.parquet'],
]
mkdirSync(at('parts'))
mkdirSync(at('shuffled'))
for (const name of kept) writeFileSync(at(name), name)

async function refuse(args: string, told: RegExp): Promise<void> {
  const { code, stderr } = await runIn(folder, args.split(' '))
  assert.equal(code, 2, stderr)
  assert.match(stderr, /OPTION_INVALID/)
  assert.match(stderr, told)
  for (const name of [...inputs, ...kept]) assert.equal(readFileSync(at(name), 'utf8'), name)
}

describe('outputs of commands', () => {
  for (const [args, told] of [
    ['train a.csv --out a.csv', /--out a\.csv would overwrite what is read as FILE/],
    ['train a.csv --out m --report ./a.csv', /--report/],
    ['train a.csv --detector d.yaml --save-detector d.yaml', /--save-detector d\.yaml .* as --detector/],
    ['train a.csv --out x --report x', /--report x would overwrite what is written as --out/],
    ['tune a.csv --space space.yaml --journal space.yaml', /--journal space\.yaml .* as --space/],
    ['evaluate m.safetensors a.csv --report m.safetensors', /as BUNDLE/],
    ['score m.safetensors a.csv --out link.csv', /as FILE/],
    ['explain m.safetensors a.csv --row 1 --out hard.csv', /as FILE/],
    ['explain --data data --id t-1 --row 1', /--row is of a row of a file: name BUNDLE and FILE in place of --data/],
    ['features a.csv --detector d.yaml --out a.csv', /as FILE/],
    ['import lgb.txt --detector d.yaml --out lgb.txt', /as FILE/],
    ['train --from-log --data data --out data/log.sqlite', /the log, the lock or the users of a data directory/],
    ['train --from-log --data data --out data/log.sqlite-wal', /the log, the lock or the users/],
    ['train a.csv --out data/keys.json', /the keys of a data directory/],
    ['init a.csv --force --out data/detector.yaml', /the detector of a data directory/],
    ['train a.csv --out data/service.json', /a file of the service/],
    ['score m.safetensors a.csv --out card.key', /--out card\.key would overwrite a key/],
    ['train parts --out parts/1.parquet', /--out parts\/1\.parquet would overwrite what is read as FILE/],
    ['init a.csv --bad-rows skip --rejects a.csv', /--rejects a\.csv .* as FILE/],
    ['init a.csv --rejects b.csv', /--rejects goes with --bad-rows skip/],
    ['evaluate --protocol handbook a.csv --bad-rows skip --rejects a.csv', /--rejects a\.csv .* as FILE/],
    ['label a.csv --bundle m.safetensors --bad-rows skip --rejects m.safetensors', /as --bundle/],
    ['evaluate --protocol prequential a.csv --detector d.yaml --bad-rows skip --rejects d.yaml', /as --detector/],
    ['features a.csv --detector d.yaml --shuffle shuffled --out shuffled/x.csv', /--out .* is removed at the end/],
    [
      'features a.csv --detector d.yaml --shuffle ./shuffled --bad-rows skip --rejects shuffled/x.csv',
      /--rejects .* removed/,
    ],
    ['simulate --out data/snapshots/x.csv', /a snapshot of a data directory/],
  ] as const)
    test(`are refused before any work where one would overwrite an input: ${args}`, () => refuse(args, told))

  for (const [args, told] of [
    ['--from-log --data data --part card', /--part is only for files, and --from-log reads the log/],
    ['a.csv --detector d.yaml --processes 2', /--processes goes with --shuffle/],
    ['a.csv --detector d.yaml --joined --shuffle s', /--shuffle and --joined do not go together/],
  ] as const)
    test(`of features are refused with a flag that says nothing of them: ${args}`, () =>
      refuse(`features ${args} --out x.csv`, told))

  test('of a backtest of a log are refused with earlier rows of a file', () =>
    refuse('backtest --data data --rule 1>0 --history a.csv --report x.html', /--history is only for files/))

  test('may replace an earlier output, and stand in a data directory', async () => {
    const simulate = ['simulate', '--rows', '100', '--frauds', '5', '--out', 'data/rows.csv']
    await succeedIn(folder, simulate)
    await succeedIn(folder, simulate)
    assert.ok(existsSync(at('data/rows.csv')))
  })

  test('are no directories and no devices, which is told before the work', async () => {
    const { code, stderr } = await runIn(folder, ['train', 'a.csv', '--out', 'data'])
    assert.equal(code, 1)
    assert.match(stderr, /FILE_UNWRITABLE: data can't be written: it is a directory/)
  })
})
