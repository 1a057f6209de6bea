import { describe, expect, it } from 'vitest'
import { WeightsError } from '../../src/base/index.ts'
import { chooseModelPart } from '../../src/formats/index.ts'

const choose = (names: string[], asked: string | null = null) => chooseModelPart('x.pt', names, asked).name

describe('chooseModelPart', () => {
  it('prefers a teacher, then what is wrapped as a model, then the only one', () => {
    expect(choose(['student', 'teacher', 'optimizer'])).toBe('teacher')
    expect(choose(['module.student.backbone', 'module.teacher.backbone'])).toBe('module.teacher.backbone')
    expect(choose(['criterion', 'state_dict'])).toBe('state_dict')
    expect(choose(['generator'])).toBe('generator')
    expect(choose([''])).toBe('')
  })

  it('says what was left', () => {
    expect(chooseModelPart('x.pt', ['student', 'teacher'], null).others).toEqual(['student'])
  })

  it('takes what was asked for, by its name or a word of it', () => {
    expect(choose(['student', 'teacher'], 'student')).toBe('student')
    expect(choose(['module.encoder_q', 'module.encoder_k'], 'encoder_k')).toBe('module.encoder_k')
  })

  it('never takes a student unasked, and guesses between no two', () => {
    for (const names of [
      ['student'],
      ['model', 'model_ema'],
      ['state_dict', 'state_dict_ema'],
      ['', 'model_ema'],
      ['netG', 'netD'],
      ['module.encoder_q', 'module.encoder_k'],
    ]) {
      expect(() => choose(names), names.join()).toThrow(WeightsError)
      expect(() => choose(names), names.join()).toThrow(/say which is meant, as in part=/)
    }
    expect(() => choose(['model'], 'teacher')).toThrow(/expected a part 'teacher', got 'model'/)
  })
})
