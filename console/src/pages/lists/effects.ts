export const effects = ['block', 'allow', 'watch', 'none'] as const

type Effect = (typeof effects)[number]

export const effectWords: Readonly<Record<Effect, string>> = {
  block: 'declines, whatever else speaks',
  allow: 'approves, unless something final speaks against it',
  watch: 'asks for a review',
  none: 'does nothing by itself: rules ask it',
}

export const effectTones: Readonly<Record<Effect, string>> = {
  block: 'decline',
  allow: 'approve',
  watch: 'review',
  none: '',
}
