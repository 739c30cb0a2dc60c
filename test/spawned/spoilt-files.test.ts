import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { ServiceProcess } from '../durability/service.ts'
import { runIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-spoilt-'))
after(() => rmSync(folder, { recursive: true }))

writeFileSync(
  join(folder, 'd.yaml'),
  `detector: t
transaction:
  id: id
  time: { field: t, format: iso }
  keys: { card: card_id }
  fields: { country: country }
  label: { field: fraud }
features:
  - count: { by: card, over: 1d }
`,
)

async function features(name: string, lines: readonly string[], ...flags: readonly string[]) {
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`)
  return await runIn(folder, ['features', name, '--detector', 'd.yaml', ...flags])
}

const row = (id: number, rest: object) =>
  JSON.stringify({ id, t: `2026-01-01T00:0${id}:00Z`, fraud: 0, country: 'AT', ...rest })
const csv = (header: string, cards: readonly string[]) => [
  header,
  ...cards.map((card, i) => `${i + 1},2026-01-01T00:0${i}:00Z,0,${card},AT`),
]
const header = 'id,t,fraud,card_id,country'

describe('a file whose names or keys were spoilt on the way', () => {
  test('is refused where a line has a misspelling of a field that it lacks, as a received transaction is', async () => {
    for (const [given, meant] of [
      ['crad_id', 'card_id'],
      ['cardId', 'card_id'],
      ['card', 'card_id'],
    ]) {
      const lines = [row(1, { card_id: 'c' }), row(2, { [given]: 'c' }), row(3, { card_id: 'c' })]
      const failed = await features('a.ndjson', lines)
      assert.equal(failed.code, 1)
      assert.ok(
        failed.stderr.includes(
          `a.ndjson, line 2, column "${given}": is not declared by the detector; did you mean ${meant}?`,
        ),
        failed.stderr,
      )
      const skipped = await features('a.ndjson', lines, '--bad-rows', 'skip')
      assert.equal(skipped.stdout, 'id,card_count_1d\n1,1\n3,2\n')
      assert.match(skipped.stderr, /1 bad row was skipped/)
    }
    const label = await features('a.ndjson', [row(1, { card_id: 'c', fraud: undefined, Fraud: 1 })])
    assert.match(label.stderr, /line 1, column "Fraud": .* did you mean fraud\?/)
  })

  test('is taken where the field is there, if only as null, or the name is like none', async () => {
    const lines = [row(1, { card_id: 'c', crad_id: 'x' }), row(2, { card_id: null, crad_id: 'x' }), row(3, { x: 1 })]
    const { code, stdout, stderr } = await features('b.ndjson', lines)
    assert.equal(code, 0, stderr)
    assert.equal(stdout, 'id,card_count_1d\n1,1\n2,0\n3,0\n')
  })

  test('is refused where the header has a misspelling of a column that no feature reads', async () => {
    const { stderr } = await features('c.csv', csv('id,t,fraud,card_id,Country', ['c']))
    assert.match(stderr, /c\.csv: the column "Country" is not declared by the detector; did you mean country\?/)
  })

  test('is refused where a text is longer than a service takes, in any column that is taken', async () => {
    const long = 'x'.repeat(1_000_000)
    const lines = [row(1, { card_id: 'c' }), row(2, { card_id: long }), row(3, { card_id: 'c', country: long })]
    const declared = `${readFileSync(join(folder, 'd.yaml'), 'utf8')}  - oneHot: { of: country, values: [AT] }\n`
    writeFileSync(join(folder, 'l.yaml'), declared)
    const failed = await features('l.ndjson', lines, '--detector', 'l.yaml')
    assert.equal(failed.code, 1)
    assert.match(
      failed.stderr,
      /l\.ndjson, line 2, column "card_id": "x{40}…" is over 512 characters\n {2}--bad-rows skip/,
    )
    const { stdout, stderr } = await features('l.ndjson', lines, '--detector', 'l.yaml', '--bad-rows', 'skip')
    assert.match(stdout, /\n1,1,1\n$/)
    assert.match(stderr, /line 3: column "country": "x{40}…" is over 512 characters/)
  })

  test('is told with its line where only the service refuses a value, and what to do', async () => {
    const detector = `detector: t
transaction:
  id: id
  time: { field: t, format: iso }
  keys: { card: card_id }
  label: { field: fraud }
  keep: [note]
features:
  - count: { by: card, over: 1d }
model: { learner: logistic-regression }
policy: { review: 0.9 }
`
    writeFileSync(join(folder, 'k.yaml'), detector)
    const lines = Array.from({ length: 60 }, (_, i) => {
      const time = `2026-01-01T00:${String(i).padStart(2, '0')}:00Z`
      return `${i},${time},${i % 3 === 0 ? 1 : 0},c${i % 5},${i === 40 ? 'x'.repeat(1_000_000) : 'fine'}`
    })
    writeFileSync(join(folder, 'k.csv'), `id,t,fraud,card_id,note\n${lines.join('\n')}\n`)
    const training = ['train', 'k.csv', '--detector', 'k.yaml', '--out', 'k.safetensors']
    const trained = await runIn(folder, training)
    assert.equal(trained.code, 0, trained.stderr)
    const replay = ['replay', 'k.csv', '--as', 'history', '--bundle', 'k.safetensors', '--data']
    const failed = await runIn(folder, [...replay, 'one'])
    assert.equal(failed.code, 1)
    assert.match(
      failed.stderr,
      /INPUT_INVALID: k\.csv, line 42, column "note": is over 512 characters\n {2}--bad-rows skip/,
    )
    const skipped = await runIn(folder, [...replay, 'two', '--bad-rows', 'skip'])
    assert.match(skipped.stderr, /line 42: column "note": is over 512 characters/)
    assert.match(skipped.stdout, /59 transactions/)
    // A running service says so only after further rows were sent.
    const service = await ServiceProcess.start(join(folder, 'k.safetensors'), join(folder, 'three'))
    const beside = ['replay', 'k.csv', '--as', 'decisions', '--data', 'three']
    const refused = await runIn(folder, beside)
    assert.match(refused.stderr, /BODY_TOO_LARGE: k\.csv, line 42: is over 65536 bytes\n {2}--bad-rows skip/)
    const left = await runIn(folder, [...beside, '--bad-rows', 'skip', '--rejects', 'left.csv'])
    assert.equal(left.code, 0, left.stderr)
    assert.match(readFileSync(join(folder, 'left.csv'), 'utf8'), /\n42,is over 65536 bytes,40,/)
    await service.stop()
  })

  test('is told of a cell of another kind with a cure that helps', async () => {
    for (const [cells, expected] of [
      ['2026-01-01,x,soon', /column "amount": "soon" is not a number\n {2}--bad-rows skip/],
      ['soon,x,1', /column "time": "soon" is not an ISO 8601 time\n {2}--bad-rows skip/],
    ] as const) {
      writeFileSync(join(folder, 'm.csv'), `time,note,amount\n${'2026-01-01,x,1\n'.repeat(20)}${cells}\n`)
      const { stderr } = await runIn(folder, ['init', 'm.csv'])
      assert.match(stderr, expected)
    }
    writeFileSync(join(folder, 'm.csv'), `time,note,amount\n${'2026-01-01,1,1\n'.repeat(20)}2026-01-01,soon,1\n`)
    const { stderr } = await runIn(folder, ['init', 'm.csv'])
    assert.match(stderr, /column "note": "soon" is not a number; if the column holds text, use --text note\n/)
  })

  test('is told of where keys end in .0', async () => {
    const { stdout, stderr } = await features('f.csv', csv(header, ['', '1.0', '2.0']))
    assert.equal(stdout, 'id,card_count_1d\n1,0\n2,1\n3,1\n')
    assert.match(stderr, /warning: f\.csv: All 2 values of "card_id" end in \.0, from line 3 on/)
    assert.doesNotMatch((await features('f.csv', csv(header, ['1', '2.0']))).stderr, /warning/)
  })

  test('is refused where a spreadsheet has shortened keys, or the row is left out', async () => {
    const lines = csv(header, ['x', '4.53E+15', '4.53E+15'])
    const { code, stderr } = await features('e.csv', lines)
    assert.equal(code, 1)
    assert.match(stderr, /e\.csv, line 3, column "card_id": "4\.53E\+15" is a number that a spreadsheet has shortened/)
    assert.equal((await features('e.csv', lines, '--bad-rows', 'skip')).stdout, 'id,card_count_1d\n1,1\n')
  })

  test('has labels of true and false in a CSV, too, and is told what else a label may be', async () => {
    const labelled = (labels: readonly string[]) => [
      header,
      ...labels.map((label, i) => `${i + 1},2026-01-01T00:0${i}:00Z,${label},c,AT`),
    ]
    const good = await features('l.csv', labelled(['True', 'FALSE', '1', '0.0', '', 'NaN', 'yes', 'N', 'ja']))
    assert.equal(good.code, 0, good.stderr)
    for (const word of ['maybe', 'T', '2x']) {
      const { stderr } = await features('l.csv', labelled(['0', word]))
      assert.match(
        stderr,
        new RegExp(
          `l\\.csv, line 3, column "fraud": "${word}" is not a label: a label is 0, 1, true, false, yes, no, fraud, legitimate or empty`,
        ),
      )
    }
  })

  test('is told the format that would make sense of times that are numbers', async () => {
    for (const [time, format] of [
      ['1767225600', 'epoch-s'],
      ['1767225600000', 'epoch-ms'],
    ]) {
      const told = new RegExp(`is not an ISO 8601 time; the format ${format} would fit`)
      assert.match((await features('t.csv', [header, `1,${time},0,c,AT`])).stderr, told)
      assert.match((await features('t.ndjson', [row(1, { t: Number(time), card_id: 'c' })])).stderr, told)
    }
  })

  test('trains alike on labels of 0 and 1 and of true and false, and not on fraud alone', async () => {
    const table = (label: (isFraud: boolean) => unknown, share = 5) =>
      ['Time,V1,Class', ...Array.from({ length: 300 }, (_, i) => `${i * 60},${(i * 37) % 101},${label(i % share < 1)}`)]
        .join('\n')
        .concat('\n')
    const train = async (name: string, content: string) => {
      writeFileSync(join(folder, name), content)
      const args = ['train', name, '--n-estimators', '3', '--no-leak-check', '--json', '--out', 'm.safetensors']
      return await runIn(folder, args)
    }
    const [words, numbers] = [await train('w.csv', table(String)), await train('n.csv', table(Number))]
    assert.equal(words.code, 0, words.stderr)
    assert.equal(JSON.parse(words.stdout).rocAuc, JSON.parse(numbers.stdout).rocAuc)
    const spoken = await train(
      'y.csv',
      table((isFraud) => (isFraud ? 'Y' : 'N')),
    )
    assert.equal(JSON.parse(spoken.stdout).rocAuc, JSON.parse(numbers.stdout).rocAuc)
    const third = `${table((isFraud) => (isFraud ? 'Y' : 'N'))}9e6,5,maybe\n`
    const refused = await train('third.csv', third)
    assert.match(refused.stderr, /third\.csv, line 302, column "Class": "maybe" is not a label: a label is 0, 1, true/)
    const all = await train('all.csv', table(Number, 1))
    assert.match(all.stderr, /OPTION_INVALID: All 300 rows are fraud, but training and test need both classes/)
    const lines = table(Number).split('\n').slice(1).join('\n')
    const twice = await train('twice.csv', table(Number) + lines)
    assert.match(twice.stderr, /300 rows \(50\.0 %\) equal an earlier row in every column/)
    assert.doesNotMatch(words.stderr, /equal an earlier row/)
    const most = await train(
      'most.csv',
      table((isFraud) => Number(!isFraud)),
    )
    assert.match(most.stderr, /warning: 80 % of the rows are fraud: is 1 in Class really fraud\?/)
  })
})
