import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nameFile, nameFiles } from '../../src/files/index.ts'

const units = ['a', 'A', 'é', 'e\u0301', '/', '\\', '_', '.', ' ', '~', '+', ':', '1'] as const
const text = fc.string({ unit: fc.constantFrom(...units), minLength: 1 })
const seen = (path: string) => path.normalize('NFKC').toLowerCase()

describe('nameFile', () => {
  it('leaves plain names as they are', () => {
    for (const name of ['17', 'macenko-center0', 'patch_patient_004_node_4_x_3328', 'a.b'])
      expect(nameFile(name)).toBe(name)
  })

  it('gives different texts different names that stay in their folder', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(seen(nameFile(a)) === seen(nameFile(b))).toBe(a === b)
        expect(nameFile(a)).not.toMatch(/^\.|[/\\:]/)
      }),
    )
    expect(nameFile('x'.repeat(500)).length).toBeLessThan(120)
    expect(nameFile('con')).not.toBe('con')
  })
})

describe('nameFiles', () => {
  it("keeps folders, and puts its ending in place of a picture's own", () => {
    const ids = ['Utrecht/0/a.tif', 'Zürich/1/b.png', '17', 'x.y']
    expect(nameFiles('set', ids, '.png')).toEqual(['Utrecht/0/a.png', 'Zürich/1/b.png', '17.png', 'x.y.png'])
  })

  it('leads nowhere outside', () => {
    expect(nameFiles('set', ['../../a', '/etc/b', 'C:\\c', '.d/e'], '.png')).toEqual([
      '__/__/a.png',
      '_/etc/b.png',
      'C_/c.png',
      '_d/e.png',
    ])
  })

  it('tells apart what would come to one path', () => {
    const names = nameFiles('set', ['a/b', 'a_b', 'a:b', 'A_b', 'c', 'c.tif', 'd', 'd.png/e'], '.png')
    expect(names[0]).toBe('a/b.png')
    expect(new Set(names.map(seen)).size).toBe(8)
    expect(names[6]).toMatch(/^d~[0-9a-f]{16}\.png$/)
    expect(() => nameFiles('set', ['a', 'a'], '.png')).toThrow("set: expected ids that differ, got 'a' twice")
  })

  it('gives any ids paths of their own, none of them the folder of another', () => {
    fc.assert(
      fc.property(fc.uniqueArray(text, { maxLength: 8 }), (ids) => {
        const paths = nameFiles('set', ids, '.png').map(seen)
        expect(new Set(paths).size).toBe(ids.length)
        for (const path of paths) {
          expect(paths.some((other) => other.startsWith(`${path}/`))).toBe(false)
          expect(path.split('/').every((part) => /^[^.]/.test(part))).toBe(true)
        }
      }),
    )
  })
})
