import { parentPort, workerData } from 'node:worker_threads'
import { parseDetector } from '../../detector/detector.ts'
import { labelRanks, type RankOfSource } from '../../detector/label-precedence.ts'
import { TransactionShapes } from '../../log/transaction-shapes.ts'
import { findPage } from './find-page.ts'
import { KeyIndex } from './key-index.ts'
import { SqliteLogReader } from './sqlite-log-reader.ts'
import type { PageAnswer, PageQuestion } from './sqlite-pages.ts'
import { viewKey } from './view-key.ts'

/** The thread that searches for decisions: pages of them, and what is known of a key. */

/** Steps that the first who asks for a key waits for: 200,000 records. What the index lacks by then is told. */
const stepsAtOnce = 10

const reader = new SqliteLogReader(String(workerData))
const shapes = new TransactionShapes(reader)
const index = new KeyIndex(reader, shapes)
let isReaching = false

function answer(question: PageQuestion): PageAnswer {
  try {
    if ('query' in question) return { answer: findPage(reader, question.query) }
    index.catchUp()
    for (let step = 0; step < stepsAtOnce && index.reachBack(); step++);
    reachOn()
    return { answer: viewKey({ reader, index, shapes, rankOf: ranksInForce() }, question.key) }
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) }
  }
}

function ranksInForce(): RankOfSource {
  const last = reader.lastDefinition()
  return last === undefined ? () => 0 : labelRanks(parseDetector(last.definition.detector))
}

/** Older records are taken in between questions. */
function reachOn(): void {
  if (isReaching) return
  isReaching = true
  setImmediate(() => {
    isReaching = false
    try {
      if (index.reachBack()) reachOn()
    } catch {
      // Whoever asks next is told.
    }
  })
}

parentPort?.on('message', (question: PageQuestion) => parentPort?.postMessage(answer(question)))
