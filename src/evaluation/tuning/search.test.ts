import assert from 'node:assert/strict'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { FraudError } from '../../core/errors.ts'
import type { ModelChoice } from '../../learners/model-choice.ts'
import { Journal } from './journal.ts'
import { type SearchPlan, search } from './search.ts'
import { gainOver, isMeasured, rankTrials, summariseFolds } from './trial.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-search-'))
after(() => rmSync(folder, { recursive: true }))

const plan: SearchPlan = {
  current: { learner: 'random-forest', minSamplesLeaf: 1 },
  spaces: [
    {
      learner: 'random-forest',
      base: {},
      dimensions: [
        { kind: 'range', name: 'minSamplesLeaf', from: 1, to: 50, scale: 'log', whole: true },
        { kind: 'range', name: 'maxSamples', from: 0.1, to: 1, scale: 'linear', whole: false },
      ],
    },
  ],
  objective: 'average-precision',
  seed: 11,
}

const fingerprint = { data: 'ab', seed: 11, folds: { folds: 3 } }

/** Three folds; every fifth choice fails. */
async function evaluateChoice({ minSamplesLeaf = 1, maxSamples = 1 }: ModelChoice, trial: number): Promise<number[]> {
  if (trial % 5 === 4) throw new FraudError('OPTION_INVALID', 'no such luck')
  return [0, 1, 2].map(
    (fold) => 0.5 - Math.abs(Math.log(minSamplesLeaf / 8)) / 10 - (maxSamples - 0.6) ** 2 + fold / 100,
  )
}

async function runTo(path: string, trials: number, evaluate = evaluateChoice) {
  const journal = await Journal.open(path, fingerprint)
  try {
    return await search(plan, journal.trials, {
      evaluateChoice: evaluate,
      goesOn: (done) => done < trials,
      keep: (trial) => journal.append(trial),
    })
  } finally {
    await journal.close()
  }
}

const at = (name: string) => join(folder, name)
const whole = await runTo(at('whole.ndjson'), 30)

function of(learner: string, ...names: string[]) {
  return { learner, dimensions: names.map((name) => ({ name, values: [1, 2] })), values: [1, 2] }
}

function isJournalError(reason: RegExp) {
  return (error: unknown) =>
    error instanceof FraudError && error.code === 'JOURNAL_INVALID' && reason.test(error.message)
}

describe('a search', () => {
  test('begins with the current choice and keeps what failed with its reason', () => {
    assert.deepEqual(whole[0].model, plan.current)
    assert.equal(whole.length, 30)
    const failed = whole.filter((trial) => !isMeasured(trial))
    assert.equal(failed.length, 6)
    assert.ok(failed.every((trial) => 'failed' in trial && trial.failed === 'OPTION_INVALID: no such luck'))
  })

  test('that is resumed after any trial is the one that was never stopped, byte for byte', async () => {
    for (const stop of [1, 7, 12, 29]) {
      const path = at(`stopped-${stop}.ndjson`)
      await runTo(path, stop)
      assert.deepEqual(await runTo(path, 30), whole)
      assert.equal(readFileSync(path, 'utf8'), readFileSync(at('whole.ndjson'), 'utf8'))
    }
  })

  test('that is interrupted in a trial keeps those before', async () => {
    const path = at('interrupted.ndjson')
    const interrupted = runTo(path, 30, (model, trial) => {
      if (trial === 9) throw new FraudError('INTERRUPTED', 'stopped')
      return evaluateChoice(model, trial)
    })
    await assert.rejects(interrupted, (error) => error instanceof FraudError && error.code === 'INTERRUPTED')
    assert.equal(readFileSync(path, 'utf8').split('\n').length, 1 + 9 + 1)
    assert.deepEqual(await runTo(path, 30), whole)
  })

  test('lets a bug through', async () => {
    const broken = runTo(at('bug.ndjson'), 3, () => Promise.reject(new TypeError('a bug')))
    await assert.rejects(broken, TypeError)
  })
})

describe('a journal', () => {
  const text = readFileSync(at('whole.ndjson'), 'utf8')
  const lines = text.split('\n')

  test('is read past a last line that a crash cut off', async () => {
    const path = at('torn.ndjson')
    for (const cut of [1, 20, lines[30].length]) {
      writeFileSync(path, text.slice(0, text.length - 1 - cut))
      assert.deepEqual(await runTo(path, 30), whole)
      assert.equal(readFileSync(path, 'utf8'), text)
    }
  })

  test('is started again where a crash cut off its first line', async () => {
    for (const length of [0, 1, lines[0].length]) {
      const path = at(`header-${length}.ndjson`)
      writeFileSync(path, text.slice(0, length))
      await runTo(path, 2)
      assert.equal(readFileSync(path, 'utf8'), `${lines.slice(0, 3).join('\n')}\n`)
    }
  })

  test('of another search is refused with what differs and what to do', async () => {
    const other = { ...fingerprint, seed: 12, folds: { folds: 4 } }
    const reason = /seed \(11 there, 12 now\), folds \(\{"folds":3\} there.*option `journal`/
    await assert.rejects(Journal.open(at('whole.ndjson'), other), isJournalError(reason))
    assert.equal(readFileSync(at('whole.ndjson'), 'utf8'), text)
  })

  test('is that of a search whose options, dimensions or learners are in another order, and of no other', async () => {
    const asked = { data: 'ab', model: { c: 1, seed: 2 }, space: [of('a', 'x', 'y'), of('b', 'z')] }
    await (await Journal.open(at('order.ndjson'), asked)).close()
    const before = readFileSync(at('order.ndjson'), 'utf8')
    const other = { space: [of('b', 'z'), of('a', 'y', 'x')], model: { seed: 2, c: 1 }, data: 'ab' }
    const journal = await Journal.open(at('order.ndjson'), other)
    await journal.close()
    assert.deepEqual(journal.fingerprint, asked)
    for (const space of [
      [of('b', 'z')],
      [of('a', 'x', 'z'), of('b', 'z')],
      [of('a', 'x', 'y'), { ...of('b', 'z'), values: [2, 1] }],
    ]) {
      await assert.rejects(Journal.open(at('order.ndjson'), { ...other, space }), isJournalError(/differs in: space/))
    }
    assert.equal(readFileSync(at('order.ndjson'), 'utf8'), before)
  })

  test('is never written over a file that is something else', async () => {
    for (const [name, content] of [
      ['one-line', 'my notes'],
      ['many', '{"a":1}\n{"b":2}\n'],
      ['csv', 'Time,V1\n1,2\n'],
    ]) {
      writeFileSync(at(name), content)
      await assert.rejects(Journal.open(at(name), fingerprint), isJournalError(/not a journal of a search/))
      assert.equal(readFileSync(at(name), 'utf8'), content)
    }
  })

  test('with a damaged line, or one out of order, is refused with its number', async () => {
    writeFileSync(
      at('damaged.ndjson'),
      [...lines.slice(0, 4), lines[4].replace('"trial"', '"trail"'), ...lines.slice(5)].join('\n'),
    )
    await assert.rejects(
      Journal.open(at('damaged.ndjson'), fingerprint),
      isJournalError(/damaged\.ndjson:5: this is not trial 3/),
    )
    writeFileSync(at('twice.ndjson'), text)
    appendFileSync(at('twice.ndjson'), `${lines[1]}\n`)
    await assert.rejects(Journal.open(at('twice.ndjson'), fingerprint), isJournalError(/:32: /))
  })

  test('in a directory that is not there is told', async () => {
    const path = at('nowhere/x.ndjson')
    await assert.rejects(Journal.open(path, fingerprint), /can't be written/)
    assert.ok(!existsSync(path))
  })
})

test('the best trial is the one with the most, or the least log loss; of equals the earliest', () => {
  const measured = (trial: number, ...folds: readonly number[]) => {
    return { trial, model: { learner: 'random-forest' as const }, folds: [...folds], ...summariseFolds(folds) }
  }
  const trials = [measured(0, 0.4, 0.6), measured(1, 0.7, 0.7), measured(2, 0.7, 0.7), measured(3, 0.1, 0.3)]
  const order = (objective: 'average-precision' | 'log-loss') => rankTrials(trials, objective).map(({ trial }) => trial)
  assert.deepEqual(order('average-precision'), [1, 2, 0, 3])
  assert.deepEqual(order('log-loss'), [3, 0, 1, 2])
  const gain = gainOver(trials[3], trials[0], 'log-loss')
  assert.deepEqual(
    [gain.mean.toFixed(6), gain.standardDeviation.toFixed(6), gain.foldsBetter],
    ['0.300000', '0.000000', 2],
  )
})
