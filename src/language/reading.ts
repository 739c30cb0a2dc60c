import type { Subject } from './declarations.ts'

/**
 * Checked terms become closures. Nothing is looked up by name and nothing is allocated when they run. What is missing is
 * unknown, and what is made of it, except where it does not matter: `false && unknown` is false. Unknown is NaN for a
 * number and undefined for anything else.
 */
export type ReadBool = (subject: Subject) => boolean | undefined
export type ReadNumber = (subject: Subject) => number
export type ReadText = (subject: Subject) => string | undefined
