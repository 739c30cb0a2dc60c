import { readFile } from 'node:fs/promises'
import { FraudError } from '../core/errors.ts'
import { escapeHtml } from '../core/escape-html.ts'
import { option } from '../core/option.ts'
import { modelIdOf } from '../deciding/lineup.ts'
import type { HttpContext } from './http-context.ts'

type Reports = Pick<HttpContext, 'lineup' | 'reportPath' | 'reportsBeside'>

/** The report that was named at the start, or else the one beside the bundle that is of the model being served. */
export async function findReport({ lineup, reportPath, reportsBeside = [] }: Reports): Promise<string | undefined> {
  const read = (path: string) => readFile(path, 'utf8').catch(() => undefined)
  if (reportPath !== undefined) return read(reportPath)
  const modelId = modelIdOf(lineup)
  if (modelId === null) return undefined
  for (const path of reportsBeside) {
    const page = await read(path)
    if (page?.includes(escapeHtml(modelId))) return page
  }
  return undefined
}

/** Says what to do where there is none. */
export function reportMissing({ lineup, reportPath, reportsBeside = [] }: Reports): FraudError {
  const modelId = modelIdOf(lineup)
  if (modelId === null && reportPath === undefined)
    return new FraudError('ROUTE_NOT_FOUND', 'There is no model to report on: rules and lists alone decide')
  return new FraudError(
    'ROUTE_NOT_FOUND',
    reportPath === undefined
      ? `No report of ${modelId} was found${reportsBeside.length > 0 ? ' beside its bundle' : ''}. "shrike train" writes one beside the bundle; restore it, or start the service with ${option('report')} FILE`
      : `The report was removed: restore it, or start the service with another ${option('report')} FILE`,
  )
}
