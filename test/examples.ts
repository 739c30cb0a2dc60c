/** How many examples a property with a service in each is tried on: so many by day, and many times as many at night. */
export function examples(byDay: number): number {
  return byDay * Number(process.env.SHRIKE_EXAMPLES ?? 1)
}
