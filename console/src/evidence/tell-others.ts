import { formatCount } from '../ui/figures.ts'

/**
 * Which payments one is held beside.
 *
 * @param newest how many of a key the figures count, where it has more; else null.
 */
export function tellOthers(others: number, newest: number | null): string {
  if (newest !== null) return `the newest ${formatCount(newest)} alone`
  return `${formatCount(others)} ${others === 1 ? 'other' : 'others'}`
}
