// What is wrong with a command line, in the form of all other errors: where, what was expected, what was given. Commander
// says it in sentences of its own, of two or three lines; what they name is taken from them.

import { Command, type ErrorOptions } from 'commander'
import { type EosinError, nearestName, UnknownNameError, UsageError } from '../base/index.ts'

/** A command that throws Eosin's errors where it is called wrongly. */
export class EosinCommand extends Command {
  override createCommand(name?: string): EosinCommand {
    return new EosinCommand(name)
  }

  override error(message: string, { code }: ErrorOptions = {}): never {
    throw explainUsage(this, message.replace(/^error: /, ''), code)
  }
}

function explainUsage(command: Command, message: string, code: string | undefined): EosinError {
  const where = nameCommand(command)
  const [named = ''] = [...message.matchAll(/'([^']*)'/g)].map(([, text]) => text)
  const hint = `\`${where} --help\` says how it is called`
  switch (code) {
    case 'commander.invalidArgument':
      return explainValue(message)
    case 'commander.unknownOption':
      return unknownOption(command, named)
    case 'commander.unknownCommand':
      return new UnknownNameError(`command of ${where}`, named, visibleNames(command))
    case 'commander.missingArgument':
      return new UsageError({ where, expected: `<${named}>`, got: 'nothing', hint })
    case 'commander.excessArguments': {
      const expected = command.registeredArguments.map((argument) => `<${argument.name()}>`).join(' ')
      const got = command.args.map((text) => `'${text}'`).join(' ')
      return new UsageError({ where, expected: expected || 'no arguments', got, hint })
    }
    case 'commander.missingMandatoryOptionValue':
      return new UsageError({ where, expected: named, got: 'a call without it', hint })
    case 'commander.optionMissingArgument': {
      const [flag, value] = [named.split(' ')[0], named.split(' ').slice(1).join(' ')]
      return new UsageError({ where: `option ${flag}`, expected: value, got: 'nothing' })
    }
    default:
      return new UsageError({ where, got: message, hint })
  }
}

// option '--threshold <p>' argument '2' is invalid. a number from 0 to 1
// option '--device <name>' value 'x' from env 'EOSIN_DEVICE' is invalid. Allowed choices are auto, cpu.
// command-argument value 'x' is invalid for argument 'path'. ...
function explainValue(message: string): EosinError {
  const [, subject, expected] = /^(.*?) is invalid(?: for argument '[^']*')?\. (.*)$/s.exec(message) ?? []
  const [, flag, got, variable] =
    /^option '(\S+)[^']*' (?:argument|value) '(.*?)'(?: from env '(.*)')?$/s.exec(subject) ?? []
  const where = variable ?? (flag ? `option ${flag}` : subject)
  const choices = /^Allowed choices are (.*)\.$/.exec(expected)?.[1].split(', ')
  return choices
    ? new UnknownNameError(where, got, choices)
    : new UsageError({ where, expected, got: `'${got}'` })
}

const listWords = new Intl.ListFormat('en')

// One that is another command's, spelled right or not, is said to be.
function unknownOption(command: Command, flag: string): EosinError {
  const own = flagsOf(command)
  const others = allCommands(rootOf(command)).filter((other) => other !== command)
  const near = nearestName(flag, [...own, ...others.flatMap(flagsOf)])
  const owners = others.filter((other) => near !== undefined && flagsOf(other).includes(near))
  const hint = !near
    ? undefined
    : own.includes(near)
      ? `did you mean '${near}'?`
      : `'${near}' is an option of ${listWords.format(owners.map(nameCommand))}`
  return new UsageError({
    where: nameCommand(command),
    expected: own.length > 0 ? `one of ${own.join(', ')}` : 'no options',
    got: `'${flag}'`,
    hint,
  })
}

function flagsOf(command: Command): string[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long }) => (long ? [long] : []))
}

function visibleNames(command: Command): string[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((inner) => inner.name())
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)]
}

function rootOf(command: Command): Command {
  return command.parent ? rootOf(command.parent) : command
}

function nameCommand(command: Command): string {
  return command.parent ? `${nameCommand(command.parent)} ${command.name()}` : command.name()
}
