export interface Position {
  /** Degrees. */
  readonly lat: number
  readonly lon: number
}

const earthKm = 6371.0088
const radians = (degrees: number) => (degrees * Math.PI) / 180

/** The great circle between two positions, by the haversine formula. */
export function kmBetween(a: Position, b: Position): number {
  const half = (degrees: number) => Math.sin(radians(degrees) / 2) ** 2
  const chord = half(b.lat - a.lat) + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * half(b.lon - a.lon)
  return 2 * earthKm * Math.asin(Math.min(1, Math.sqrt(chord)))
}

/** Kilometres east and north of the first of some positions; the shorter way round the earth, true near their latitude. */
export function onPlane(positions: readonly Position[]) {
  const [origin] = positions
  const middle = positions.reduce((sum, { lat }) => sum + lat, 0) / positions.length
  const kmPerDegree = radians(1) * earthKm
  return ({ lat, lon }: Position) => {
    const east = ((((lon - origin.lon + 180) % 360) + 360) % 360) - 180
    return { xKm: east * Math.cos(radians(middle)) * kmPerDegree, yKm: (lat - origin.lat) * kmPerDegree }
  }
}
