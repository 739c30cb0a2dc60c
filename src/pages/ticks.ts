/** Round steps within a range, about as many as wanted. */
export function ticksBetween(low: number, high: number, wanted: number): readonly number[] {
  const power = 10 ** Math.floor(Math.log10((high - low) / wanted))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => (high - low) / each <= wanted) ?? power
  const first = Math.ceil(low / step - 1e-9)
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step)
}
