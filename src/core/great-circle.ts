export const earthRadiusKm = 6371.0088

/** The great-circle distance of two places in degrees, by the haversine formula on a sphere of the earth's mean radius. */
export function distanceKm(latitude: number, longitude: number, toLatitude: number, toLongitude: number): number {
  const radians = Math.PI / 180
  const north = Math.sin(((toLatitude - latitude) * radians) / 2)
  const east = Math.sin(((toLongitude - longitude) * radians) / 2)
  const chord = north * north + Math.cos(latitude * radians) * Math.cos(toLatitude * radians) * east * east
  return 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(chord)))
}
