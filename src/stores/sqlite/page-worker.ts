import { parentPort, workerData } from 'node:worker_threads'
import type { DecisionQuery } from '../../log/decision-pages.ts'
import type { PageAnswer } from './decision-pages.ts'
import { findPage } from './find-page.ts'
import { LogReader } from './log-reader.ts'

/** The thread that searches for pages of decisions. */

const reader = new LogReader(String(workerData))

function answer(query: DecisionQuery): PageAnswer {
  try {
    return { page: findPage(reader, query) }
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) }
  }
}

parentPort?.on('message', (query: DecisionQuery) => parentPort?.postMessage(answer(query)))
