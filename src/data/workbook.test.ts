import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { readTable } from './read-table.ts'
import { tellRow } from './table.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-workbook-'))
after(() => rmSync(folder, { recursive: true }))

/** A zip archive whose files are stored as they are. */
function zip(files: Readonly<Record<string, string>>): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const [path, text] of Object.entries(files)) {
    const [name, data] = [Buffer.from(path), Buffer.from(text)]
    const sizes = Buffer.alloc(14)
    sizes.writeUInt32LE(crc32(data), 0)
    sizes.writeUInt32LE(data.length, 4)
    sizes.writeUInt32LE(data.length, 8)
    sizes.writeUInt16LE(name.length, 12)
    const local = Buffer.concat([Buffer.from('504b030414000000000000000000', 'hex'), sizes, Buffer.alloc(2)])
    const end = Buffer.alloc(16)
    end.writeUInt32LE(at, 12)
    directory.push(Buffer.from('504b01021400140000000000', 'hex'), Buffer.alloc(4), sizes, end, name)
    parts.push(local, name, data)
    at += local.length + name.length + data.length
  }
  const entries = Buffer.concat(directory)
  const tail = Buffer.alloc(22)
  tail.write('PK\u0005\u0006', 'latin1')
  tail.writeUInt16LE(Object.keys(files).length, 8)
  tail.writeUInt16LE(Object.keys(files).length, 10)
  tail.writeUInt32LE(entries.length, 12)
  tail.writeUInt32LE(at, 16)
  return Buffer.concat([...parts, entries, tail])
}

const xmlns =
  'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
const relation = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const type = 'application/vnd.openxmlformats-officedocument.spreadsheetml'

/** A workbook as Excel would write it, by ECMA-376: sheets by their names, each the XML of its rows. */
function workbook(sheets: readonly { readonly name: string; readonly rows: string; readonly hidden?: true }[]): Buffer {
  const targets = [...sheets.map((_, i) => `worksheets/sheet${i + 1}`), 'styles', 'sharedStrings']
  const kinds = [...sheets.map(() => 'worksheet'), 'styles', 'sharedStrings']
  const overrides = targets.map(
    (path, i) => `<Override PartName="/xl/${path}.xml" ContentType="${type}.${kinds[i]}+xml"/>`,
  )
  const links = targets.map(
    (path, i) => `<Relationship Id="r${i}" Type="${relation}/${kinds[i]}" Target="${path}.xml"/>`,
  )
  const list = sheets.map(
    ({ name, hidden }, i) =>
      `<sheet name="${name}" sheetId="${i + 1}"${hidden ? ' state="hidden"' : ''} r:id="r${i}"/>`,
  )
  return zip({
    '[Content_Types].xml': `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${type}.sheet.main+xml"/>${overrides.join('')}</Types>`,
    '_rels/.rels': `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="${relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `<workbook ${xmlns}><sheets>${list.join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${links.join('')}</Relationships>`,
    'xl/styles.xml': `<styleSheet ${xmlns}><numFmts count="1"><numFmt numFmtId="164" formatCode="dd/mm/yyyy\\ hh:mm:ss"/></numFmts><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>`,
    'xl/sharedStrings.xml': `<sst ${xmlns}><si><t>id</t></si><si><t>007</t></si><si><r><t>rich</t></r><r><t>text</t></r></si></sst>`,
    ...Object.fromEntries(
      sheets.map(({ rows }, i) => [
        `xl/worksheets/sheet${i + 1}.xml`,
        `<worksheet ${xmlns}><sheetData>${rows}</sheetData></worksheet>`,
      ]),
    ),
  })
}

function write(name: string, sheets: Parameters<typeof workbook>[0]): string {
  writeFileSync(join(folder, name), workbook(sheets))
  return join(folder, name)
}

const text = (cell: string, value: string) => `<c r="${cell}" t="inlineStr"><is><t>${value}</t></is></c>`
const header = `<row r="2"><c r="A2" t="s"><v>0</v></c>${text('B2', 'at')}<c r="C2" t="str"><v>n</v></c>${text('D2', 'fraud')}</row>`
const rows = [
  '<row r="4"><c r="A4" t="s"><v>1</v></c><c r="B4" s="2"><v>46053.333333333336</v></c><c r="C4"><v>19.99</v></c><c r="D4" t="b"><v>1</v></c></row>',
  '<row r="5"><c r="A5" t="s"><v>2</v></c><c r="B5" s="1"><v>46053</v></c><c r="C5"><f>1+1</f><v>2</v></c><c r="D5" t="b"><v>0</v></c></row>',
  `<row r="7">${text('A7', 'x')}<c r="C7"><v>1E-7</v></c></row>`,
]

// An optional package: who has it not is told how to get it.
const isInstalled = await import('hucre/xlsx').then(
  () => true,
  () => false,
)
const skip = isInstalled ? false : 'hucre is not installed'

describe('an Excel workbook', () => {
  test('is read as its cells say, from the first sheet that people see, each row by its own number', {
    skip,
  }, async () => {
    const path = write('sales.xlsx', [
      { name: 'Old', rows: '<row r="1"><c r="A1"><v>1</v></c></row>', hidden: true },
      { name: 'Sales', rows: header + rows.join('') },
      { name: 'Notes', rows: '' },
    ])
    const { table, notes } = await readTable(path, { columns: { id: 'text' } })
    const at = Date.UTC(2026, 0, 31)
    assert.deepEqual(table.columns, [
      { kind: 'text', name: 'id', codes: Int32Array.of(0, 1, 2), dictionary: ['007', 'richtext', 'x'] },
      { kind: 'time', name: 'at', values: Float64Array.of(at + 8 * 3_600_000, at, Number.NaN) },
      { kind: 'number', name: 'n', values: Float64Array.of(19.99, 2, 1e-7) },
      { kind: 'number', name: 'fraud', values: Float64Array.of(1, 0, Number.NaN) },
    ])
    assert.deepEqual(notes, ['the sheet "Sales" alone, and not "Notes"'])
    assert.deepEqual([tellRow(table, 0), tellRow(table, 2)], ['row 4', 'row 7'])
  })

  test('names a bad cell by its row and column, or leaves the row out', { skip }, async () => {
    const bad = [
      '<row r="8"><c r="A8"><v>4539319503436467</v></c></row>',
      '<row r="9"><c r="C9" t="e"><v>#REF!</v></c></row>',
      '<row r="10"><c r="F10"><v>1</v></c></row>',
    ]
    const path = write('bad.xlsx', [{ name: 'A', rows: header + rows.join('') + bad.join('') }])
    const options = { columns: { id: 'text', n: 'number' } as const }
    await assert.rejects(readTable(path, options), {
      code: 'DATA_INVALID',
      message: /bad\.xlsx, row 8, column "id": "\*+" is a number of over 15 digits, of which a workbook loses/,
    })
    const { table, badRows } = await readTable(path, { ...options, badRows: 'skip' })
    assert.equal(table.rowCount, 3)
    assert.deepEqual(
      badRows.first.map(({ line, column }) => [line, column]).sort(([one], [other]) => Number(one) - Number(other)),
      [
        [8, 'id'],
        [9, 'n'],
        [10, undefined],
      ],
    )
    const twice = write('twice.xlsx', [{ name: 'A', rows: `<row r="1">${text('A1', 'a')}${text('B1', 'a')}</row>` }])
    await assert.rejects(readTable(twice), { message: /row 1: the name "a" is twice in the header/ })
    await assert.rejects(readTable(write('none.xlsx', [{ name: 'A', rows: '' }])), { message: /the sheet is empty/ })
    writeFileSync(join(folder, 'cut.xlsx'), workbook([{ name: 'A', rows: header }]).subarray(0, 400))
    await assert.rejects(readTable(join(folder, 'cut.xlsx')), { code: 'FILE_UNREADABLE', message: /damaged/ })
  })

  test('asks for the package that reads it where that is not installed', async () => {
    const { execFile } = await import('node:child_process')
    const path = write('asks.xlsx', [{ name: 'A', rows: header }])
    const reader = fileURLToPath(new URL('./read-table.ts', import.meta.url))
    // Nobody has it under this condition of the loader.
    const script = `
      import { registerHooks } from 'node:module'
      registerHooks({ resolve: (name, context, next) => {
        if (name.startsWith('hucre')) throw Object.assign(new Error('absent'), { code: 'ERR_MODULE_NOT_FOUND' })
        return next(name, context)
      } })
      const { readTable } = await import(${JSON.stringify(reader)})
      await readTable(${JSON.stringify(path)}).catch(({ code, message }) => console.log(code, message))`
    const { promise, resolve } = Promise.withResolvers<string>()
    execFile(process.execPath, ['--input-type=module', '-e', script], (_, stdout, stderr) => resolve(stdout + stderr))
    assert.match(
      await promise,
      /FILE_UNREADABLE .*asks\.xlsx.*run "npm install hucre@1" beside Shrike, or save the sheet as CSV/,
    )
  })
})
