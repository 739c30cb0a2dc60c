import type { Detector } from '../detector/detector-schema.ts'

type Place = { readonly latitude: string; readonly longitude: string }

const placeKinds = ['distance', 'distanceFromLast', 'speedFromLast']

/** What a draft takes in and no feature looks at; `home` is where the table says that somebody lives. */
export function declaredInVain(
  { keys = {}, fields = {}, position }: Detector['transaction'],
  features: readonly Detector['features'][number][],
  home: Place | undefined,
): { column: string; reason: string }[] {
  const mentioned = new Set(features.flatMap(textsIn))
  const named = (columns: Readonly<Record<string, string>>, as: string) =>
    Object.entries(columns).flatMap(([name, column]) =>
      mentioned.has(name) ? [] : { column, reason: `declared as the ${as} ${name}, but no feature uses it yet` },
    )
  const isPlaceUsed = features.some(
    (feature) => typeof feature === 'object' && placeKinds.some((kind) => kind in feature),
  )
  const place = position === undefined || isPlaceUsed ? [] : Object.values(position)
  const unseenHome = Object.values(home ?? {}).filter((column) => !mentioned.has(column))
  return [
    ...named(keys, 'key'),
    ...named(fields, 'field'),
    ...place.map((column) => ({ column, reason: 'declared as the position, but no feature uses it yet' })),
    ...unseenHome.map((column) => ({ column, reason: 'where somebody lives, and no place to compare it with' })),
  ]
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}
