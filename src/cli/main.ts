#!/usr/bin/env node
import { exitCodeOf } from './fail.js'
import { program } from './program.js'

try {
  await program().parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error)
}
