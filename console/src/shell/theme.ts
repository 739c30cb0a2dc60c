import { signal } from '@preact/signals'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]
const name = 'shrike-theme'

function readTheme(): Theme {
  const kept = localStorage.getItem(name)
  return themes.find((each) => each === kept) ?? 'system'
}

export const theme = signal<Theme>(readTheme())

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen
  localStorage.setItem(name, chosen)
  applyTheme()
}

export function applyTheme(): void {
  const { dataset } = document.documentElement
  if (theme.value === 'system') delete dataset.theme
  else dataset.theme = theme.value
}
