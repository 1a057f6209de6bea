// eosin completion: shell completion scripts, made from the program's own commands and options.

import tab from '@bomb.sh/tab/commander'
import type { Command } from 'commander'

/** Adds `completion <shell>`; call it last, since it completes the commands that are there. */
export function addCompletion(program: Command): void {
  tab(program, { completionCommandName: 'completion' })
}
