import { nestedExample } from './schemas/input.ts'

/** A `curl` to paste into a shell that asks for the prediction of the example. */
export function predictionCall(origin: string, example: Readonly<Record<string, number>>, needsKey: boolean): string {
  return call(`${origin}/predict/`, nestedExample(example), needsKey)
}

/** The same for the decision of a transaction. */
export function decisionCall(origin: string, example: Readonly<Record<string, unknown>>, needsKey: boolean): string {
  return call(`${origin}/v1/decisions`, example, needsKey)
}

function call(url: string, example: object, needsKey: boolean): string {
  const key = needsKey ? " -H 'Authorization: Bearer YOUR_KEY'" : ''
  const body = JSON.stringify(example).replaceAll("'", "'\\''")
  return `curl -s ${url} -H 'Content-Type: application/json'${key} -d '${body}'`
}
