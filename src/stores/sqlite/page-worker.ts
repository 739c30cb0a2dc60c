import { parentPort, workerData } from 'node:worker_threads'
import type { DecisionQuery } from '../../log/decision-pages.ts'
import { findPage } from './find-page.ts'
import { SqliteLogReader } from './sqlite-log-reader.ts'
import type { PageAnswer } from './sqlite-pages.ts'

/** The thread that searches for pages of decisions. */

const reader = new SqliteLogReader(String(workerData))

function answer(query: DecisionQuery): PageAnswer {
  try {
    return { page: findPage(reader, query) }
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) }
  }
}

parentPort?.on('message', (query: DecisionQuery) => parentPort?.postMessage(answer(query)))
