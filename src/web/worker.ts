import { type Port, serveSessions } from './session-port.js'

// Entry of a Web Worker in which `webRuntime` computes.

serveSessions(globalThis as unknown as Port)
