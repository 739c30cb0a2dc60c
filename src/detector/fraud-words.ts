const words: ReadonlyMap<string, boolean> = new Map([
  ...['1', 'true', 'yes', 'y', 'fraud', 'fraudulent'].map((word) => [word, true] as const),
  ...['0', 'false', 'no', 'n', 'legit', 'legitimate', 'genuine'].map((word) => [word, false] as const),
])

/**
 * Whether a word says fraud; undefined where it says neither, as an F does, that may be false or fraud. Small and capital
 * letters are alike.
 */
export function readFraudWord(text: string): boolean | undefined {
  return words.get(text.trim().toLowerCase())
}
