import { tellOptions } from '../core/option.ts'

/** The flag of an option's name: `--bad-rows` of `badRows`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** A message with the flags of the options that it names. */
export function withFlags(text: string): string {
  return tellOptions(text, flagOf)
}
