const accents = /\p{M}/gu

/** A text without accents, in small letters: ü is u, ß is ss. */
export function withoutAccents(text: string): string {
  return text.replace(/ß/g, 'ss').normalize('NFKD').replace(accents, '').toLowerCase()
}
