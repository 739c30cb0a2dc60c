import { FraudError } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'
import { type LabelReport, LabelTally } from '../deciding/label-tally.ts'
import { requireLog } from './log-files.ts'
import { openForCommand } from './open-service.ts'
import type { Run } from './run.ts'
import { type ServedFlags, servedIn } from './served.ts'
import { serviceAddress } from './service-address.ts'
import { linesOf, postToService } from './service-client.ts'

/** Where labels go: each piece is on disk once it is reported, and the lines of the report count from 1 in the piece. */
export interface LabelSink {
  readonly where: string
  send(labels: readonly object[]): Promise<LabelReport>
  close(): Promise<void>
}

export interface SinkFlags extends ServedFlags {
  readonly data: string
  readonly url?: string
  readonly key?: string
  readonly timeout: number
}

/** The service at the URL, else the one that works on the data directory, else the directory itself. */
export async function openSink({ data, url, key, timeout, ...named }: SinkFlags, run: Run): Promise<LabelSink> {
  const address = serviceAddress(url, data)
  if (address !== undefined) {
    const client = { url: address, key, deadlineMs: timeout, signal: run.signal }
    return {
      where: `the service on ${address}`,
      async send(labels) {
        const body = labels.map((label) => `${JSON.stringify(label)}\n`).join('')
        const [answer] = linesOf(await postToService(client, '/v1/labels', 'application/x-ndjson', body))
        if (isReport(answer)) return answer
        throw new FraudError('INTERNAL', `The answer of ${address} is not one to labels: is it Shrike?`)
      },
      close: async () => {},
    }
  }
  requireLog({ data })
  const opened = await openForCommand(servedIn(data, named), data, { acceptLostHistories: false }, run)
  return {
    where: data,
    async send(labels) {
      const tally = new LabelTally()
      const taking = labels.map((label, i) =>
        opened.service.labelOfFile(label, 'command:label').then(
          (taken) => tally.take(taken),
          (error: unknown) => tally.refuse(i + 1, error, label),
        ),
      )
      await Promise.all(taking)
      return tally.report()
    },
    close: () => opened.close(),
  }
}

function isReport(answer: unknown): answer is LabelReport {
  return isRecord(answer) && typeof answer.accepted === 'number' && Array.isArray(answer.errors)
}
