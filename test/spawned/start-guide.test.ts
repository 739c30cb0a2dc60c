import { test } from 'node:test'
import { checkGuide } from '../docs/check-guide.ts'

test('docs/start.md: its commands run, and print what it shows, in other numbers', () => checkGuide('docs/start.md'))
