import { earthRadiusKm, distanceKm as greatCircleKm } from '../../../core/great-circle.ts'
import type { Random } from '../../../core/random.ts'

export interface City {
  /** ISO 3166 alpha-2. */
  readonly country: string
  readonly latitude: number
  readonly longitude: number
  /** Standard time all the year: nobody's habits turn on an hour in summer. */
  readonly hoursFromUtc: number
  /** How many live there, in millions. */
  readonly people: number
}

/** Cities that pay in EUR, the largest of the far corners first, so that even a small portfolio spans the map. */
export const cities: readonly City[] = [
  { country: 'ES', latitude: 40.417, longitude: -3.703, hoursFromUtc: 1, people: 3.3 },
  { country: 'DE', latitude: 52.52, longitude: 13.405, hoursFromUtc: 1, people: 3.6 },
  { country: 'FR', latitude: 48.857, longitude: 2.352, hoursFromUtc: 1, people: 4.1 },
  { country: 'IT', latitude: 41.903, longitude: 12.496, hoursFromUtc: 1, people: 2.8 },
  { country: 'GR', latitude: 37.984, longitude: 23.728, hoursFromUtc: 2, people: 1.6 },
  { country: 'FI', latitude: 60.17, longitude: 24.938, hoursFromUtc: 2, people: 0.7 },
  { country: 'IE', latitude: 53.35, longitude: -6.26, hoursFromUtc: 0, people: 0.6 },
  { country: 'PT', latitude: 38.722, longitude: -9.139, hoursFromUtc: 0, people: 0.6 },
  { country: 'AT', latitude: 48.208, longitude: 16.373, hoursFromUtc: 1, people: 1.9 },
  { country: 'NL', latitude: 52.37, longitude: 4.895, hoursFromUtc: 1, people: 0.9 },
  { country: 'BE', latitude: 50.847, longitude: 4.352, hoursFromUtc: 1, people: 1.2 },
  { country: 'ES', latitude: 41.387, longitude: 2.17, hoursFromUtc: 1, people: 1.6 },
  { country: 'DE', latitude: 53.551, longitude: 9.994, hoursFromUtc: 1, people: 1.8 },
  { country: 'DE', latitude: 48.137, longitude: 11.575, hoursFromUtc: 1, people: 1.5 },
  { country: 'IT', latitude: 45.464, longitude: 9.19, hoursFromUtc: 1, people: 1.4 },
  { country: 'FR', latitude: 45.764, longitude: 4.836, hoursFromUtc: 1, people: 0.5 },
  { country: 'FR', latitude: 43.296, longitude: 5.37, hoursFromUtc: 1, people: 0.9 },
  { country: 'IT', latitude: 40.852, longitude: 14.268, hoursFromUtc: 1, people: 0.9 },
  { country: 'NL', latitude: 51.924, longitude: 4.478, hoursFromUtc: 1, people: 0.7 },
  { country: 'PT', latitude: 41.158, longitude: -8.629, hoursFromUtc: 0, people: 0.3 },
]

export interface Place {
  readonly latitude: number
  readonly longitude: number
}

const degreeKm = (earthRadiusKm * Math.PI) / 180

/** A place some kilometres away, to about a metre. */
export function placeNear({ latitude, longitude }: Place, spreadKm: number, random: Random): Place {
  const degree = 1 / degreeKm
  const north = random.normal() * spreadKm * degree
  const east = (random.normal() * spreadKm * degree) / Math.cos(radians(latitude))
  return { latitude: toMetres(latitude + north), longitude: toMetres(longitude + east) }
}

/** Along the great circle, between places in degrees. */
export function distanceKm(a: Place, b: Place): number {
  return greatCircleKm(a.latitude, a.longitude, b.latitude, b.longitude)
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180
}

function toMetres(degrees: number): number {
  return Math.round(degrees * 1e5) / 1e5
}
