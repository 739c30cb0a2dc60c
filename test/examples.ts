const timesByNight = Number(process.env.SHRIKE_EXAMPLES ?? 1)

/** How many examples are tried where each takes its time, a service of its own, say: so many by day, and many times as many at night. */
export function examples(byDay: number): number {
  return byDay * timesByNight
}

/** Of what is alike and takes its time, one of so many by day, and all of it at night. */
export function oneOf<Item>(count: number, items: readonly Item[]): readonly Item[] {
  return timesByNight > 1 ? items : items.filter((_, i) => i % count === 0)
}
