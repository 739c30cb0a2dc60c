import { withoutAccents } from '../core/without-accents.ts'

/** The words of files and requests, without accents and what sets words apart. */
const frauds =
  /^(1|true|yes|y|fraud|fraudulent|ja|j|oui|si|sim|betrug|betrugsfall|betrugerisch|fraude|frauduleux|frauduleuse|fraudulent[oa]|frode|fraudolent[oa])$/
const legitimates =
  /^(0|false|no|n|legit|legitimate|genuine|nein|non|nao|nee|normal|ok|okay|legitim[eoa]?|legittim[oa]|(no|not|non|kein|keine|pasde|sin|nessuna|sem|geen)(fraud|fraudulent|betrug|fraude|frode))$/

/**
 * Whether a word says fraud; undefined where it says neither, as an F does, that may be false or fraud. Small and capital
 * letters are alike.
 */
export function readFraudWord(text: string): boolean | undefined {
  const word = withoutAccents(text.trim())
  // A minus is not a hyphen: -1 is not 1.
  const plain = /\d/.test(word) ? word : word.replace(/[ _-]/g, '')
  if (frauds.test(plain)) return true
  return legitimates.test(plain) ? false : undefined
}
