/** The 97.5 % quantile of the normal distribution. */
export const z95 = 1.959963984540054

/**
 * The 95 % score interval of a share (Wilson, JASA 22, 1927; recommended for few rows by Brown, Cai and DasGupta,
 * Statistical Science 16, 2001). It is never empty: of 7 rows that all are, it begins at 0.646. Of no rows it is 0 to 1.
 *
 * @param z of another level than 95 %.
 */
export function wilsonInterval(
  hits: number,
  rows: number,
  z = z95,
): { readonly lower: number; readonly upper: number } {
  if (rows === 0) return { lower: 0, upper: 1 }
  const share = hits / rows
  const spread = z * z
  const centre = share + spread / (2 * rows)
  const half = z * Math.sqrt((share * (1 - share)) / rows + spread / (4 * rows * rows))
  const shrink = 1 + spread / rows
  return {
    lower: Math.min(share, Math.max(0, (centre - half) / shrink)),
    upper: Math.max(share, Math.min(1, (centre + half) / shrink)),
  }
}
