import { signal } from '@preact/signals'

export interface Found {
  readonly name: string
  readonly kind: string
  readonly href: string
}

/** What looks for a text beside the names of pages: by an id, a rule's name and so on. */
export const finders = signal<readonly ((text: string) => readonly Found[])[]>([])
