/** As many names as a large detector has; a misspelt one is compared with them. */
export const declaredNames = Array.from({ length: 500 }, (_, slot) => `card_count_${slot}d`)

const around = (open: string, inner: string, close: string, times: number) =>
  open.repeat(times) + inner + close.repeat(times)
const joined = (parts: number, operator: string, part: (i: number) => string) =>
  Array.from({ length: parts }, (_, i) => part(i)).join(operator)
const tenItems = `[${joined(10, ', ', String)}]`

/**
 * Rules that somebody writes to keep a service busy: each is refused with its place, or runs within its cost. Some are as large
 * as the limits let them be.
 */
export const hostileRules: Readonly<Record<string, string>> = {
  'parentheses, 10,000 deep': around('(', 'true', ')', 10_000),
  'parentheses within the length limit': around('(', 'true', ')', 2000),
  'lists, 10,000 deep': around('[', '1', ']', 10_000),
  'denied 4,000 times': `${'!'.repeat(4000)}true`,
  'a pattern that backtracks': 'merchant.matches("(a+)+$")',
  'patterns that grow': 'merchant.matches("((a{10}){10}){10}")',
  'as many patterns as cost allows': joined(60, ' || ', (i) => `merchant.matches("a${i}?[b-d]*")`),
  'patterns of the largest size': joined(8, ' || ', (i) => `merchant.matches("a${i}{0,90}b")`),
  'comprehensions within each other': `${tenItems}.all(x, ${tenItems}.all(y, ${tenItems}.all(z, x + y + z > -1)))`,
  'comprehensions, 100 deep': around('[1].all(x, ', 'true', ')', 100),
  'comprehensions within the cost limit': `${tenItems}.all(x, ${tenItems}.all(y, x + y > -1))`,
  'a megabyte': `merchant == "${'x'.repeat(2 ** 20)}"`,
  'a text that grows': `${joined(200, ' + ', () => 'merchant')} == "x"`,
  'texts doubled by a comprehension':
    '["aaaaaaaa"].all(a, [a + a].all(b, [b + b].all(c, [c + c].all(d, d == merchant))))',
  "the language's own objects": joined(100, ' || ', (i) => `__proto__.constructor.x${i} == 1`),
  '150 misspelt names': joined(150, ' || ', (i) => `card_cuont_${i}d > 1`),
  '150 names like no other': joined(150, ' || ', (i) => `zzzz_qqqqq_${i}d > 1`),
  'one long name': `${'card_count_'.repeat(300)} > 1`,
  'names of 100 letters': joined(35, ' || ', (i) => `${'card_count_'.repeat(9)}${i} > 1`),
  'names within a comprehension': `[1].all(x, ${joined(140, ' || ', (i) => `xx${i} > x`)})`,
  'operators of other languages': joined(400, ' and ', () => 'x'),
  contradictions: joined(160, ' && ', (i) => `amount == ${i}`),
  'the same condition again': joined(150, ' && ', () => 'amount > card_count_1d'),
  'items that are not there': `merchant in [${joined(480, ', ', (i) => `"${i}"`)}]`,
  lines: `${'\n'.repeat(3000)}${joined(90, '\n||', () => 'y > 1')}`,
  comments: `${'//\n'.repeat(1300)}y`,
  'card numbers': joined(200, ' || ', (i) => `amount == 41${i}`),
}
