/** How many examples are tried where each takes its time, a service of its own, say: so many by day, and many times as many at night. */
export function examples(byDay: number): number {
  return byDay * Number(process.env.SHRIKE_EXAMPLES ?? 1)
}
