import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { runIn, shrikeScript, succeedIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-shuffled-'))
const at = (name: string) => join(folder, name)
const read = (name: string) => readFileSync(at(name), 'utf8')
const lines = (name: string) => read(name).trimEnd().split('\n')
after(() => rmSync(folder, { recursive: true }))

const declared = `
detector: kinds
transaction:
  id: transaction_id
  time: { field: time, format: iso }
  amount: { field: amount, digits: 2 }
  keys: { card: card_id, customer: customer_id, terminal: terminal_id, device: device_id }
  optionalKeys: [device]
  fields: { category: category, channel: channel }
  label: { field: is_fraud, delay: 3d }
histories: { eventsPerKey: 20 }
features:
  - amount
  - hour: {}
  - count: { by: card, over: 7d, where: 'channel == "online" && amount > 20.0', as: online }
  - fraudRate: { by: terminal, over: 30d, where: 'card != ""', as: rate }
  - mean: { of: amount, by: customer, over: 30d, excludeSelf: true }
  - ratio: { of: amount, to: customer_amount_mean_30d, as: times }
  - zScore: { of: amount, by: customer, over: 30d, excludeSelf: true }
  - entropy: { of: category, by: customer, over: 30d }
  - newPairs: { of: terminal, by: customer, over: 7d }
  - timeSinceFraud: { by: terminal, over: 30d }
  - fraudRun: { by: terminal, over: 30d, what: length }
  - linkedFrauds: { of: customer, by: device, over: 30d }
  - riskOf: { of: terminal, over: 30d, weight: 10, prior: 0.01 }
`

before(async () => {
  writeFileSync(at('kinds.yaml'), declared)
  const size = ['--customers', '60', '--terminals', '50', '--days', '20', '--seed', '7']
  await succeedIn(folder, ['simulate', '--shape', 'portfolio', ...size, '--out', 'ordered.csv'])
  // Not in the order of their times, and some of them twice; of one the id stands for another before.
  const [header, ...rows] = lines('ordered.csv')
  const strewn = rows.map((row, i) => [(i * 7919) % rows.length, row] as const).sort(([a], [b]) => a - b)
  const [other, ...again] = [rows[0].replace('2026-', '2027-'), ...rows.slice(0, 30)]
  writeFileSync(at('strewn.csv'), [header, other, ...strewn.map(([, row]) => row), ...again].join('\n'))
})

const features = (file: string, out: string, ...flags: string[]) =>
  succeedIn(folder, ['features', file, '--detector', 'kinds.yaml', '--out', out, ...flags])

test('a file that is shuffled by its keys gives the same rows, in the same order', async () => {
  await features('strewn.csv', 'strewn-whole.csv')
  await features('strewn.csv', 'shuffled.csv', '--shuffle', 'shuffled', '--buckets', '2', '--processes', '2')
  assert.equal(read('shuffled.csv'), read('strewn-whole.csv'))
  assert.equal(existsSync(at('shuffled')), false)
})

test('the parts of each key, made of files that hold all of its events, join to the same rows', async () => {
  await features('ordered.csv', 'whole.csv', '--force')
  const [header, ...rows] = lines('ordered.csv')
  const columns = new Map<string, Map<string, string>>()
  for (const key of ['card', 'customer', 'terminal', 'device']) {
    const place = header.split(',').indexOf(`${key}_id`)
    const isOdd = (row: string) => Number(row.split(',')[place].at(-1)) % 2 === 1
    // Two files for the keys that most features are of, one for the others.
    const halves = key === 'terminal' ? [rows.filter(isOdd), rows.filter((row) => !isOdd(row))] : [rows]
    for (const half of halves) {
      writeFileSync(at('half.csv'), [header, ...half].join('\n'))
      await features('half.csv', 'part.csv', '--force', '--part', key)
      const [[, ...names], ...values] = lines('part.csv').map((line) => line.split(','))
      for (const name of names) if (!columns.has(name)) columns.set(name, new Map())
      for (const [id, ...row] of values) for (const [i, name] of names.entries()) columns.get(name)?.set(id, row[i])
    }
  }
  // Beside the file's own columns, in the file's own order: what is neither of a key nor of other features is added.
  const names = [...columns.keys()]
  const id = header.split(',').indexOf('transaction_id')
  const joined = rows.map((row) => [row, ...names.map((name) => columns.get(name)?.get(row.split(',')[id]))].join(','))
  writeFileSync(at('columns.csv'), [[header, ...names].join(','), ...joined].join('\n'))
  await features('columns.csv', 'joined.csv', '--joined')
  assert.equal(read('joined.csv'), read('whole.csv'))
})

test('a folder in use, a detector that can not be taken apart and a bad row leave nothing behind', async () => {
  const refuse = async (file: string, detector: string, ...flags: string[]) => {
    const { code, stderr } = await runIn(folder, [
      'features',
      file,
      '--detector',
      detector,
      '--out',
      'no.csv',
      ...flags,
    ])
    assert.notEqual(code, 0)
    assert.equal(existsSync(at('no.csv')), false)
    return stderr
  }
  mkdirSync(at('busy'))
  writeFileSync(at('busy/x'), 'x')
  assert.match(
    await refuse('ordered.csv', 'kinds.yaml', '--shuffle', 'busy'),
    /OPTION_INVALID: busy holds x; the folder of a shuffle/,
  )
  assert.equal(read('busy/x'), 'x')
  assert.match(
    await refuse('ordered.csv', 'kinds.yaml', '--part', 'shop'),
    /no feature reads a history by that key, but by/,
  )
  writeFileSync(
    at('several.yaml'),
    declared.replace('- amount\n', '- amount\n  - frequency: { of: category, over: 7d }\n'),
  )
  assert.match(await refuse('ordered.csv', 'several.yaml', '--shuffle', 'shuffled'), /"category_frequency_7d"/)
  const [header, first] = lines('ordered.csv')
  writeFileSync(at('bad.csv'), `${header}\n${first}\n${first.replace(/T\d\d:/, 'Tnow:')}\n`)
  assert.match(await refuse('bad.csv', 'kinds.yaml', '--shuffle', 'shuffled'), /DATA_INVALID: bad\.csv, line 3/)
  assert.equal(readdirSync(folder).includes('shuffled'), false)
})

test('a disk that takes no more is said, and nothing stays behind', () => {
  // In kilobytes or half of them, as the shell has it: the events' file is refused, or what a process makes of it.
  for (const most of [20, 200]) {
    const command = ['features', 'ordered.csv', '--detector', 'kinds.yaml', '--out', 'no.csv', '--shuffle', 'full']
    const shell = ['-c', `ulimit -f ${most}; exec "$@"`, 'sh', process.execPath, shrikeScript, ...command]
    const { status, stderr } = spawnSync('sh', shell, { cwd: folder, encoding: 'utf8' })
    assert.equal(status, 1)
    assert.match(stderr, /error FILE_UNWRITABLE: full can't be written: File too large\n$/i)
    assert.deepEqual([existsSync(at('no.csv')), existsSync(at('full'))], [false, false])
  }
})
