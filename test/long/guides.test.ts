import { describe, test } from 'node:test'
import { checkGuide } from '../docs/check-guide.ts'
import { datedDocs } from '../docs/figures.ts'

describe('guides', () => {
  for (const path of datedDocs)
    test(`${path}: its commands run, and print what it shows, in other numbers`, () => checkGuide(path))
})
