import { signal } from '@preact/signals'

const narrow = matchMedia('(max-width: 820px)')

/** Whether the navigation has no room beside the page. */
export const isNarrow = signal(narrow.matches)
narrow.addEventListener('change', () => {
  isNarrow.value = narrow.matches
})
