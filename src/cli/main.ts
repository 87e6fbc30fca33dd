#!/usr/bin/env node
import { exitCodeOf } from './fail.js'
import { program } from './program.js'

// `promptsrc predict … | head -1`: the reader has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : exitCodeOf(error))
})
// Progress and warnings that nobody reads are no reason to stop training.
process.stderr.on('error', () => {})
// Warnings in the form of this program instead of Node's, which names process ids and its own options.
process.removeAllListeners('warning').on('warning', ({ message }) => {
  process.stderr.write(`warning: ${message}\n`)
})

try {
  const args = process.argv.slice(2)
  await (await program(args)).parseAsync(args, { from: 'user' })
} catch (error) {
  process.exitCode = exitCodeOf(error)
}
