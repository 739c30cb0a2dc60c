import type { ComponentChildren } from 'preact'

function draw(shape: ComponentChildren) {
  return (
    <svg
      width="15"
      height="15"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {shape}
    </svg>
  )
}

/** The console's pictures: one stroke, one size, in the colour of the text beside them. */
export const icons = {
  now: draw(<path d="M1.5 8.500h3l2-5.500 3 10 2-4.500h3" />),
  queue: draw(<path d="M2 4h12M2 8h8M2 12h5M12 9.500v4M10 11.500l2 2 2-2" />),
  search: draw(<path d="M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.700 10.700 14 14" />),
  rules: draw(<path d="M2 3.500h12L9.500 8.800V13l-3-1.500V8.800Z" />),
  lists: draw(<path d="M5.500 4H14M5.500 8H14M5.500 12H14M2.200 4h.1M2.200 8h.1M2.200 12h.1" />),
  thresholds: draw(<path d="M2 5h6M12 5h2M2 11h2M8 11h6M10 3v4M6 9v4" />),
  models: draw(<path d="M8 1.800 13.500 5v6L8 14.200 2.500 11V5ZM2.500 5 8 8l5.500-3M8 8v6" />),
  monitoring: draw(<path d="M2 14V2M2 14h12M5 11V8M8.500 11V4.500M12 11V6.500" />),
  audit: draw(<path d="M4 1.800h6L13 5v9.200H4ZM6.500 8h4M6.500 11h4M6.500 5H8" />),
  settings: draw(
    <path d="M8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM8 1.500v2M8 12.500v2M1.500 8h2M12.500 8h2M3.400 3.400l1.400 1.400M11.200 11.200l1.400 1.400M3.400 12.600l1.400-1.400M11.200 4.800l1.400-1.400" />,
  ),
  download: draw(<path d="M8 2v8M5 7.500 8 10.500l3-3M2.500 13.500h11" />),
  menu: draw(<path d="M2 4h12M2 8h12M2 12h12" />),
  help: draw(
    <path d="M6 6a2 2 0 1 1 2.600 1.900c-.4.2-.6.5-.6.9v.4M8 11.800v.1M8 14.500a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13Z" />,
  ),
} as const

export type IconName = keyof typeof icons
