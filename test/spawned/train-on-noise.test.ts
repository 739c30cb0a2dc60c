import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createRandom } from '../../src/core/random.ts'
import { succeedIn } from '../run-shrike.ts'

test('a model of what tells nothing of fraud is told to be no better than guessing, and its report names every learner', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-noise-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const random = createRandom(4)
  const rows = Array.from(
    { length: 600 },
    (_, i) => `${i},${random.uniform()},${random.uniform()},${Number(i % 9 === 0)}`,
  )
  writeFileSync(join(folder, 'noise.csv'), ['time,V1,V2,fraud', ...rows, ''].join('\n'))
  const { stdout } = await succeedIn(folder, ['train', 'noise.csv', '--report', 'report.html', '--json'])
  assert.match(
    JSON.parse(stdout).warnings.join('\n'),
    /does not show that the model ranks better than guessing: its ROC AUC is 0\.\d\d, 95 % from 0\.[0-4]\d to 0\.\d\d/,
  )
  const text = readFileSync(join(folder, 'report.html'), 'utf8')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
  assert.equal(text.match(/Learner gradient-boosting and random-forest/g)?.length, 2)
  assert.match(text, /1\. gradient-boosting weight 0\.5, (?:\w+ [^,]+, )*nEstimators 600/)
  assert.match(text, /2\. random-forest weight 0\.5, (?:\w+ [^,]+, )*nEstimators 100/)
})
