// Options as they are typed on a command line.

import { describe, expect, it } from 'vitest'
import { completeOptions, parseAssignments } from '../../src/study/index.ts'

describe('parseAssignments', () => {
  it('reads values as JSON, else as text, and dots as groups', () => {
    const parsed = parseAssignments(['a=1', 'b=[0,1]', 'c.d=text', 'c.e=null', 'f=x=y'])
    expect(JSON.parse(JSON.stringify(parsed))).toEqual({
      a: 1,
      b: [0, 1],
      c: { d: 'text', e: null },
      f: 'x=y',
    })
  })

  it('completes a group key by key, and names what is unknown in it', () => {
    const defaults = { width: 1, group: { form: 'a', side: 2 } }
    const set = (...assignments: string[]) =>
      completeOptions('--set', defaults, parseAssignments(assignments))
    expect(set('group.side=5')).toEqual({ width: 1, group: { form: 'a', side: 5 } })
    expect(() => set('group.sid=5')).toThrow(/--set\.group: expected one of form, side, got 'sid'/)
    expect(() => set('__proto__.side=5')).toThrow(/got '__proto__'/)
    expect(({} as { side?: number }).side).toBeUndefined()
  })

  it.each(['a', '=1', '.a=1', 'a.=1', 'a..b=1'])("refuses '%s'", (text) => {
    expect(() => parseAssignments([text])).toThrow(/expected key=value/)
  })
})
