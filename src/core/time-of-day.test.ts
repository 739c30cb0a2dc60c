import assert from 'node:assert/strict'
import { test } from 'node:test'
import { timeOfDayMs } from './time-of-day.ts'

test('a time of day is read as clocks and programs write it', () => {
  const at = (hours: number, minutes: number, seconds = 0) => ((hours * 60 + minutes) * 60 + seconds) * 1000
  const read = {
    ...{ '08:30': at(8, 30), '8:30:15': at(8, 30, 15), '08:30:15.5': at(8, 30, 15.5), '08:30:15,25': at(8, 30, 15.25) },
    ...{ '8h05': at(8, 5), '0830': at(8, 30), '083015': at(8, 30, 15), '00:00': 0, '23:59:59': at(23, 59, 59) },
    ...{ '12:05 AM': at(0, 5), '1:05 pm': at(13, 5), '12:05 p.m.': at(12, 5), '1899-12-30T14:00:00': at(14, 0) },
  }
  for (const [text, expected] of Object.entries(read)) assert.equal(timeOfDayMs(text), expected, text)
  for (const text of ['', '24:00', '08:60', '8', '830', '13:05 PM', '2024-01-31T08:00:00', '08:30:60', '08:30 x'])
    assert.equal(timeOfDayMs(text), Number.NaN, text)
})
