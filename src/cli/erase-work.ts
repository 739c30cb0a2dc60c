import { errorCodes, FraudError } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'
import { erasePerson } from '../deciding/erase-person.ts'
import type { Detector } from '../detector/detector.ts'
import { dataDirectory, lockDirectory, readServiceAddress } from '../stores/data-directory.ts'
import { openLogOf } from '../stores/open-log.ts'
import { lastDetector } from '../training/find-detector.ts'
import { type DataFlags, keepPrivate, logKey, openLog } from './log-files.ts'
import type { Run } from './run.ts'

export interface EraseFlags extends DataFlags {
  /** NAME=VALUE. */
  readonly key: string
  readonly url?: string
}

/** Forgets what the token of a person stands for: in the service at the URL, else in that which works on the directory, else in the directory. */
export async function erase(flags: EraseFlags, run: Run): Promise<void> {
  const end = flags.key.indexOf('=')
  if (end < 1) throw new FraudError('OPTION_INVALID', '--key is written NAME=VALUE, such as customer=2765')
  const key = flags.key.slice(0, end)
  const value = flags.key.slice(end + 1)
  const url = flags.url ?? readServiceAddress(dataDirectory(flags.data))
  const token = url === undefined ? await eraseHere(key, value, flags) : await eraseThere(key, value, url)
  // The value itself is not repeated: terminals are logged, too.
  run.terminal.say(
    token === undefined ? `No ${key} with this value is known` : `erased; the ${key}'s token was ${token}`,
  )
  run.terminal.result({ key, erased: token !== undefined, token })
}

async function eraseHere(key: string, value: string, flags: EraseFlags): Promise<string | undefined> {
  const reader = openLog(flags)
  let detector: Detector
  try {
    detector = lastDetector(reader).detector
    const { personal = [] } = detector.transaction
    if (!personal.includes(key)) {
      throw new FraudError('OPTION_INVALID', `--key ${key}: the personal keys are ${personal.join(', ') || 'none'}`)
    }
  } finally {
    reader.close()
  }
  keepPrivate()
  const directory = dataDirectory(flags.data)
  const lock = lockDirectory(directory)
  try {
    const log = await openLogOf(directory, { key: logKey(), makeToken: () => '' })
    try {
      return await erasePerson(log, detector, key, new Set([value, value.trim()]), Date.now(), 'command:erase')
    } finally {
      await log.close()
    }
  } finally {
    lock.release()
  }
}

/** What the service answered, as an error of its own. */
function refusalOf(url: string, status: number, answer: unknown): FraudError {
  const { code, detail, errors } = isRecord(answer) ? answer : {}
  const reasons = Array.isArray(errors) ? errors.flatMap((each) => (isRecord(each) ? [String(each.reason)] : [])) : []
  return new FraudError(
    errorCodes.find((known) => known === code) ?? 'LOG_UNAVAILABLE',
    `The service at ${url} refused: ${[detail ?? status, ...reasons].join('; ')}`,
  )
}

async function eraseThere(key: string, value: string, url: string): Promise<string | undefined> {
  const apiKey = process.env.SHRIKE_API_KEY
  const response = await fetch(new URL('/v1/erasures', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(apiKey && { authorization: `Bearer ${apiKey}` }) },
    body: JSON.stringify({ key, value }),
  }).catch((cause: unknown) => {
    throw new FraudError('ADDRESS_UNAVAILABLE', `No service answers at ${url}`, { cause })
  })
  const answer: unknown = await response.json()
  if (!response.ok || !isRecord(answer)) {
    throw refusalOf(url, response.status, answer)
  }
  return typeof answer.token === 'string' ? answer.token : undefined
}
