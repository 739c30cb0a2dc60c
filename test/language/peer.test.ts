import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../src/core/random.ts'
import { compileExpression, printSyntax } from '../../src/language/index.ts'
import { declarations, subjectOf } from './declared.ts'
import { differences, rewriteFor } from './differences.ts'
import { drawExpression, drawValues } from './draw-expression.ts'
import { compileByPeer } from './peer.ts'

const count = Number(process.env.SHRIKE_EXPRESSIONS ?? 3000)

/** Each choice alone, then all of them: the first that makes the peer agree explains a difference. */
const explanations = [...differences.map((difference) => [difference]), differences]

test(`${count} expressions mean what they mean in CEL, but for the choices that are listed`, (t) => {
  const random = createRandom(Number(process.env.FAST_CHECK_SEED ?? 15))
  const tally = new Map<string, number>()
  const add = (what: string) => tally.set(what, (tally.get(what) ?? 0) + 1)
  for (let i = 0; i < count; i++) {
    const text = drawExpression(random, 1 + random.integer(4))
    const ours = compileExpression(text, declarations)
    if (!ours.ok) {
      // Only what is too large for a rule is refused.
      assert.match(ours.problems.map(({ message }) => message).join(), /steps|parts|characters/, text)
      add('too large')
      continue
    }
    const { program } = ours
    const peers = new Map<string, ReturnType<typeof compileByPeer>>()
    const askPeer = (written: string, values: ReturnType<typeof drawValues>) => {
      const peer = peers.get(written) ?? compileByPeer(written)
      peers.set(written, peer)
      return typeof peer === 'string' ? peer : peer.evaluate(values)
    }
    for (const missing of [0, 0.4]) {
      const values = drawValues(random, missing)
      const result = program.evaluate(subjectOf(values))
      if (result === askPeer(text, values)) {
        add(`agreed on ${result}`)
        continue
      }
      const explained = explanations.find(
        (each) => result === askPeer(printSyntax(rewriteFor(program.tree, each)), values),
      )
      assert.ok(
        explained,
        `${text} is ${result} here, and ${askPeer(text, values)} there, of ${JSON.stringify(values)}`,
      )
      add(explained.length === 1 ? explained[0].name : 'more than one of these')
    }
  }
  for (const [what, times] of [...tally].sort()) t.diagnostic(`${times} ${what}`)
  for (const answer of ['true', 'false', 'undefined']) assert.ok((tally.get(`agreed on ${answer}`) ?? 0) > count / 10)
})
